#pragma once

#include <atomic>

namespace tributary::daemon {

/// What signals have asked for. SIGTERM and SIGINT are counted; SIGUSR1 (reopen) and SIGHUP (reload)
/// are wishes that are taken once.
/// Installed once by a command, before any thread starts. Thread: main.
class Signals {
 public:
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  int stops() const;
  bool take_reopen();
  bool take_reload();
  /// Waits until a signal comes, at most `milliseconds`.
  void wait(int milliseconds);
};

}  // namespace tributary::daemon
