#include <algorithm>

#include "spool/writer.hpp"

// What the writer's thread does when the disk is in trouble, when the file has reached its size, and when there is
// nothing else to do; and what it finds at the beginning.

namespace tributary::spool {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t give_back_from = 1u << 20, give_back_at_once = 1u << 20;  // bytes of free pages
constexpr std::uint64_t share_least = 64u << 10, log_slack = 1u << 20;
constexpr auto place_every = 1s, tidy_every = 1s, counts_every = 10s, anew_every = 30s;

std::string mebibytes(std::uint64_t bytes) { return std::to_string(bytes >> 20U) + " MiB"; }

std::chrono::milliseconds since(std::chrono::steady_clock::time_point then) {
  return std::chrono::ceil<std::chrono::milliseconds>(std::chrono::steady_clock::now() - then);
}

}  // namespace

/// Told once, until it is over. The file's fault says what it is.
void SinkTail::Writer::trouble(SpoolSign sign) {
  const bool writes = sign == SpoolSign::cannot_write;
  auto& began = writes ? failing_since_ : unread_since_;
  if (began) return;
  began = Clock::now();
  const bool gone = file_->place() == File::Place::gone;
  const auto& fault = last_fault_;
  SpoolNews news{sign, {}, gone ? "gone" : fault.code};
  news.text = name_ + ": " + (gone ? "the file is gone, and cannot be made anew: " : "") +
              (fault.words.empty() ? "it is damaged again and again" : fault.words) +
              (writes ? "; what is not delivered is kept in memory alone until it can be written again: "
                        "look at the disk's space and health"
                      : "; it is tried again, and what lies in the file waits: look at the disk's health");
  tell(news);
  if (!writes) return;
  failing_ = true;
  wake();
}

void SinkTail::Writer::recovered() {
  write_delay_ = 0ms;
  if (!failing_since_) return;
  SpoolNews news{SpoolSign::works_again, {}};
  news.lasted = since(*std::exchange(failing_since_, {}));
  news.text = "what is kept is written to the disk again";
  failing_ = false;
  tell(news);
  wake();
}

void SinkTail::Writer::readable() {
  read_delay_ = 0ms;
  if (!unread_since_) return;
  SpoolNews news{SpoolSign::works_again, {}};
  news.lasted = since(*std::exchange(unread_since_, {}));
  news.text = "what lies in the file can be read again";
  tell(news);
}

/// Has the file been removed, replaced or cut, it is made anew. False: it could not be.
bool SinkTail::Writer::look_after_place() {
  const auto place = file_->place();
  if (place == File::Place::good) return true;
  if (make_anew(place == File::Place::damaged)) {
    recovered();
    return true;
  }
  write_delay_ = std::clamp(write_delay_ * 2, retry_first_, retry_most_);
  write_at_ = Clock::now() + write_delay_;
  trouble(SpoolSign::cannot_write);
  return false;
}

/// With `drop_newest`: what came last and has found no room would fill the memory, so that reading stops.
void SinkTail::Writer::drop_waiting() {
  std::vector<PendingPtr> dropped;
  {
    const std::lock_guard lock(mutex_);
    lose(dropped, event::Dropped::limit);
    done_.notify_all();
  }
  dropped.clear();
  wake();
}

/// How much may be written at once, or lie in the log: little where the size or what is left of the disk is little, so
/// that file and log together stay near the size, and a log can always be moved before the disk is full.
std::uint64_t SinkTail::Writer::share(std::uint64_t most, std::uint64_t size) const {
  const auto least = std::min(most, share_least);
  if (careful_until_) return least;
  return std::max(least, std::min({most, size / 8, disk_free() / 4}));
}

/// Once it is as large as it may be, or much larger than what is in the file.
void SinkTail::Writer::move_log() {
  const auto log = file_->log_bytes();
  if (log == 0) return;
  std::uint64_t size;
  {
    const std::lock_guard lock(mutex_);
    size = limits_.size;
  }
  const auto limit = share(log_limit_, size);
  file_->limit_log(limit);
  if (log > std::min(limit, file_->used() + log_slack)) file_->checkpoint(careful_until_.has_value());
}

