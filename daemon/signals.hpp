#pragma once

#include <chrono>
#include <memory>

namespace tributary::daemon {

/// What signals have asked for. SIGTERM and SIGINT are counted; SIGUSR1 (reopen) and SIGHUP (reload)
/// are wishes that are taken once.
///
/// A thread of its own looks at them, so that they do something whatever the program is blocked in (a write to a full
/// pipe, a file on a dead mount, a name resolution): the first stop ends the commands of secrets; when the second has
/// not ended the program after `grace`, it is ended with exit code 1.
/// Installed once by a command, before any other thread starts. Thread: main.
class Signals {
 public:
  enum class Stops {
    asked,   ///< the first asks for a stop, the second ends the program
    obeyed,  ///< the first ends the program as the signal would: there is nothing to finish
  };

  explicit Signals(Stops stops = Stops::asked);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  int stops() const;
  bool take_reopen();
  bool take_reload();
  /// Waits until a signal comes, or somebody wakes it, at most `milliseconds`.
  void wait(int milliseconds);
  /// Ends a `wait`, or the next one. Thread: any.
  void wake();
  /// All has been said: what cannot be put away within `patience` (a thread that hangs) is left to the system, and the
  /// program ends with `code`.
  void leave(int code, std::chrono::milliseconds patience);

 private:
  class Watch;
  std::unique_ptr<Watch> watch_;
};

/// Ctrl-C (and SIGTERM) is how somebody who only looks ends it: from now on it ends the process at once, with exit code
/// 0. Not beside a `Signals`.
void end_well_at_ctrl_c();

}  // namespace tributary::daemon
