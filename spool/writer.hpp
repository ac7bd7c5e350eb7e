#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "spool/file.hpp"
#include "spool/row.hpp"
#include "spool/tail.hpp"

namespace tributary::spool {

/// What stands behind a SinkTail: what is pending, and the thread that works it off. Owned by the tail and by the
/// thread, so that a thread that hangs in the disk outlives the tail. The sink's calls only touch memory, under one
/// mutex, which is never held while the disk is touched.
class SinkTail::Writer : public std::enable_shared_from_this<Writer> {
 public:
  Writer(std::unique_ptr<File> file, const Settings& settings, Observer& observer, std::string name);

  static SpoolNews news_of(const Salvaged& salvaged);
  void start();
  /// The end: false when the thread hangs in the disk and stays behind.
  bool finish(std::chrono::milliseconds timeout);
  void tell(const SpoolNews& news);
  void set_limits(const event::TailSettings& limits);
  std::vector<SpooledId> ids(std::size_t most);
  std::uint64_t used() const { return used_; }
  std::uint64_t records() const { return records_; }
  std::map<std::string, std::uint64_t> streams() const;

  std::vector<event::TailLeft> left();
  void append(const event::LaneName& name, event::TailRecord record);
  std::uint64_t committed() const;
  void read(const event::LaneName& name, std::uint64_t from, std::size_t bytes);
  std::optional<event::TailNews> take();
  void on_news(std::function<void()> wake);
  void forget(const event::LaneName& name, std::uint64_t first, std::uint64_t last);
  bool full() const { return full_; }
  bool failing() const { return failing_; }
  std::size_t held() const { return held_; }
  void close(std::chrono::milliseconds timeout);
  std::optional<event::TailKept> kept() const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Lane;
  /// A record that is not committed.
  struct Pending {
    enum class State : std::uint8_t { waiting, writing, over };
    Lane* lane = nullptr;
    event::TailRecord record;
    std::uint64_t ticket = 0;
    std::size_t bytes = 0;
    bool notice = false;
    State state = State::waiting;
    bool forgotten = false;
  };
  using PendingPtr = std::shared_ptr<Pending>;
  struct Range {
    std::uint64_t first = 0, last = 0;
    bool has(std::uint64_t number) const { return first <= number && number <= last; }
  };
  /// Records of a lane that are to be removed from the file, once the dead letter that was kept before is committed.
  struct Forget {
    Lane* lane = nullptr;
    Range range;
    std::uint64_t letter = 0;  ///< its ticket; 0: none was pending
  };
  struct Lane {
    event::LaneName name;
    std::map<std::uint64_t, PendingPtr> pending;
    std::deque<Range> forgets;              ///< not yet done, in the order of the calls
    std::uint64_t stored = 0, writing = 0;  ///< in the file, and on their way there
    std::uint64_t stored_notices = 0;
    File::Lane* in_file = nullptr;  ///< thread: the writer's
  };
  struct Question {
    Lane* lane = nullptr;
    std::uint64_t from = 0;
    std::size_t bytes = 0;
    std::uint64_t life = 0;
  };
  /// What one transaction does.
  struct Group {
    event::TailSettings limits;
    bool closing = false;
    std::vector<PendingPtr> appends;
    std::vector<Forget> forgets;
    std::uint64_t surely_free = 0;  ///< bytes up to the size
    bool no_room = false;
    bool starved = false;  ///< the disk has nothing left for what is pending
    std::vector<PendingPtr> left_out;
    std::vector<File::DroppedRecord> dropped;
  };

  // the sink's side; the mutex is held
  Lane& lane_of(const event::LaneName& name);
  bool settle_pending();
  void lose(std::vector<PendingPtr>& lost, event::Dropped reason);
  void drop_waiting();
  static bool forgotten(const Lane& lane, std::uint64_t number);
  void wake();
  void run_there(std::function<void()> job);

