#include "config/running_commands.hpp"

#include <signal.h>
#include <sys/eventfd.h>

namespace tributary::config {

void end_commands() { RunningCommands::of_process().end_all(); }

RunningCommands& RunningCommands::of_process() {
  static auto& all = *new RunningCommands;  // never destroyed: a worker that hangs may outlive main()
  return all;
}

RunningCommands::RunningCommands() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void RunningCommands::add(pid_t group) {
  const std::lock_guard lock(mutex_);
  groups_.insert(group);
  if (ended_) ::kill(-group, SIGKILL);
}

void RunningCommands::end(pid_t group) {
  const std::lock_guard lock(mutex_);
  ::kill(-group, SIGKILL);
  groups_.erase(group);
}

void RunningCommands::end_all() {
  ended_ = true;
  if (descriptor_ >= 0) ::eventfd_write(descriptor_, 1);
  const std::lock_guard lock(mutex_);
  for (const pid_t group : groups_) ::kill(-group, SIGKILL);
}

}  // namespace tributary::config
