#include <algorithm>
#include <limits>

#include "spool/writer.hpp"

// The side of the writer's own thread.

namespace tributary::spool {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t group_records = 2'000, group_bytes = 4u << 20;
constexpr auto idle = 1s, careful_for = 30s;
constexpr std::size_t row_overhead = 64;
constexpr std::uint64_t disk_reserve = 128u << 10;

DatabaseFault nearly_full() {
  return {DatabaseFault::Kind::trouble, "SQLITE_FULL", "No space left on device: less than 128 KiB are free"};
}

constexpr std::size_t careful_forgets = 16;

}  // namespace

void SinkTail::Writer::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto now = Clock::now();
    if (!has_work(now) && !end_) {
      const auto until = next_time();
      if (!until) {
        work_.wait(lock);
      } else if (*until > now) {
        work_.wait_until(lock, *until);
      }
    }
    if (end_) break;
    while (!jobs_.empty()) {
      const auto job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      job();
      lock.lock();
    }
    const bool hurry = std::exchange(hurry_, false);
    if (hurry) write_at_ = {}, read_at_ = {}, no_room_ = false;
    lock.unlock();
    answer_all();
    if (hurry) look_at_size(false);
    write_round();
    if (hurry) {
      const bool in_place = file_->in_place();
      const std::lock_guard quiet(mutex_);
      looked_ = true, in_place_ = in_place;
      done_.notify_all();
    }
    tidy(Clock::now());
    tell_counts();
    lock.lock();
  }
  lock.unlock();
  file_.reset();  // moves the log into the file
  lock.lock();
  ended_ = true;
  done_.notify_all();
}

/// Is there anything that can be done now? The mutex is held.
bool SinkTail::Writer::has_work(Clock::time_point now) const {
  if (!jobs_.empty() || hurry_ || giving_back_) return true;
  if (!questions_.empty() && read_at_ <= now) return true;
  return wants_to_write() && write_at_ <= now;
}

/// The mutex is held.
bool SinkTail::Writer::wants_to_write() const {
  if (failing_) return true;  // tried again, even with nothing to write
  return (!pending_.empty() && !waits_for_room()) || !forgets_.empty();
}

/// Has there been no room for what is pending, and is nothing forgotten since? With `drop_newest` nothing waits. The
/// mutex is held.
bool SinkTail::Writer::waits_for_room() const {
  return full_ && no_room_ && !closing_ && forgets_.empty() && limits_.at_limit != event::AtLimit::drop_newest;
}

/// When there will be, if nothing comes. The mutex is held.
std::optional<std::chrono::steady_clock::time_point> SinkTail::Writer::next_time() const {
  std::optional<Clock::time_point> next;
  const auto at = [&](Clock::time_point time) { next = next ? std::min(*next, time) : time; };
  if (!questions_.empty()) at(read_at_);
  if (wants_to_write()) at(write_at_);
  if (records_ != 0) at(place_at_);
  if (file_->log_bytes() != 0) at(tidy_at_);
  if (dropped_count_ + corrupt_count_ != 0) at(counts_at_);
  return next;
}

// ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────────

void SinkTail::Writer::answer_all() {
  std::deque<Question> questions;
  {
    const std::lock_guard lock(mutex_);
    if (read_at_ > Clock::now()) return;
    questions.swap(questions_);
  }
  const bool any = !questions.empty();
  for (; !questions.empty(); questions.pop_front()) {
    if (answer(questions.front())) continue;
    last_fault_ = file_->fault();
    if (last_fault_.kind == DatabaseFault::Kind::damaged && make_anew(true) && answer(questions.front())) continue;
    read_delay_ = std::clamp(read_delay_ * 2, retry_first_, retry_most_);
    read_at_ = Clock::now() + read_delay_;
    trouble(SpoolSign::cannot_read);
    const std::lock_guard lock(mutex_);
    questions_.insert(questions_.begin(), questions.begin(), questions.end());
    return;
  }
  if (any) readable();
}

