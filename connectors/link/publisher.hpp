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
/// Owned by a Conversation; holds each sink until `detach`. Thread: its owner's.
class Publisher {
 public:
  /// Answers that are still awaited at most; beyond it the oldest is given up as unconfirmed.
  static constexpr std::size_t awaited_limit = 4096;
  /// Messages with their last word whose echo is still passed on.
  static constexpr std::size_t finished_limit = 4096;

  void attach(event::OutboundPtr outbound, const event::Now& now);
  /// What was taken from it and has no last word is unconfirmed; it is not asked any more.
  void detach(const event::Outbound& outbound, const event::Now& now);
  void detach_all(const event::Now& now);
  bool empty() const { return outbounds_.empty(); }

  /// The connection is live, or over: then what was said on it and has no answer is unconfirmed, except what goes out
  /// beside it as a Post.
  void live(bool live, const event::Now& now);
  /// Reading stops or goes on; over, too, when the connection is.
  void paused(bool paused, const event::Now& now);
  /// The next message of the sink whose turn it is, with a number of ours: unique in this run, the same when it is
  /// tried again before an answer came.
  std::optional<event::Message> take(const event::Now& now);
  /// When `take` may give something; max(): not before a sink says so.
  event::SteadyTime due(const event::Now& now) const;
  /// What came of the message with this number of ours. A number that is not known any more is ignored. Of one that was
  /// `posted` the sink hears `awaiting` when it has `left`; before, nobody can have heard it: `unconfirmed` is
  /// `returned`.
  void report(event::MessageReport report, const event::Now& now);
  /// This message goes out beside the connection and outlives it.
  void posted(std::uint64_t number);
  /// A posted message begins to be written.
  void left(std::uint64_t number, const event::Now& now);
  /// An event was heard on the connection; see Outbound::heard.
  void heard(const event::Draft& draft, const event::Now& now);

 private:
  enum class Way : std::uint8_t { socket, post, post_left };
  struct Taken {
    event::OutboundPtr from;
    std::uint64_t number = 0;  ///< of the sink
    Way way = Way::socket;
  };
  using TakenByNumber = std::map<std::uint64_t, Taken>;

  std::uint64_t number_of(const event::OutboundPtr& outbound, const event::Message& message);
  void give_up(TakenByNumber::iterator at, const event::Now& now);
  Taken finish(TakenByNumber::iterator at, event::MessageResult result);
  void echoed(event::MessageReport report, const event::Now& now);

  std::vector<event::OutboundPtr> outbounds_;
  std::size_t turn_ = 0;
  TakenByNumber taken_;     ///< without a last word
  TakenByNumber finished_;  ///< the newest of those that have one and may be heard back
  std::uint64_t numbers_ = 0;
  bool live_ = false;
  bool paused_ = false;
};

}  // namespace tributary::connectors
