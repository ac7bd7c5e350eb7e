#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "event/channel.hpp"
#include "event/event.hpp"

namespace tributary::connectors {

/// The channel sinks that publish on one connection: whose turn it is, under which number their messages are known to
/// the protocol, and whom an answer concerns. Decides without I/O.
/// Owned by a Conversation; holds each sink until `detach`. Thread: io.
class Publisher {
 public:
  /// Answers that are still awaited at most; beyond it the oldest is given up as unconfirmed.
  static constexpr std::size_t awaited_limit = 4096;

  void attach(event::OutboundPtr outbound, const event::Now& now);
  /// What was taken from it and has no last word is unconfirmed; it is not asked any more.
  void detach(const event::Outbound& outbound, const event::Now& now);
  void detach_all(const event::Now& now);
  bool empty() const { return outbounds_.empty(); }

  /// The connection is live, or over: then what was said on it and has no answer is unconfirmed, except what went out
  /// beside it as a Post.
  void live(bool live, const event::Now& now);
  /// The next message of the sink whose turn it is, with a number of ours: unique in this run, the same when it is
  /// tried again before an answer came.
  std::optional<event::Message> take(const event::Now& now);
  /// When `take` may give something; max(): not before a sink says so.
  event::SteadyTime due(const event::Now& now) const;
  /// What came of the message with this number of ours. A number that is not known any more is ignored.
  void report(event::MessageReport report, const event::Now& now);
  /// This message goes out beside the connection and outlives it.
  void posted(std::uint64_t number);

 private:
  struct Taken {
    event::OutboundPtr from;
    std::uint64_t number = 0;  ///< of the sink
    bool posted = false;
  };
  using TakenByNumber = std::map<std::uint64_t, Taken>;

  std::uint64_t number_of(const event::OutboundPtr& outbound, const event::Message& message);
  void give_up(TakenByNumber::iterator at, const event::Now& now);

  std::vector<event::OutboundPtr> outbounds_;
  std::size_t turn_ = 0;
  TakenByNumber taken_;  ///< without a last word
  std::uint64_t numbers_ = 0;
  bool live_ = false;
};

}  // namespace tributary::connectors
