#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "config/values.hpp"
#include "connectors/dlive/codec.hpp"
#include "connectors/dlive/mutation.hpp"
#include "connectors/link/protocol.hpp"
#include "connectors/link/said_lately.hpp"
#include "event/channel.hpp"

namespace tributary::connectors::dlive {

/// In whose chat a channel sink speaks, and as whom.
struct Speaker final : event::Address {
  std::string streamer;
  config::Secret token;  ///< the user's, sent as it is; read anew for each message
  std::size_t length = 0;
};

/// What is said in chats over HTTPS, and what becomes of it: one request at a time, and nothing for two seconds after
/// it was answered, which is the upstream's pace. What we said comes back on the subscriptions, before or after the
/// answer. Outlives connections, as its requests do.
/// Pure. Owner: one protocol. Thread: its owner's.
class Publishing {
 public:
  static constexpr std::chrono::milliseconds pace{2'000};
  static constexpr std::chrono::seconds unreachable_wait{5};  ///< when not even the request could be written
  static constexpr std::chrono::minutes ids_kept{5};
  static constexpr std::size_t ids_limit = 1024, speakers_limit = 64;

  event::SteadyTime may_say_at() const { return in_flight_ ? event::SteadyTime::max() : next_at_; }
  void say(const event::Message& message, const std::string& api_url, const event::Now& now, Outcome& outcome);
  void answered(std::uint64_t number, const std::variant<net::HttpAnswer, net::Ending>& result, const event::Now& now,
                Outcome& outcome);

  /// Nobody's words can be ours or a copy of ours: they need not be looked at.
  bool awaits_nothing(const event::Now& now);
  /// Somebody said something on a subscription. True: it was us, and it is no event.
  bool heard(std::string_view streamer, const ChatWords& chat, const event::Now& now, Outcome& outcome);
  /// Of a message that stands in the history of a chat: we said it. Changes nothing.
  bool is_own(std::string_view streamer, const ChatWords& chat, const event::Now& now) const;

 private:
  struct InFlight {
    std::uint64_t number = 0;
    std::shared_ptr<const Speaker> speaker;
  };
  struct OwnId {
    std::string id;
    std::uint64_t number = 0;
    event::SteadyTime at{};
  };
  struct Known {
    std::shared_ptr<const Speaker> speaker;
    std::string username;  ///< as the last answer told; "": none has
    event::SteadyTime said{};
  };

  Known& known(const std::shared_ptr<const Speaker>& speaker);
  bool may_be_us(std::string_view streamer, std::string_view user, event::SteadyTime now) const;
  void remember(std::string id, std::uint64_t number, event::SteadyTime now);

  SaidLately said_;
  std::deque<OwnId> ids_;        ///< of what we said, oldest first
  std::vector<Known> speakers_;  ///< the oldest first
  std::optional<InFlight> in_flight_;
  event::SteadyTime next_at_ = event::SteadyTime::min();
};

}  // namespace tributary::connectors::dlive
