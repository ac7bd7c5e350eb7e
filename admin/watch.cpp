#include "admin/watch.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "admin/status_json.hpp"

namespace tributary::admin {

using Clock = std::chrono::steady_clock;

Watch::Watch(Program& program) : program_(program), thread_([this] { run(); }) {}

Watch::~Watch() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
    readers_.clear();
  }
  changed_.notify_all();
  thread_.join();
  if (tap_ != 0) program_.remove_tap(tap_);
}

std::string Watch::status() {
  const Snapshot snapshot = program_.snapshot();
  const std::lock_guard lock(rates_mutex_);
  return status_json(snapshot, rates_);
}

Watch::Number Watch::add_reader(std::shared_ptr<OpenAnswer> stream, EventFilter filter) {
  const std::lock_guard taps(taps_mutex_);
  Number number = 0;
  {
    const std::lock_guard lock(mutex_);
    number = ++last_;
    readers_.push_back({number, std::move(stream), EventQueue(std::move(filter)), Clock::now()});
  }
  if (tap_ == 0) tap_ = program_.add_tap([this](const event::EventPtr& event) { take(event); });
  return number;
}

void Watch::remove_reader(Number number) {
  const std::lock_guard taps(taps_mutex_);
  bool last = false;
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(readers_, [&](const Reader& reader) { return reader.number == number; });
    last = readers_.empty();
  }
  if (last && tap_ != 0) program_.remove_tap(std::exchange(tap_, 0));
}

void Watch::take(const event::EventPtr& event) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    bool any = false;
    for (auto& reader : readers_) {
      reader.queue.add(event);
      any = any || !reader.queue.empty();
    }
    wake = any && !std::exchange(waiting_, waiting_ || any);
  }
  if (wake) changed_.notify_one();
}

/// Text is made and written without the lock: a connector never waits for it.
void Watch::tell(Clock::time_point now) {
  struct Letter {
    std::shared_ptr<OpenAnswer> stream;
    EventQueue::Batch batch;
    bool last = false;
  };
  std::vector<Letter> letters;
  {
    const std::lock_guard lock(mutex_);
    waiting_ = false;
    for (auto& reader : readers_) {
      const bool quiet = now - reader.written >= heartbeat;
      if (reader.queue.empty() && !quiet) continue;
      auto batch = reader.queue.take(reader.stream->waiting() > behind);
      waiting_ = waiting_ || !reader.queue.empty();  // it has yet to be told what it missed
      if (batch.events.empty() && batch.dropped == 0 && !quiet) continue;
      reader.written = now;
      letters.push_back({reader.stream, std::move(batch), reader.queue.finished()});
    }
  }
  for (auto& letter : letters) {
    const std::string text = sse_text(letter.batch);
    letter.stream->write(text.empty() ? ": still here\n\n" : text);
    if (letter.last) letter.stream->end();
  }
}

void Watch::run() {
  auto sample_at = Clock::now();
  std::unique_lock lock(mutex_);
  while (!over_) {
    lock.unlock();
    const auto now = Clock::now();
    tell(now);
    if (now >= sample_at) {
      const Snapshot snapshot = program_.snapshot();
      const std::lock_guard rates(rates_mutex_);
      rates_.add(snapshot);
      sample_at = std::max(sample_at + RateHistory::step, now);
    }
    lock.lock();
    // What comes within a moment is written together.
    changed_.wait_for(lock, gathering, [this] { return over_; });
    const auto next = std::min(sample_at, Clock::now() + std::chrono::seconds(1));
    changed_.wait_until(lock, next, [this] { return over_ || waiting_; });
  }
}

}  // namespace tributary::admin