/// Merges what lies in the file with what is pending. False: it cannot be read now.
bool SinkTail::Writer::answer(const Question& question) {
  Lane& lane = *question.lane;
  event::TailRead answer{lane.name, question.from, {}};
  std::vector<event::TailRecord> pending;
  std::deque<Range> forgets;
  const auto size_of = [](const event::TailRecord& record) {
    return record.event ? record.event->bytes() : record.letter->value.size();
  };
  {
    const std::lock_guard lock(mutex_);
    forgets = lane.forgets;
    std::size_t bytes = 0;
    for (auto at = lane.pending.lower_bound(question.from); at != lane.pending.end() && bytes < question.bytes; ++at) {
      pending.push_back(at->second->record);
      bytes += size_of(pending.back());
    }
  }
  std::size_t bytes = 0;
  auto next = pending.begin();
  const auto take = [&](event::TailRecord record) {
    bytes += size_of(record);
    answer.records.push_back(std::move(record));
    return bytes < question.bytes;
  };
  const auto take_pending = [&](std::uint64_t before) {
    while (next != pending.end() && next->number < before && bytes < question.bytes) take(std::move(*next++));
    return bytes < question.bytes;
  };
  const bool read =
      lane.in_file == nullptr || file_->read(*lane.in_file, question.from, [&](const File::Stored& stored) {
        if (std::any_of(forgets.begin(), forgets.end(), [&](const Range& range) { return range.has(stored.number); })) {
          return true;
        }
        return take_pending(stored.number) && take(record_of(lane, stored));
      });
  if (!read) return false;
  take_pending(std::numeric_limits<std::uint64_t>::max());
  if (answer.records.empty() && lane.in_file != nullptr && lane.in_file->vanished != 0) {
    const bool notice = lane.in_file->vanished_notices != 0;
    if (notice) --lane.in_file->vanished_notices;
    take(record_of(lane, {question.from, notice, {}}));
  }
  {
    const std::lock_guard lock(mutex_);
    if (question.life != life_) return true;
    news_.emplace_back(std::move(answer));
  }
  wake();
  return true;
}

event::TailRecord SinkTail::Writer::record_of(Lane& lane, const File::Stored& stored) {
  const event::Now now{Clock::now(), std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now())};
  std::string_view why = "nothing of it is left";
  if (!stored.bytes.empty()) {
    auto decoded = decode(stored.bytes, connectors_, now.steady);
    auto* row = std::get_if<Row>(&decoded);
    if (row != nullptr && row->lane == lane.name && row->record.number == stored.number) return std::move(row->record);
    why = row == nullptr ? std::get<std::string_view>(decoded) : "another record lies in its place";
  }
  event::TailRecord record{stored.number, nullptr, nullptr, stored.notice};
  record.letter = corrupt_letter(lane.name, stored.number, why, stored.bytes, now);
  if (++corrupt_count_ == 1) {
    corrupt_words_ = "record " + std::to_string(stored.number) + " of stream " + lane.name.stream + ", key " +
                     lane.name.key + ": " + std::string(why);
  }
  return record;
}

// ── writing ─────────────────────────────────────────────────────────────────────────────────────────────────────────

File::Lane& SinkTail::Writer::in_file(Lane& lane) {
  if (lane.in_file == nullptr) lane.in_file = &file_->lane(lane.name);
  return *lane.in_file;
}

/// What the next transaction is to do.
SinkTail::Writer::Group SinkTail::Writer::compose() {
  Group group;
  const bool careful = careful_until_.has_value();
  std::unique_lock lock(mutex_);
  group.limits = limits_, group.closing = closing_;
  lock.unlock();
  const auto most_bytes = share(group_bytes, group.limits.size);
  const bool no_reserve = disk_free() < disk_reserve && file_->free() < disk_reserve;
  lock.lock();
  // On a full disk nothing is added before what is finished has been removed, a little at a time. Removing takes room,
  // too: it is left for that.
  const bool may_forget = !forgets_.empty() && forgets_.front().letter <= committed_;
  const bool starving = no_reserve && !closing_ && (forgets_.empty() || may_forget);
  const bool forgets_first = may_forget && (careful || starving);
  const bool waits = waits_for_room() || forgets_first || starving;
  group.starved = starving && !pending_.empty();
  std::size_t bytes = 0;
  std::uint64_t letters_from =  // the first one that this group leaves out
      forgets_first ? committed_ + 1 : std::numeric_limits<std::uint64_t>::max();
  for (const auto& pending : pending_) {
    if (waits) break;
    if (pending->state != Pending::State::waiting) continue;
    if (group.appends.size() >= group_records || bytes >= most_bytes) {
      if (!pending->record.letter) continue;
      letters_from = pending->ticket;
      break;
    }
    pending->state = Pending::State::writing;
    ++pending->lane->writing;
    bytes += pending->bytes;
    group.appends.push_back(pending);
  }
  while (!forgets_.empty() && forgets_.front().letter < letters_from &&
         (!careful || group.forgets.size() < careful_forgets)) {
    group.forgets.push_back(forgets_.front());
    forgets_.pop_front();
  }
  writing_ = !group.appends.empty() || !group.forgets.empty();
  return group;
}

void SinkTail::Writer::write_round() {
  const auto now = Clock::now();
  if (now < write_at_ || !look_after_place()) return;
  Group group = compose();
  const bool nothing = group.appends.empty() && group.forgets.empty();
  if (nothing && !failing_ && !group.starved) return;
  tidy_at_ = now + idle;
  const bool committed = !(nothing && group.starved) && write(group);
  if (!committed) {
    last_fault_ = group.starved && nothing ? nearly_full() : file_->fault();
    file_->rollback();
  }
  finish(group, committed);
  if (committed) {
    emptied_log_ = false;
    if (!group.starved) recovered();
    no_room_ = group.no_room;
    look_at_size(group.no_room);
    const bool newest = group.limits.at_limit == event::AtLimit::drop_newest;
    if (group.no_room && newest && !group.closing) drop_waiting();
    if (careful_until_ && now > *careful_until_) careful_until_.reset();
    move_log();
    return;
  }
  if (last_fault_.kind == DatabaseFault::Kind::damaged && make_anew(true)) return;
  if (last_fault_.kind == DatabaseFault::Kind::trouble && make_room_on_disk()) return;
  if (last_fault_.code == "SQLITE_FULL" && !std::exchange(careful_until_, now + careful_for)) return;  // at once again
  write_delay_ = std::clamp(write_delay_ * 2, retry_first_, retry_most_);
  write_at_ = Clock::now() + write_delay_;
  trouble(SpoolSign::cannot_write);
}