/// The log and the file may be what fills the disk, and forgetting takes room, too. True: it is worth another try at
/// once.
bool SinkTail::Writer::make_room_on_disk() {
  if (all_forgotten() && file_->make_empty()) {
    const std::lock_guard lock(mutex_);
    forgets_.clear();  // also those that came meanwhile: there was no other record
    for (auto& [name, lane] : lanes_) {
      lane->forgets.clear();
      lane->stored = lane->stored_notices = 0;
    }
    emptied_log_ = false;
    return true;
  }
  if (last_fault_.code != "SQLITE_FULL" || emptied_log_ || file_->log_bytes() == 0) return false;
  return emptied_log_ = file_->checkpoint(true);
}

/// Is nothing in the file that is needed? A dead letter that is not committed needs its event.
bool SinkTail::Writer::all_forgotten() {
  std::vector<std::pair<Lane*, Range>> ranges;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& forget : forgets_) {
      if (forget.letter > committed_) return false;
      ranges.emplace_back(forget.lane, forget.range);
    }
  }
  std::uint64_t all = 0;
  for (const auto& [lane, range] : ranges) {
    std::uint64_t records = 0, notices = 0;
    if (!file_->count(in_file(*lane), range.first, range.last, records, notices)) return false;
    all += records;
  }
  return file_->records() != 0 && all >= file_->records();
}

/// Not again and again: a disk that damages whatever is written is left alone.
bool SinkTail::Writer::make_anew(bool damaged) {
  const auto now = Clock::now();
  if (damaged && made_anew_at_ && now - *made_anew_at_ < anew_every) return false;
  if (damaged) made_anew_at_ = now;
  if (hold_) {
    if (auto fault = hold_(); !fault.empty()) {
      last_fault_ = {DatabaseFault::Kind::trouble, "SQLITE_CANTOPEN", std::move(fault)};
      return false;
    }
  }
  Salvaged salvaged;
  if (auto failed = file_->make_anew(salvaged); !failed.empty()) {
    last_fault_ = file_->fault();
    if (last_fault_.kind != DatabaseFault::Kind::trouble) last_fault_.kind = DatabaseFault::Kind::trouble;
    last_fault_.words = std::move(failed);
    return false;
  }
  tell(news_of(salvaged));
  {
    const std::lock_guard lock(mutex_);
    for (auto& [name, lane] : lanes_) {
      if (lane->in_file != nullptr) book(*lane);
    }
  }
  return true;
}

SpoolNews SinkTail::Writer::news_of(const Salvaged& salvaged) {
  SpoolNews news{SpoolSign::set_aside, {}};
  news.records = salvaged.records - salvaged.damaged;
  news.lost = salvaged.damaged + salvaged.vanished;
  news.text = salvaged.why;
  if (!salvaged.set_aside.empty()) news.text += "; it was set aside as " + salvaged.set_aside.string();
  news.text += "; " + std::to_string(news.records) + " records were taken over";
  if (news.lost != 0)
    news.text += ", " + std::to_string(news.lost) + " cannot be read any more and become dead letters";
  if (salvaged.ended_early) news.text += ", and more may be in it: it took too long";
  return news;
}

/// Is the file at its size? There is room again when an eighth of it is free and nothing waits.
void SinkTail::Writer::look_at_size(bool no_room) {
  const auto used = file_->used();
  bool full, waits;
  event::TailSettings limits;
  {
    const std::lock_guard lock(mutex_);
    limits = limits_;
    waits = std::any_of(pending_.begin(), pending_.end(),
                        [](const auto& pending) { return pending->state == Pending::State::waiting; });
  }
  full = full_ ? no_room || waits || used >= limits.size / 8 * 7 : no_room || used >= limits.size;
  if (limits.at_limit == event::AtLimit::drop_oldest) full = false;
  if (full_.exchange(full) == full) return;
  SpoolNews news{full ? SpoolSign::full : SpoolSign::room, {}};
  if (full) {
    full_since_ = Clock::now();
    news.text =
        "it is at its size of " + mebibytes(limits.size) +
        (limits.at_limit == event::AtLimit::block ? ": what comes waits in memory, and then connectors stop reading"
                                                  : ": what comes is dropped until there is room again, which is "
                                                    "when an eighth of it is free");
  } else {
    if (full_since_) news.lasted = since(*std::exchange(full_since_, {}));
    news.text = "there is room again";
  }
  tell(news);
  wake();
}

