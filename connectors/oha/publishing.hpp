#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "connectors/link/protocol.hpp"
#include "connectors/link/said_lately.hpp"
#include "event/channel.hpp"

namespace tributary::connectors::oha {

/// What we say in one stream's chat, and what becomes of it. An `error` does not say what it answers, so one message at
/// a time is in flight: until its own words come back, an error comes, or `settling_time` is over, after which no error
/// is taken for its answer any more. Nothing is ever acknowledged: what was not refused is sent.
/// Pure. Owner: one protocol. Thread: its owner's.
class Publishing {
 public:
  static constexpr std::chrono::seconds settling_time{2};
  static constexpr std::size_t words_limit = 2'000;  ///< characters; the upstream's document states none

  /// A new connection, as this user; "": nobody knows, so the first to say exactly our words is taken for us.
  void open(std::string username);
  /// While reading is paused nothing is heard: what is in flight stays so, and nothing more is said.
  void paused(bool paused, const event::Now& now);

  /// max(): something is in flight, or nothing would be heard.
  event::SteadyTime may_say_at() const;
  void say(const event::Message& message, const event::Now& now, Outcome& outcome);

  /// Nobody's words can be ours or a copy of ours: they need not be looked at.
  bool awaits_nothing(const event::Now& now) { return said_.empty(now.steady); }
  /// Somebody said something. True: it was us, and it is no event.
  bool heard(std::string_view user, std::string_view words, const event::Now& now, Outcome& outcome);
  /// The server says that something is wrong.
  void error(std::string_view code, std::string_view words, Outcome& outcome);

  event::SteadyTime deadline() const { return settled_at_; }
  void tick(const event::Now& now, Outcome& outcome);

 private:
  void settle(event::MessageReport report, Outcome& outcome);

  std::string username_;
  SaidLately said_;
  std::optional<std::uint64_t> in_flight_;
  bool paused_ = false;
  event::SteadyTime settled_at_ = event::SteadyTime::max();
};

}  // namespace tributary::connectors::oha
