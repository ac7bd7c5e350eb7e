#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace tributary::daemon {

/// What the program tells the service manager that started it (systemd's notify protocol, sd_notify(3)): NOTIFY_SOCKET
/// names a datagram socket. Without that variable every call does nothing; a socket that cannot be written to is
/// nobody's trouble. Owned by `run`. Thread: main, `alive` any.
class Notify {
 public:
  /// Is there a service manager to tell?
  static bool wanted();
  /// It runs: configuration and spool are open. Also the end of what `reloading` began, whatever came of it.
  void ready();
  void reloading();
  /// It stops, and may need so long.
  void stopping(std::chrono::milliseconds patience);
  /// One line for people; what was told last is not told again.
  void status(std::string_view line);
  /// A ping for the service manager's watchdog.
  void alive();

  /// How long the service manager waits for a ping before it ends the program (WATCHDOG_USEC, if WATCHDOG_PID is this
  /// process); nothing: it waits for none.
  static std::optional<std::chrono::microseconds> watchdog();

 private:
  std::string told_;
};

}  // namespace tributary::daemon
