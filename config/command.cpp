#include "config/command.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <system_error>

extern char** environ;  // NOLINT: POSIX

namespace tributary::config {
namespace {

using Clock = std::chrono::steady_clock;

std::string reason(int error) { return std::generic_category().message(error); }

// The child's descriptors, directory, process group and signals.
class Preparation {
 public:
  Preparation(int output, const std::filesystem::path& directory) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    ::posix_spawn_file_actions_addopen(&actions_, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    ::posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
    if (!directory.empty()) ::posix_spawn_file_actions_addchdir_np(&actions_, directory.c_str());
    ::posix_spawnattr_init(&attributes_);
    sigset_t signals;
    ::sigfillset(&signals);
    ::posix_spawnattr_setsigdefault(&attributes_, &signals);
    ::sigemptyset(&signals);
    ::posix_spawnattr_setsigmask(&attributes_, &signals);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  }
  Preparation(const Preparation&) = delete;
  Preparation& operator=(const Preparation&) = delete;
  ~Preparation() {
    ::posix_spawnattr_destroy(&attributes_);
    ::posix_spawn_file_actions_destroy(&actions_);
  }

  int spawn(const std::vector<std::string>& command, pid_t& child) const {
    std::vector<char*> words;
    words.reserve(command.size() + 1);
    for (const auto& word : command) words.push_back(const_cast<char*>(word.c_str()));  // NOLINT: not written to
    words.push_back(nullptr);
    return ::posix_spawnp(&child, words.front(), &actions_, &attributes_, words.data(), environ);
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

int milliseconds_until(Clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return left <= 0 ? 0 : static_cast<int>(std::min<std::int64_t>(left + 1, 60'000));
}

// Reads to the end of the pipe. "" or what went wrong.
std::string read_all(int pipe, std::string& output, std::size_t limit, Clock::time_point deadline) {
  output.reserve(limit + 1);  // never moved, so that no copy of a secret is left behind
  std::array<char, 4'096> block{};
  std::string fault;
  while (fault.empty()) {
    pollfd ready{pipe, POLLIN, 0};
    const int count = ::poll(&ready, 1, milliseconds_until(deadline));
    if (count < 0 && errno != EINTR) fault = "cannot be waited for: " + reason(errno);
    if (Clock::now() >= deadline) fault = "timeout";
    if (count <= 0) continue;
    const ssize_t size = ::read(pipe, block.data(), block.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) fault = "cannot be read: " + reason(errno);
    if (size <= 0) break;
    const auto room = limit - output.size();
    output.append(block.data(), std::min(static_cast<std::size_t>(size), room));
    if (static_cast<std::size_t>(size) > room) fault = "printed more than " + format(Size{limit});
  }
  ::explicit_bzero(block.data(), block.size());
  return fault;
}

// Waits until the child has ended, without reaping it. False at the deadline.
bool await_end(pid_t child, Clock::time_point deadline) {
  for (;;) {
    siginfo_t ended{};
    const int result = ::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOHANG | WNOWAIT);
    if (result != 0 && errno != EINTR) return true;  // someone else reaped it
    if (result == 0 && ended.si_pid == child) return true;
    if (Clock::now() >= deadline) return false;
    ::poll(nullptr, 0, 5);
  }
}

std::string reap(pid_t child) {
  int status = 0;
  pid_t result = 0;
  do {
    result = ::waitpid(child, &status, 0);
  } while (result < 0 && errno == EINTR);
  if (result < 0) return "ended, but its status is not known: " + reason(errno);
  if (WIFSIGNALED(status)) return "was ended by signal " + std::to_string(WTERMSIG(status));
  if (WEXITSTATUS(status) != 0) return "ended with status " + std::to_string(WEXITSTATUS(status));
  return {};
}

}  // namespace

CommandResult run_command(const std::vector<std::string>& command, const std::filesystem::path& directory,
                          Duration timeout, std::size_t output_limit) {
  CommandResult result;
  const auto deadline = Clock::now() + timeout;
  std::array<int, 2> ends{};
  if (command.empty() || ::pipe2(ends.data(), O_CLOEXEC) != 0) {
    result.fault = command.empty() ? "has no program" : "cannot be started: " + reason(errno);
    return result;
  }
  pid_t child = 0;
  const int error = Preparation(ends[1], directory).spawn(command, child);
  ::close(ends[1]);
  if (error != 0) {
    ::close(ends[0]);
    result.fault = "cannot be started: " + reason(error);
    return result;
  }
  result.fault = read_all(ends[0], result.output, output_limit, deadline);
  ::close(ends[0]);
  if (result.fault.empty() && !await_end(child, deadline)) result.fault = "timeout";
  if (result.fault == "timeout") result.fault = "took longer than " + format(timeout) + " and was killed";
  ::kill(-child, SIGKILL);  // before reaping: until then the group's number is ours
  const std::string end = reap(child);
  if (result.fault.empty()) result.fault = end;
  return result;
}

}  // namespace tributary::config
