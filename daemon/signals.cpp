#include "daemon/signals.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <optional>
#include <system_error>
#include <thread>

#include "config/running_commands.hpp"
#include "daemon/commands.hpp"

namespace tributary::daemon {
namespace {

using Clock = std::chrono::steady_clock;

/// What signals a process and then its whole group means one thing by it.
constexpr std::chrono::milliseconds one_wish{50};
/// After the second stop, for the account and what is nearly done.
constexpr std::chrono::milliseconds grace{1'000};

class Descriptor {
 public:
  Descriptor(int descriptor, const char* what) : descriptor_(descriptor) {
    if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), what);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { ::close(descriptor_); }
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

sigset_t watched(Signals::Stops stops) {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : {SIGTERM, SIGINT}) sigaddset(&set, signal);
  if (stops == Signals::Stops::asked) {
    for (int signal : {SIGUSR1, SIGHUP}) sigaddset(&set, signal);
  }
  return set;
}

sigset_t blocked(Signals::Stops stops) {
  const sigset_t set = watched(stops);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);  // threads made later inherit it
  return set;
}

/// Ends the program as `signal` would if nobody looked at it.
void die_of(int signal) {
  std::signal(signal, SIG_DFL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  ::raise(signal);
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  ::_exit(failed);
}

}  // namespace

/// The thread that looks, and what it shares with main.
class Signals::Watch {
 public:
  explicit Watch(Stops kind)
      : kind_(kind),
        set_(blocked(kind)),
        signals_(::signalfd(-1, &set_, SFD_NONBLOCK | SFD_CLOEXEC), "signalfd"),
        news_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd"),
        orders_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd"),
        thread_([this] { look(); }) {}
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch() {
    done_ = true;
    ::eventfd_write(orders_.get(), 1);
    thread_.join();
  }

  void wait(int milliseconds) {
    pollfd poller{news_.get(), POLLIN, 0};
    ::poll(&poller, 1, milliseconds);
    eventfd_t ignored = 0;
    ::eventfd_read(news_.get(), &ignored);
  }

  void wake() { ::eventfd_write(news_.get(), 1); }

  void leave(int code, std::chrono::milliseconds patience) {
    code_ = code;
    leave_within_ms_ = static_cast<int>(patience.count());
    ::eventfd_write(orders_.get(), 1);
  }

  std::atomic<int> stops{0};
  std::atomic<bool> reopen{false}, reload{false};

 private:
  void look() {
    std::optional<Clock::time_point> end;
    while (!done_) {
      int patience = -1;
      if (end) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(*end - Clock::now());
        patience = static_cast<int>(std::max<std::int64_t>(left.count(), 0));
      }
      pollfd pollers[] = {{signals_.get(), POLLIN, 0}, {orders_.get(), POLLIN, 0}};
      const int ready = ::poll(pollers, 2, patience);
      if (ready == 0 && end) ::_exit(code_);
      eventfd_t ignored = 0;
      ::eventfd_read(orders_.get(), &ignored);
      take_signals();
      const auto now = Clock::now();
      const auto end_by = [&](std::chrono::milliseconds wait) { end = std::min(end.value_or(now + wait), now + wait); };
      if (const int left = leave_within_ms_.exchange(-1); left >= 0) end_by(std::chrono::milliseconds(left));
      if (stops > 1) end_by(grace);
    }
  }

  void take_signals() {
    signalfd_siginfo info{};
    while (::read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
      if (info.ssi_signo == SIGUSR1) {
        reopen = true;
      } else if (info.ssi_signo == SIGHUP) {
        reload = true;
      } else {
        config::end_commands();
        if (kind_ == Stops::obeyed) die_of(static_cast<int>(info.ssi_signo));
        const auto now = Clock::now();
        if (stops == 0 || now - last_stop_ > one_wish) ++stops;
        last_stop_ = now;
      }
      ::eventfd_write(news_.get(), 1);
    }
  }

  const Stops kind_;
  const sigset_t set_;
  const Descriptor signals_, news_, orders_;
  Clock::time_point last_stop_;
  std::atomic<bool> done_{false};
  std::atomic<int> code_{failed}, leave_within_ms_{-1};
  std::thread thread_;  ///< the last: it uses all of them
};

Signals::Signals(Stops stops) : watch_(std::make_unique<Watch>(stops)) {}

Signals::~Signals() = default;

int Signals::stops() const { return watch_->stops; }

bool Signals::take_reopen() { return watch_->reopen.exchange(false); }

bool Signals::take_reload() { return watch_->reload.exchange(false); }

void Signals::wait(int milliseconds) { watch_->wait(milliseconds); }

void Signals::wake() { watch_->wake(); }

void Signals::leave(int code, std::chrono::milliseconds patience) { watch_->leave(code, patience); }

void end_well_at_ctrl_c() {
  for (const int number : {SIGINT, SIGTERM}) {
    std::signal(number, [](int) { ::_exit(0); });  // what is printed is printed in whole lines
  }
}

}  // namespace tributary::daemon
