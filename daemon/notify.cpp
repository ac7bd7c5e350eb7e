#include "daemon/notify.hpp"

#include <systemd/sd-daemon.h>

#include <cstdint>
#include <cstdlib>

namespace tributary::daemon {
namespace {

/// Its result is of no use: nobody but the service manager can mend its socket.
void tell(const std::string& lines) { static_cast<void>(::sd_notify(0, lines.c_str())); }

/// What the end of a stop needs beyond the time of the sinks: commits, threads, the account.
constexpr std::chrono::seconds for_the_end{10};

}  // namespace

bool Notify::wanted() { return std::getenv("NOTIFY_SOCKET") != nullptr; }

void Notify::ready() { tell("READY=1"); }

void Notify::reloading() {
  // The service manager compares the time with its own, of the same clock, to know which reload this is.
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  tell("RELOADING=1\nMONOTONIC_USEC=" +
       std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(now).count()));
}

void Notify::stopping(std::chrono::milliseconds patience) {
  const std::chrono::microseconds time = patience + for_the_end;
  tell("STOPPING=1\nEXTEND_TIMEOUT_USEC=" + std::to_string(time.count()));
}

void Notify::status(std::string_view line) {
  if (line == told_) return;
  told_ = line;
  tell("STATUS=" + told_);
}

void Notify::alive() { tell("WATCHDOG=1"); }

std::optional<std::chrono::microseconds> Notify::watchdog() {
  std::uint64_t time = 0;
  if (::sd_watchdog_enabled(0, &time) <= 0) return std::nullopt;
  return std::chrono::microseconds(time);
}

}  // namespace tributary::daemon