/// Gives free pages back once most of the file is free, and empties the log when nothing is written.
void SinkTail::Writer::tidy(Clock::time_point now) {
  if (now >= place_at_) {
    place_at_ = now + place_every;
    if (records_ != 0 && now >= write_at_ && look_after_place() && hold_) hold_();
  }
  const bool due = now >= tidy_at_;
  if (due) tidy_at_ = now + tidy_every;
  giving_back_ = false;
  const auto free = file_->free();
  if (failing_ || now < give_back_at_) return;
  if (free >= give_back_from && free >= file_->used()) {
    giving_back_ = file_->give_back(give_back_at_once);
    if (!giving_back_) give_back_at_ = now + counts_every;
    move_log();
    return;
  }
  if (due && file_->log_bytes() != 0) file_->checkpoint(true);
}

/// Of what may happen again and again.
void SinkTail::Writer::tell_counts() {
  if (dropped_count_ + corrupt_count_ == 0) return;
  const auto now = Clock::now();
  if (now < counts_at_) return;
  counts_at_ = now + counts_every;
  if (const auto count = std::exchange(dropped_count_, 0); count != 0) {
    SpoolNews news{SpoolSign::dropped_oldest, {}};
    news.records = count;
    news.text = "the file is at its size, and at_limit is drop_oldest: " + std::to_string(count) +
                " of the oldest records were dropped";
    tell(news);
  }
  if (const auto count = std::exchange(corrupt_count_, 0); count != 0) {
    SpoolNews news{SpoolSign::record_corrupt, {}};
    news.records = count;
    news.text = std::to_string(count) +
                " records cannot be read any more and become dead letters; the first: " + corrupt_words_ +
                ". Look at the disk's health";
    tell(news);
  }
}

// ── the beginning ───────────────────────────────────────────────────────────────────────────────────────────────────

/// What there is, with what is pending and without what is forgotten.
std::vector<event::TailLeft> SinkTail::Writer::describe() {
  std::vector<Lane*> lanes;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [name, lane] : lanes_) lanes.push_back(lane.get());
  }
  std::vector<event::TailLeft> all;
  for (Lane* lane : lanes) {
    event::TailLeft left{lane->name};
    if (!describe(*lane, left)) {  // the disk cannot be read: the books must do
      left.records = lane->in_file->records, left.notices = lane->in_file->notices;
    }
    const std::lock_guard lock(mutex_);
    if (left.records == 0) left.first = std::numeric_limits<std::uint64_t>::max();
    for (const auto& [number, pending] : lane->pending) {
      left.first = std::min(left.first, number);
      left.last = std::max(left.last, number);
      ++left.records;
      if (pending->notice) ++left.notices;
    }
    if (left.records != 0) all.push_back(std::move(left));
  }
  return all;
}

/// Of what lies in the file.
bool SinkTail::Writer::describe(Lane& lane, event::TailLeft& left) {
  if (lane.in_file == nullptr || lane.in_file->records == 0) return true;
  std::deque<Range> forgets;
  {
    const std::lock_guard lock(mutex_);
    forgets = lane.forgets;
  }
  const auto& stored = *lane.in_file;
  auto records = stored.records, notices = stored.notices;
  for (const auto& range : forgets) {
    std::uint64_t of_range = 0, notices_of_range = 0;
    if (!file_->count(stored, range.first, range.last, of_range, notices_of_range)) return false;
    records -= std::min(records, of_range), notices -= std::min(notices, notices_of_range);
  }
  const auto covering = [&](std::uint64_t number) {
    return std::find_if(forgets.begin(), forgets.end(), [&](const Range& range) { return range.has(number); });
  };
  std::optional<std::uint64_t> first, last;
  if (!file_->first_from(stored, 0, first) || !file_->last_to(stored, most_number, last)) return false;
  for (auto range = first ? covering(*first) : forgets.end(); range != forgets.end();
       range = first ? covering(*first) : forgets.end()) {
    if (!file_->first_from(stored, range->last + 1, first)) return false;
  }
  for (auto range = last ? covering(*last) : forgets.end(); range != forgets.end();
       range = last ? covering(*last) : forgets.end()) {
    if (range->first == 0) {
      last.reset();
    } else if (!file_->last_to(stored, range->first - 1, last)) {
      return false;
    }
  }
  if (!first || !last) return true;
  left.first = *first, left.last = *last, left.records = records, left.notices = notices;
  return true;
}

}  // namespace tributary::spool
