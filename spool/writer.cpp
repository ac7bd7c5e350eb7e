#include "spool/writer.hpp"

#include <algorithm>

#include "spool/known_id.hpp"

// The side of the sink's thread: nothing here touches the disk.

namespace tributary::spool {

SinkTail::Writer::Writer(std::unique_ptr<File> file, const Settings& settings, Observer& observer, std::string name)
    : name_(std::move(name)),
      retry_first_(settings.retry_first),
      retry_most_(settings.retry_most),
      log_limit_(settings.log),
      hold_(settings.hold),
      disk_free_(settings.disk_free),
      limits_(settings.limits),
      observer_(&observer),
      file_(std::move(file)) {}

void SinkTail::Writer::start() {
  look_at_size(false);
  used_ = file_->used(), records_ = file_->records();
  for (const auto& lane : file_->lanes()) {
    Lane& known = lane_of(lane->name);
    known.in_file = lane.get();
    book(known);
  }
  thread_ = std::thread([self = shared_from_this()] { self->run(); });
}

bool SinkTail::Writer::finish(std::chrono::milliseconds timeout) {
  bool ended;
  {
    std::unique_lock lock(mutex_);
    end_ = true;
    work_.notify_all();
    ended = done_.wait_for(lock, timeout, [&] { return ended_; });
  }
  if (ended) {
    thread_.join();
  } else {
    thread_.detach();
  }
  const std::lock_guard quiet(observer_mutex_);
  observer_ = nullptr;
  return ended;
}

void SinkTail::Writer::tell(const SpoolNews& news) {
  const std::lock_guard lock(observer_mutex_);
  if (observer_ == nullptr) return;
  SpoolNews told = news;
  told.file = name_;
  observer_->on_news(told);
}

void SinkTail::Writer::set_limits(const event::TailSettings& limits) {
  const std::lock_guard lock(mutex_);
  limits_ = limits;
  hurry_ = true;
  work_.notify_all();
}

std::map<std::string, std::uint64_t> SinkTail::Writer::streams() const {
  const std::lock_guard lock(mutex_);
  std::map<std::string, std::uint64_t> streams;
  for (const auto& [name, lane] : lanes_) {
    if (lane->stored != 0) streams[lane->name.stream] += lane->stored;
  }
  return streams;
}

SinkTail::Writer::Lane& SinkTail::Writer::lane_of(const event::LaneName& name) {
  if (last_lane_ != nullptr && last_lane_->name == name) return *last_lane_;
  auto& lane = lanes_[{name.stream, name.key}];
  if (lane == nullptr) {
    lane = std::make_unique<Lane>();
    lane->name = name;
  }
  return *(last_lane_ = lane.get());
}

void SinkTail::Writer::wake() {
  const std::lock_guard lock(wake_mutex_);
  if (wake_) wake_();
}

void SinkTail::Writer::on_news(std::function<void()> wake) {
  const std::lock_guard lock(wake_mutex_);
  wake_ = std::move(wake);
}

void SinkTail::Writer::append(const event::LaneName& name, event::TailRecord record) {
  auto pending = std::make_shared<Pending>();
  pending->notice = record.event != nullptr && record.event->kind == event::Kind::notice;
  pending->bytes = record.event ? record.event->bytes() : sizeof(Pending) + record.letter->value.capacity();
  pending->record = std::move(record);
  held_ += pending->bytes;
  const std::lock_guard lock(mutex_);
  Lane& lane = lane_of(name);
  pending->lane = &lane;
  pending->ticket = ++tickets_;
  if (pending->record.letter) last_letter_ = pending->ticket;
  lane.pending[pending->record.number] = pending;
  pending_.push_back(std::move(pending));
  work_.notify_one();
}

/// Takes what is over off the front. True: `committed` has grown.
bool SinkTail::Writer::settle_pending() {
  while (!pending_.empty() && pending_.front()->state == Pending::State::over) pending_.pop_front();
  const auto committed = pending_.empty() ? tickets_ : pending_.front()->ticket - 1;
  return committed_.exchange(committed) != committed;
}

std::uint64_t SinkTail::Writer::committed() const {
  const auto before = before_;  // changed by `left` alone, on this thread
  return std::max(committed_.load(), before) - before;
}

void SinkTail::Writer::read(const event::LaneName& name, std::uint64_t from, std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  questions_.push_back({&lane_of(name), from, bytes, life_});
  work_.notify_one();
}

std::optional<event::TailNews> SinkTail::Writer::take() {
  const std::lock_guard lock(mutex_);
  if (news_.empty()) return {};
  auto one = std::move(news_.front());
  news_.pop_front();
  return one;
}

void SinkTail::Writer::forget(const event::LaneName& name, std::uint64_t first, std::uint64_t last) {
  std::vector<PendingPtr> gone;  // let go of without the mutex
  bool grown = false;
  {
    const std::lock_guard lock(mutex_);
    Lane& lane = lane_of(name);
    bool in_file = first != last || lane.pending.count(first) == 0;
    const auto end = lane.pending.upper_bound(last);
    for (auto at = lane.pending.lower_bound(first); at != end; at = lane.pending.erase(at)) {
      auto& pending = at->second;
      pending->forgotten = true;
      in_file |= pending->state == Pending::State::writing;
      if (pending->state == Pending::State::waiting) {
        pending->state = Pending::State::over;
        held_ -= pending->bytes;
        gone.push_back(std::move(pending));
      }
    }
    for (auto& news : news_) {  // of a finished record nothing is told any more
      auto* lost = std::get_if<event::TailLost>(&news);
      if (lost == nullptr || lost->lane != name) continue;
      std::erase_if(lost->records, [&](const auto& record) { return first <= record.number && record.number <= last; });
    }
    if (in_file && lane.stored + lane.writing != 0) {
      forgets_.push_back({&lane, {first, last}, last_letter_ > committed_ ? last_letter_ : 0});
      lane.forgets.push_back({first, last});
      work_.notify_one();
    }
    if (!gone.empty()) {
      grown = settle_pending();
      done_.notify_all();
    }
  }
  for (const auto& pending : gone) pending->record = {};
  if (grown) wake();
}

bool SinkTail::Writer::forgotten(const Lane& lane, std::uint64_t number) {
  return std::any_of(lane.forgets.begin(), lane.forgets.end(), [&](const Range& range) { return range.has(number); });
}

/// Has the thread do something, and waits for it.
void SinkTail::Writer::run_there(std::function<void()> job) {
  auto finished = std::make_shared<bool>(false);
  std::unique_lock lock(mutex_);
  jobs_.push_back([this, job = std::move(job), finished] {
    job();
    const std::lock_guard quiet(mutex_);
    *finished = true;
    done_.notify_all();
  });
  work_.notify_all();
  done_.wait(lock, [&] { return *finished || ended_; });
}

std::vector<event::TailLeft> SinkTail::Writer::left() {
  {
    const std::lock_guard lock(mutex_);
    ++life_;
    before_ = tickets_;
    questions_.clear();
    news_.clear();
    closing_ = false;
  }
  std::vector<event::TailLeft> left;
  run_there([&] { left = describe(); });
  const std::lock_guard lock(mutex_);
  news_.clear();
  return left;
}

std::vector<SpooledId> SinkTail::Writer::ids(std::size_t most) {
  std::vector<SpooledId> ids;
  run_there([&] {
    file_->newest([&](std::string_view row) {
      if (ids.size() >= most) return false;
      if (auto id = id_of(row, connectors_)) ids.push_back(std::move(*id));
      return true;
    });
  });
  std::reverse(ids.begin(), ids.end());
  return ids;
}

void SinkTail::Writer::close(std::chrono::milliseconds timeout) {
  std::vector<PendingPtr> lost;
  {
    std::unique_lock lock(mutex_);
    closing_ = hurry_ = true;
    looked_ = false;
    work_.notify_all();
    const bool all = done_.wait_for(
        lock, timeout, [&] { return ended_ || (looked_ && pending_.empty() && forgets_.empty() && !writing_); });
    closing_ = false;
    if (all) return;
    lose(lost, event::Dropped::stopped);
  }
  for (const auto& pending : lost) {
    const auto& record = pending->record;
    const auto& receipt = record.event ? record.event->receipt : record.letter->receipt;
    if (receipt) receipt->lost();
  }
  if (lost.empty()) return;
  SpoolNews news{SpoolSign::not_committed, {}};
  news.records = lost.size();
  news.text = std::to_string(lost.size()) +
              " records were kept in memory alone, could not be written in time, and are "
              "lost: see what was said of the disk before";
  tell(news);
}

/// Of what is in no file any more nothing is kept.
std::optional<event::TailKept> SinkTail::Writer::kept() const {
  const std::lock_guard lock(mutex_);
  if (!looked_) return {};
  event::TailKept kept;
  for (const auto& [name, lane] : lanes_) {
    if (!in_place_) break;
    kept.records += lane->stored;
    kept.notices += lane->stored_notices;
  }
  return kept;
}

/// Everything that is pending, and tells it.
void SinkTail::Writer::lose(std::vector<PendingPtr>& lost, event::Dropped reason) {
  std::map<Lane*, event::TailLost> told;
  for (auto& pending : std::exchange(pending_, {})) {
    if (pending->state == Pending::State::over) continue;
    held_ -= pending->bytes;
    pending->state = Pending::State::over;  // also when it is on its way to the file: it may then be found again
    if (pending->forgotten) continue;
    pending->lane->pending.erase(pending->record.number);
    auto& news = told[pending->lane];
    news.lane = pending->lane->name, news.reason = reason;
    news.records.push_back({pending->record.number, pending->notice});
    lost.push_back(std::move(pending));
  }
  for (auto& [lane, news] : told) news_.emplace_back(std::move(news));
  settle_pending();
}

}  // namespace tributary::spool