bool SinkTail::Writer::write(Group& group) {
  if (!file_->begin()) return false;
  for (const auto& forget : group.forgets) {
    if (!file_->remove(in_file(*forget.lane), forget.range.first, forget.range.last)) return false;
  }
  if (group.appends.empty() && group.forgets.empty() && !file_->write_something()) return false;
  return append(group) && file_->commit();
}

bool SinkTail::Writer::append(Group& group) {
  for (const auto& pending : group.appends) {
    row_.clear();
    encode(row_, pending->lane->name, pending->record);
    if (!make_room(*pending, row_.size() + row_overhead, group)) {
      group.no_room = true;
      group.left_out.push_back(pending);
      continue;
    }
    if (!file_->insert(in_file(*pending->lane), pending->record.number, pending->notice, row_)) return false;
  }
  return true;
}

/// May a row of this size be written? A dead letter may go a little beyond the size, as its event takes more room and
/// is forgotten afterwards; and at the end everything may that would be lost otherwise.
bool SinkTail::Writer::make_room(const Pending& pending, std::size_t row, Group& group) {
  const bool letter = pending.record.letter != nullptr;
  row = (row / page_size + 2) * page_size;  // the pages that it may begin, and one of the index
  const auto size = group.limits.size + (letter ? group.limits.size / 16 : 0);
  if (file_->empty()) return true;
  if (group.surely_free > row) {  // far from the size: nothing is asked of the file
    group.surely_free -= row;
    return true;
  }
  const auto used = file_->used();
  group.surely_free = used + 2 * row < group.limits.size ? group.limits.size - used - row : 0;
  if (group.closing) return true;
  if (group.limits.at_limit == event::AtLimit::drop_oldest) {
    if (used + row <= size) return true;
    const auto wanted = std::max<std::uint64_t>(used + row - size, size / 64) + row;
    return file_->drop_oldest(wanted, group.dropped);
  }
  return group.closing || ((letter || !group.no_room) && used + row <= size);
}

void SinkTail::Writer::finish(Group& group, bool committed) {
  std::vector<event::TailRecord> gone;  // let go of without the mutex
  bool grown;
  used_ = file_->used(), records_ = file_->records();
  {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    if (!committed) forgets_.insert(forgets_.begin(), group.forgets.begin(), group.forgets.end());
    if (committed) {
      for (const auto& forget : group.forgets) {
        forget.lane->forgets.pop_front();
        book(*forget.lane);
      }
      if (!group.dropped.empty()) tell_dropped(group.dropped);
    }
    auto left_out = group.left_out.begin();
    for (const auto& pending : group.appends) {
      const bool out = left_out != group.left_out.end() && *left_out == pending;
      if (out) ++left_out;
      --pending->lane->writing;
      book(*pending->lane);
      if (pending->state == Pending::State::over) {  // told as lost meanwhile
        gone.push_back(std::move(pending->record));
        continue;
      }
      if (!committed || out) {
        pending->state = Pending::State::waiting;
        if (!pending->forgotten) continue;  // else there is nothing more to be done
      }
      pending->state = Pending::State::over;
      held_ -= pending->bytes;
      if (!pending->forgotten) pending->lane->pending.erase(pending->record.number);
      gone.push_back(std::move(pending->record));
    }
    grown = settle_pending();
    done_.notify_all();
  }
  gone.clear();
  if (grown || !group.dropped.empty()) wake();
}

/// The mutex is held.
void SinkTail::Writer::book(Lane& lane) const {
  lane.stored = lane.in_file == nullptr ? 0 : lane.in_file->records;
  lane.stored_notices = lane.in_file == nullptr ? 0 : lane.in_file->notices;
}

/// The mutex is held.
void SinkTail::Writer::tell_dropped(const std::vector<File::DroppedRecord>& dropped) {
  std::map<Lane*, event::TailLost> told;
  for (const auto& record : dropped) {
    Lane& lane = lane_of(record.lane->name);
    book(lane);
    if (forgotten(lane, record.number)) continue;
    ++dropped_count_;
    auto& news = told[&lane];
    news.lane = lane.name;
    news.records.push_back({record.number, record.notice});
  }
  for (auto& [lane, news] : told) news_.emplace_back(std::move(news));
}

}  // namespace tributary::spool
