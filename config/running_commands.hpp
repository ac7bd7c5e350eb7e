// The process groups of the commands that run now, so that a stop can end them all at once, whatever thread waits for
// one. One for the process, since signals and children are the process's.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <mutex>
#include <set>

namespace tributary::config {

// Ends every command that runs, with its whole process group, and lets none begin any more: the program stops. Whoever
// waits for one is told at once. It cannot be taken back. Never blocks for longer than a fork. Thread: any.
void end_commands();

class RunningCommands {
 public:
  static RunningCommands& of_process();

  // A group that has just been made. One that comes after the end is killed here.
  void add(pid_t group);
  // Kills what is left of the group and forgets it. Before its leader is reaped: until then the number is its own.
  void end(pid_t group);
  void end_all();

  [[nodiscard]] bool ended() const { return ended_; }
  // Readable for ever once all were ended; -1 when there is none.
  [[nodiscard]] int ended_descriptor() const { return descriptor_; }

 private:
  RunningCommands();

  std::mutex mutex_;
  std::set<pid_t> groups_;
  std::atomic<bool> ended_{false};
  int descriptor_;
};

}  // namespace tributary::config
