#include "daemon/signals.hpp"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <system_error>
#include <utility>

namespace tributary::daemon {
namespace {

int descriptor = -1;
constexpr std::chrono::milliseconds one_wish{50};
int stops_seen = 0;
std::chrono::steady_clock::time_point last_stop;
bool reopen_seen = false;
bool reload_seen = false;

void drain() {
  signalfd_siginfo info{};
  while (::read(descriptor, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    if (info.ssi_signo == SIGUSR1) {
      reopen_seen = true;
    } else if (info.ssi_signo == SIGHUP) {
      reload_seen = true;
    } else {
      // What signals a process and then its whole group means one thing by it.
      const auto now = std::chrono::steady_clock::now();
      if (stops_seen == 0 || now - last_stop > one_wish) ++stops_seen;
      last_stop = now;
    }
  }
}

sigset_t watched() {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : {SIGTERM, SIGINT, SIGUSR1, SIGHUP}) sigaddset(&set, signal);
  return set;
}

}  // namespace

Signals::Signals() {
  const sigset_t set = watched();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);  // threads made later inherit it
  descriptor = ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  if (descriptor < 0) throw std::system_error(errno, std::generic_category(), "signalfd");
}

Signals::~Signals() {
  ::close(descriptor);
  descriptor = -1;
}

int Signals::stops() const {
  drain();
  return stops_seen;
}

bool Signals::take_reopen() {
  drain();
  return std::exchange(reopen_seen, false);
}

bool Signals::take_reload() {
  drain();
  return std::exchange(reload_seen, false);
}

void Signals::wait(int milliseconds) {
  pollfd poller{descriptor, POLLIN, 0};
  ::poll(&poller, 1, milliseconds);
}

}  // namespace tributary::daemon