  // the thread's side; the mutex is not held
  void run();
  bool has_work(Clock::time_point now) const;
  bool wants_to_write() const;
  bool waits_for_room() const;
  std::optional<Clock::time_point> next_time() const;
  void answer_all();
  bool answer(const Question& question);
  event::TailRecord record_of(Lane& lane, const File::Stored& stored);
  Group compose();
  bool write(Group& group);
  bool append(Group& group);
  bool make_room(const Pending& pending, std::size_t row, Group& group);
  void finish(Group& group, bool committed);
  void tell_dropped(const std::vector<File::DroppedRecord>& dropped);
  void write_round();
  bool make_room_on_disk();
  std::uint64_t disk_free() const { return disk_free_ ? disk_free_() : file_->disk_free(); }
  std::uint64_t share(std::uint64_t most, std::uint64_t size) const;
  void move_log();
  bool all_forgotten();
  void trouble(SpoolSign sign);
  void recovered();
  void readable();
  bool look_after_place();
  bool make_anew(bool damaged);
  void look_at_size(bool no_room);
  void tidy(Clock::time_point now);
  void book(Lane& lane) const;
  void tell_counts();
  File::Lane& in_file(Lane& lane);
  std::vector<event::TailLeft> describe();
  bool describe(Lane& lane, event::TailLeft& left);

  static constexpr std::uint64_t most_number = (std::uint64_t{1} << 63U) - 1;  ///< as the file keeps them

  const std::string name_;
  const std::chrono::milliseconds retry_first_, retry_most_;
  const std::uint64_t log_limit_;
  const std::function<std::string()> hold_;
  const std::function<std::uint64_t()> disk_free_;

  mutable std::mutex mutex_;  ///< guards what follows
  std::condition_variable work_, done_;
  std::map<std::pair<std::string, std::string>, std::unique_ptr<Lane>> lanes_;
  Lane* last_lane_ = nullptr;
  std::deque<PendingPtr> pending_;  ///< in the order of the calls
  std::deque<Forget> forgets_;
  std::deque<Question> questions_;
  std::deque<std::function<void()>> jobs_;
  std::deque<event::TailNews> news_;
  std::uint64_t tickets_ = 0;      ///< appends of all lives
  std::uint64_t before_ = 0;       ///< of these, before the last `left`
  std::uint64_t life_ = 0;         ///< counts `left`
  std::uint64_t last_letter_ = 0;  ///< ticket of the last dead letter
  event::TailSettings limits_;
  bool closing_ = false, end_ = false, ended_ = false, writing_ = false, hurry_ = false;
  bool looked_ = false;    ///< since the last `close` began, whether the file is in place
  bool in_place_ = false;  ///< and it was

  std::atomic<std::uint64_t> committed_{0};  ///< tickets
  std::atomic<bool> full_{false}, failing_{false};
  std::atomic<std::size_t> held_{0};
  std::atomic<std::uint64_t> used_{0}, records_{0};

  std::mutex wake_mutex_;  ///< guards wake_; held while it runs
  std::function<void()> wake_;
  std::mutex observer_mutex_;  ///< guards observer_; held while it is told
  Observer* observer_;

  std::thread thread_;  ///< main's

  // the thread's own
  std::unique_ptr<File> file_;
  ConnectorNames connectors_;
  std::string row_;
  Clock::time_point write_at_{}, read_at_{}, place_at_{}, counts_at_{}, tidy_at_{};
  bool giving_back_ = false;
  std::chrono::milliseconds write_delay_{0}, read_delay_{0};
  std::optional<Clock::time_point> failing_since_, unread_since_, full_since_;
  std::optional<Clock::time_point> made_anew_at_;
  std::optional<Clock::time_point> careful_until_;  ///< the disk was full lately: it is written in small steps
  bool emptied_log_ = false;                        ///< since the last group that was committed
  bool no_room_ = false;                            ///< the last group found none in the file
  Clock::time_point give_back_at_{};
  DatabaseFault last_fault_;
  std::uint64_t dropped_count_ = 0, corrupt_count_ = 0;
  std::string corrupt_words_;
};

}  // namespace tributary::spool
