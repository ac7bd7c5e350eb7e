#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "event/event.hpp"
#include "event/ledger.hpp"
#include "event/ports.hpp"
#include "relay/alert.hpp"
#include "relay/latency.hpp"
#include "relay/numbered.hpp"

namespace tributary::event {
class Tail;
enum class AtLimit : std::uint8_t;
struct LaneName;
struct TailLost;
struct TailRead;
struct TailRecord;
}  // namespace tributary::event

namespace tributary::relay {

/// Everything one sink has accepted and not yet finished, in lanes: a lane is one stream (topic) and key, and the order
/// within a lane is the order of arrival. Decides what is sent next and what a report means. Rules, in the words of
/// the promise:
///  1. A lane with a failed record sends nothing more until all its reports are in, then replays contiguously from the
///     first unfinished one.
///  2. `denied` parks its lane alone and tries its first record again slowly, alone; once one passes, all parked lanes
///     of its stream are tried. At the stop they are tried at once, and after a last chance the stream is given up.
///  3. `record_fault` fails a whole batch for one record: each record of it is sent alone, in order, and the guilty
///     ones become dead letters. A stream whose batches are refused again and again goes one by one until a record
///     passes.
///  4. With `opens_with_one`, a lane has one record under way until one is delivered, and again after a rebuild or an
///     hour: a broker forgets, and takes the second request of a producer that it does not know without the first.
///  5. A dead letter that cannot be produced is counted and dropped; dead letters hold at most a quarter of `memory`.
///  6. Each accepted event is in the ledger once, whatever happens to it.
///  7. With a tail, memory is bounded: what arrives while a quarter of `memory` is in use, or behind a record of its
///  lane
///     that lies on the tail, lies there alone (`spooled`), and is read back in order as the lane drains. A lane that
///     is parked keeps one record in memory. At the end of the program nothing is dropped: the rest goes to the tail.
///  8. With a tail, what is not finished `exposure` after its frame was read is kept there as well, so that it survives
///     the process. With an exposure of 0 nothing is sent before it is committed there, unless the tail cannot write.
/// Records are numbered in order of arrival, and this number is their token on the wire.
/// Owned by Delivery. Pure: no clock, no I/O. Thread: its owner's.
class Outbox {
 public:
  struct Settings {
    std::size_t memory = 64u << 20;
    std::chrono::milliseconds retry_base{100};
    std::chrono::milliseconds retry_cap{5'000};
    std::chrono::milliseconds parked{10'000};
    bool acknowledges = true;                ///< false: what is done counts as `sent`, not `delivered`
    bool opens_with_one = false;             ///< Downstream::opens_with_one
    std::chrono::milliseconds exposure{20};  ///< with a tail: how long a record may be in memory alone
    event::AtLimit at_limit{};               ///< with a tail: what happens when it has reached its size
  };
  /// The record to send now; valid until `sent`.
  struct Next {
    std::string_view stream;
    const event::Event* event = nullptr;  ///< one of the two
    const event::DeadLetter* letter = nullptr;
    std::uint64_t token = 0;
    event::Manner manner = event::Manner::together;
  };
  /// Turns an event that cannot be delivered as itself into the value of its dead letter.
  using MakeLetter = std::unique_ptr<event::DeadLetter> (*)(const event::Event& event, std::string_view reason,
                                                            std::string_view code);

  /// `tail`: null, or outlives the outbox. With one, `begin` comes before everything else.
  Outbox(const Settings& settings, std::string dead_letter_stream, MakeLetter make_letter, event::Tail* tail = nullptr);
  ~Outbox();
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  /// Of what lies on the tail at a hand-over: events that are no longer in the book of the outbox before.
  struct Handed {
    std::uint64_t offered = 0, recovered = 0;  ///< as they were booked there
    Handed& operator+=(const Handed& other);
  };
  /// What lies on the tail comes first. `handed`: by the outbox before this one in the same process; what is there no
  /// more was dropped by the tail's policy meanwhile.
  void begin(const Handed& handed);
  void begin() { begin(Handed()); }

  /// `stream` "" : this sink takes none of this kind; dropped as topic_off.
  void offer(event::EventPtr event, std::string_view stream);
  /// A dead letter from before the outbox: a malformed frame or an invalid event.
  void offer(std::shared_ptr<const event::DeadLetter> letter);
  /// An event that validation drops here.
  void offer_dropped(event::Dropped reason);

  /// Takes in what the tail has read, and asks it for more. Before each round of `next`.
  void read_back();
  /// Keeps on the tail what has been in memory alone for `exposure`. Before each round of `next`.
  void write_behind(event::SteadyTime now);
  bool next(event::SteadyTime now, Next& next);
  /// What became of the record that `next` gave. `why`: of a denial, the downstream's name of it.
  void sent(std::uint64_t token, event::Sent answer, event::SteadyTime now, std::string_view why = "denied");
  void report(const event::DeliveryReport& report, event::SteadyTime now);
  /// The wire starts afresh, and has reported everything.
  void rebuilt() { ++generation_; }

  /// What was denied to the stream may pass now: its parked lanes are tried.
  void repaired(std::string_view stream, event::SteadyTime now);
  /// The program is about to end: what waits is tried now, and what is refused again is dropped as denied.
  void stop(event::SteadyTime now);

  /// When `next` may have something again without a report; time_point::max() for never.
  event::SteadyTime deadline() const;
  /// The end: everything unfinished is dropped with this reason; with a tail, it goes there instead, and after its
  /// `close` comes `take_losses`. The wire holds nothing any more, and nothing may be reported.
  void drop_rest(event::Dropped reason);
  void take_losses();
  /// After both: what lay on the tail and does not any more, although nobody has let go of it, is lost.
  void take_destroyed();
  /// One of the two.
  struct Unfinished {
    event::EventPtr event;
    std::shared_ptr<const event::DeadLetter> letter;
  };
  struct Rest {
    std::vector<Unfinished> unfinished;  ///< in the order of arrival
    Handed handed = {};                  ///< with a tail
  };
  /// The end, where another outbox goes on: everything unfinished, taken out of this book. With a tail it lies there.
  Rest take_rest();
  /// Whether a report is still to come.
  bool under_way() const;

  /// Is everything that is unfinished on the tail as well, and committed?
  bool all_committed() const;
  /// Is nothing in memory?
  bool empty() const { return items_ == 0; }
  /// Is all that is left of the relay's own, beside the book?
  bool only_notices() const { return ledger_.in_flight == 0; }
  std::size_t bytes() const { return bytes_; }
  std::size_t lanes() const { return lane_count_; }
  const event::SinkLedger& ledger() const { return ledger_; }
  /// Of events, from the reading of their frame to `Verdict::delivered`; dead letters and notices are not in it.
  const Latency& latency() const { return latency_; }
  /// How long the oldest event in memory has not been finished; nothing: there is none. What an earlier run left counts
  /// from the wall time at which its frame was read. Looks at every lane.
  std::optional<std::chrono::milliseconds> oldest_age(const event::Now& now) const;
  /// The names of streams of which a lane is parked.
  std::vector<std::string> parked() const;
  std::vector<SinkAlert> take_alerts() { return std::exchange(alerts_, {}); }

 private:
  struct Item;
  struct Lane;
  struct Stream;

  Stream& stream_of(std::string_view name);
  Lane& lane_of(Stream& stream, std::string_view key);
  void append(std::unique_ptr<Item> item, std::string_view stream, std::string_view key, bool kept = false);
  void link(Lane& lane, std::unique_ptr<Item> item);
  void post(std::shared_ptr<const event::DeadLetter> letter, bool kept);
  static bool goes_alone(const Lane& lane);
  bool blocked(const Lane& lane, event::SteadyTime now) const;
  void make_ready(Lane& lane);
  void settle(Lane& lane);
  void finish(Item& item);
  void forget(const Item& item);
  void delivered(Item& item, bool alone, event::SteadyTime now);
  static void clear_send_alone(Item& item);
  void to_letter(Item& item, std::string_view reason, std::string_view code);
  static void fail(Lane& lane, event::Verdict verdict, std::string_view code);
  void park(Lane& lane, std::string_view code, event::SteadyTime now);
  void tell_parked(Stream& stream, std::string_view code, event::SteadyTime now);
  void unpark(Lane& lane, event::SteadyTime now);
  void try_parked(const Stream& stream, event::SteadyTime now);
  void give_up(Stream& stream, std::string_view code);
  void replay(Lane& lane, event::SteadyTime now);
  void restart(Lane& lane);
  void wake_due(event::SteadyTime now);
  std::chrono::milliseconds delay(unsigned attempt) const;
  static void lose(const Item& item);
  void drop(Item& item, event::Dropped reason);
  // of the tail
  static event::LaneName name_of(const Lane& lane);
  bool over_bound() const;
  std::size_t portion() const;
  void recover();
  bool overflows(const Lane& lane, const Item& item) const;
  void keep(const Lane& lane, Item& item);
  bool drops_newest(const Lane& lane) const;
  void drop_newest(Item& item);
  void tell_dropped_newest_if_due(event::SteadyTime now);
  void tell_dropped_newest();
  bool may_keep() const;
  Item* first_unkept();
  bool sendable(const Item& item) const;
  void take_commits();
  void wait_for_commit(Lane& lane);
  void spool(Lane& lane, Item& item);
  void unload(Lane& lane, std::size_t kept);
  void want_more(Lane& lane);
  Handed hand_over_tail();
  void take_news();
  void take(const event::TailLost& lost);
  void load(event::TailRead read);
  void load(Lane& lane, event::TailRecord record);
  void load_stray(Lane& lane, event::TailRecord record, bool notice);
  void give_up_missing(Lane& lane);

  Settings settings_;
  std::string dead_letter_stream_;
  MakeLetter make_letter_;
  event::Tail* tail_;
  std::unordered_map<std::string_view, std::unique_ptr<Stream>> streams_;
  Stream* last_stream_ = nullptr;  ///< most events go to the stream of the one before
  Numbered<Item> numbers_;         ///< every item in memory
  Item* offered_ = nullptr;        ///< given by `next`, until `sent`
  std::deque<Lane*> ready_;
  std::deque<Lane*> wanting_;                             ///< lanes that ask for more of their tail
  std::vector<Lane*> waiting_;                            ///< lanes with a time at which they go on
  std::vector<Lane*> uncommitted_;                        ///< lanes whose next record must be committed first
  std::uint64_t tickets_ = 0;                             ///< appends to the tail
  std::uint64_t committed_ = 0;                           ///< of these
  bool gives_up_waiting_ = false;                         ///< the tail cannot write: nothing waits for a commit
  std::uint64_t unkept_from_ = 1;                         ///< numbers below are finished, or lie on the tail
  event::SteadyTime keep_at_ = event::SteadyTime::max();  ///< when `write_behind` has something to do
  std::uint64_t generation_ = 1;
  std::size_t items_ = 0, bytes_ = 0, letter_bytes_ = 0, reading_bytes_ = 0, lane_count_ = 0;
  event::SinkLedger ledger_;
  Latency latency_;
  bool stopping_ = false;
  bool letters_full_ = false;                                    ///< and told
  std::size_t newest_dropped_ = 0, newest_notices_dropped_ = 0;  ///< since that was told last
  event::SteadyTime tell_dropped_at_{};
  std::vector<SinkAlert> alerts_;
};

}  // namespace tributary::relay
