#include "sinks/lines.hpp"

#include <algorithm>
#include <cerrno>
#include <thread>
#include <utility>

#include "sinks/write_fault.hpp"

namespace tributary::sinks {
namespace {

using namespace std::chrono_literals;
using event::Sent;
using event::Verdict;

constexpr std::size_t buffer_limit = std::size_t{1} << 20U;
constexpr auto congested_pause = 20ms;

}  // namespace

LineSink::LineSink(std::unique_ptr<LineTarget> target, const Settings& settings, SinkObserver& observer)
    : target_(std::move(target)), settings_(settings), observer_(observer) {}

LineSink::~LineSink() { close(); }

/// What is unfinished is another's from here on. Only a line that was begun is ended, so that the next one is whole.
void LineSink::close() {
  if (written_ != 0 && written_ < buffer_.size() && buffer_[written_ - 1] != '\n') {
    target_->write(std::string_view(buffer_).substr(written_, buffer_.find('\n', written_) + 1 - written_));
  }
  buffer_.clear();
  waiting_.clear();
  written_ = 0;
}

std::string_view LineSink::stream_of(const event::Event& event) {
  return event.kind == event::Kind::activity ? "events" : "";
}

template <class Append>
Sent LineSink::append(std::uint64_t token, Append&& line) {
  thread_.check();
  if (buffer_.size() >= buffer_limit) return Sent::full;
  line();
  buffer_ += '\n';
  waiting_.push_back({token, buffer_.size()});
  return Sent::accepted;
}

Sent LineSink::send(std::string_view, const event::Event& event, std::uint64_t token, event::Manner) {
  return append(token, [&] { buffer_ += event.json_text(); });
}

Sent LineSink::send(std::string_view, const event::DeadLetter& letter, std::uint64_t token, event::Manner) {
  return append(token, [&] {
    buffer_ += R"({"dead_letter":)";
    buffer_ += letter.value;
    buffer_ += '}';
  });
}

/// Writes what there is. False when the target takes nothing at the moment.
bool LineSink::flush(std::vector<event::DeliveryReport>& reports) {
  if (written_ == buffer_.size()) return true;
  const auto [bytes, error] = target_->write(std::string_view(buffer_).substr(written_));
  written_ += bytes;
  if (bytes != 0 || error != EAGAIN) stuck_ = error == 0 || error == EAGAIN ? std::string_view() : code_of(error);
  if (bytes == 0 && error == EAGAIN) stuck_ = not_read;
  while (!waiting_.empty() && waiting_.front().end <= written_) {
    reports.push_back({waiting_.front().token, Verdict::delivered, {}});
    waiting_.pop_front();
  }
  if (error == EAGAIN) return false;
  say(error);
  for (const auto& rest : waiting_) {
    reports.push_back({rest.token, settings_.keeps ? Verdict::retriable : Verdict::failed, code_of(error)});
  }
  waiting_.clear();
  buffer_.clear();
  written_ = 0;
  return true;
}

void LineSink::say(int error) {
  if (std::exchange(down_, error != 0) == (error != 0)) return;
  const auto sign = error != 0 ? Sign::cannot_write : Sign::up;
  const std::string_view fate = settings_.keeps ? "; events wait" : "; its events are lost";
  const std::string text = error != 0 ? words_of(error).append(fate) : "lines are written again";
  observer_.on_news({sign, urgency(sign), target_->subject(), text});
}

void LineSink::poll(std::chrono::milliseconds timeout, std::vector<event::DeliveryReport>& reports) {
  thread_.check();
  const auto before = reports.size();
  const bool flowing = flush(reports);
  if (reports.size() != before) return;
  std::unique_lock lock(mutex_);
  if (flowing) {
    changed_.wait_for(lock, timeout, [this] { return woken_; });
  } else {
    // Nobody reads what we write: look again soon, whatever else comes in.
    changed_.wait_for(lock, std::min<std::chrono::milliseconds>(timeout, congested_pause), [] { return false; });
  }
  woken_ = false;
}

void LineSink::wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  changed_.notify_one();
}

void LineSink::reopen() {
  thread_.check();
  target_->reopen();
}

}  // namespace tributary::sinks
