#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "connectors/link/protocol.hpp"
#include "event/event.hpp"
#include "event/memory.hpp"
#include "event/ports.hpp"
#include "net/http.hpp"

namespace tributary::connectors {

/// What came of the gaps that were asked for: those that were filled, or those that were not, told together once none
/// is open any more. Lives during the call.
struct Filling {
  bool filled = false;
  std::size_t gaps = 0;
  std::uint64_t events = 0;  ///< passed on that were not known
  event::WallTime from = event::WallTime::max(), to = event::WallTime::min();
  std::string channel;      ///< of the first gap
  std::string_view reason;  ///< of the first that was not filled: BackfillAnswer::code, stopped, internal
  std::string detail;       ///< in words, fit for a log
};

/// What a connector may have missed, for each of its channels. A gap is told in two steps: it is found when the
/// upstream is live again; then the protocol is asked what to fetch for it, and the `gap` event is published, once,
/// when that is answered: at once where there is nothing to ask. One request is under way at a time. It does not matter
/// to a gap that is being filled whether the connection stands or is lost again.
///
/// What is fetched goes the way of what is heard, oldest first, and dedupe tells what was heard already: it is asked
/// for a little more time than was missed, as clocks differ, and what was said last may have been lost on its way.
///
/// Limits: `most_requests` for one gap and `most_open` gaps at a time; what is over is published as it stands. A
/// request that fails in a way that may pass is sent `most_tries` times. Owned by a Conversation; protocol, intake and
/// memory outlive it. Pure: no clock, no I/O. Thread: its owner's.
class Gaps {
 public:
  static constexpr unsigned most_requests = 100;
  static constexpr std::size_t most_open = 256;
  static constexpr unsigned most_tries = 5;
  static constexpr std::chrono::seconds first_wait{
      2};  ///< before the second try; twice as long before each further one
  static constexpr std::size_t most_held = std::size_t{16} << 20U;  ///< bytes of newer pages that wait for older ones
  static constexpr std::chrono::seconds overlap{10};                ///< asked for at both ends of a gap

  /// `last_seen`: until when an earlier life of the connector listened, for channels that the memory does not know.
  Gaps(std::string_view source, const Protocol& protocol, event::Intake& intake,
       std::optional<event::WallTime> last_seen, event::ConnectorMemory* memory,
       std::function<void(const Filling&)> told);

  /// A message came.
  void heard(event::WallTime at) { last_frame_ = at; }
  std::optional<event::WallTime> last_frame() const { return last_frame_; }
  /// Were the connection to end now: since when something is missed. `live`: it is live.
  std::optional<event::WallTime> missed_since(bool live) const {
    if (live) return last_frame_;
    if (gap_) return gap_->from;
    return anything_before_ ? std::optional(anything_before_->from) : std::nullopt;
  }
  /// Of a live connection, after a read: tells the memory, every two seconds at most.
  void remember(const event::Now& now);

  /// A live connection is over: what is said from its last message on is missed.
  void lost(std::string_view cause, const event::Now& now);
  /// Will `found` have something to ask secrets for?
  bool open() const { return gap_.has_value() || !before_.empty() || anything_before_; }
  /// Changed settings: what was served `before` and is not `now` is no longer listened to.
  void forget_all_but(const std::vector<std::string>& now, const std::vector<std::string>& before);
  /// Live again, with the secrets of the dial.
  void found(const std::vector<std::string>& secrets, const event::Now& now);

  /// The next request, if one is due and none under way; `answered` follows.
  std::optional<net::HttpRequest> next(const event::Now& now);
  /// Its answer, or why there is none, in words that may be published. The drafts have gone to the intake afterwards,
  /// or wait for older ones. `lasting`: it would be the same the next time.
  void answered(const net::HttpAnswer& answer, const event::Now& now);
  void failed(std::string words, bool lasting, const event::Now& now);
  /// When `next` is due without an answer; time_point::max() for never.
  event::SteadyTime deadline() const;
  /// The connector stops: what is open is published as it stands. Its next life finds these gaps again.
  void give_up(const event::Now& now);

 private:
  struct Missed {
    event::WallTime from;
    std::string_view cause;
    event::WallTime live_since = event::WallTime::min();  ///< before the connection that was lost nothing is wanted
    event::WallTime asked_from() const { return std::max(from - overlap, std::min(from, live_since)); }
  };
  struct Gap {
    std::string channel;
    Missed missed;
    event::WallTime to;
    std::deque<Backfill> questions;
    unsigned asked = 0;
    unsigned tries = 0;                                ///< of the first question, that failed
    std::vector<std::vector<event::Draft>> held = {};  ///< pages, the newest first, until older ones have come
    std::size_t held_bytes = 0;
    std::uint64_t events = 0;  ///< passed on that were not known
    std::string fault = {};
    std::string_view code = {};
  };

  std::optional<Missed> missed_of(const std::string& channel);
  void remember_all(event::WallTime at);
  static bool is_of(const Gap& gap, const event::Draft& draft);
  void take(Gap& gap, BackfillAnswer& judged, const event::Now& now);
  void pass_on(Gap& gap, std::vector<event::Draft>& drafts, const event::Now& now);
  void try_again(BackfillAnswer fault, const event::Now& now);
  void give_up_first(BackfillAnswer fault, const event::Now& now);
  void go_on(const event::Now& now);
  void end(Gap& gap, const event::Now& now);
  void publish(const Gap& gap, const event::Now& now);
  void add(const Gap& gap);
  void tell_filling();

  std::string_view source_;
  const Protocol& protocol_;
  event::Intake& intake_;
  event::ConnectorMemory* memory_;
  std::function<void(const Filling&)> told_;
  std::optional<event::WallTime> last_frame_;
  event::WallTime live_since_ = event::WallTime::min();  ///< the last connection
  std::optional<Missed> gap_;                            ///< open since the last live connection ended
  std::optional<Missed> anything_before_;  ///< missed since an earlier life, by channels that before_ does not have
  std::unordered_map<std::string, event::WallTime> before_;  ///< until when an earlier life listened to a channel
  std::deque<Gap> filling_;                                  ///< the first one is asked for
  bool asking_ = false;
  bool in_vain_ = false;       ///< the last gap was given up after all its tries: the next one has one
  Filling filled_, unfilled_;  ///< since the last telling
  event::SteadyTime ask_at_{};
  event::SteadyTime remember_at_{};
};

}  // namespace tributary::connectors
