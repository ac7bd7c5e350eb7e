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
#include <string_view>
#include <system_error>
#include <utility>

#include "config/running_commands.hpp"

extern char** environ;  // NOLINT: POSIX

namespace tributary::config {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view timeout_word = "timeout";

std::string reason(int error) { return std::generic_category().message(error); }

// The child's descriptors, directory, process group and signals.
class Preparation {
 public:
  Preparation(int output, int errors, const std::filesystem::path& directory) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, errors, STDERR_FILENO);
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

// One end of a pipe that the child writes to.
struct Source {
  int descriptor = -1;
  bool open = true;
};

// Reads what is there into `block`; how much, 0 at the end of it, which is noted.
std::string_view take(Source& source, std::array<char, 4'096>& block, std::string& fault) {
  const ssize_t size = ::read(source.descriptor, block.data(), block.size());
  if (size > 0) return {block.data(), static_cast<std::size_t>(size)};
  if (size < 0 && errno == EINTR) return {};
  if (size < 0) fault = "cannot be read: " + reason(errno);
  source.open = false;
  return {};
}

void keep_end(std::string& words, std::string_view more) {
  constexpr std::size_t kept = 1'024;
  words.append(more);
  if (words.size() > kept) words.erase(0, words.size() - kept);
}

// Reads to the end of standard output, and what comes of standard error until then.
void read_all(Source output, Source errors, CommandResult& result, std::size_t limit, Clock::time_point deadline) {
  const auto& commands = RunningCommands::of_process();
  result.output.reserve(limit + 1);  // never moved, so that no copy of a secret is left behind
  std::array<char, 4'096> block{};
  while (output.open && result.fault.empty()) {
    std::array<pollfd, 3> ready{{{output.descriptor, POLLIN, 0},
                                 {errors.open ? errors.descriptor : -1, POLLIN, 0},
                                 {commands.ended_descriptor(), POLLIN, 0}}};
    const int count = ::poll(ready.data(), ready.size(), milliseconds_until(deadline));
    if (count < 0 && errno != EINTR) result.fault = "cannot be waited for: " + reason(errno);
    if (Clock::now() >= deadline) result.fault = timeout_word;
    if (commands.ended()) break;
    if (count <= 0) continue;
    if (ready[1].revents != 0) keep_end(result.words, take(errors, block, result.fault));
    if (ready[0].revents == 0) continue;
    const auto printed = take(output, block, result.fault);
    const auto room = limit - result.output.size();
    result.output.append(printed.substr(0, room));
    if (printed.size() > room) result.fault = "printed more than " + format(Size{limit});
  }
  ::explicit_bzero(block.data(), block.size());
}

// What the child had written to standard error when it ended; it does not wait for a grandchild that goes on.
void read_rest(Source errors, std::string& words) {
  std::array<char, 4'096> block{};
  std::string ignored;
  for (int round = 0; round < 16; ++round) {
    pollfd ready{errors.descriptor, POLLIN, 0};
    if (::poll(&ready, 1, 0) <= 0) break;
    const auto more = take(errors, block, ignored);
    if (more.empty()) break;
    keep_end(words, more);
  }
}

// Waits until the child has ended, without reaping it. False at the deadline, or when the program stops.
bool await_end(pid_t child, Clock::time_point deadline) {
  for (;;) {
    siginfo_t ended{};
    const int result = ::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOHANG | WNOWAIT);
    if (result != 0 && errno != EINTR) return true;  // someone else reaped it
    if (result == 0 && ended.si_pid == child) return true;
    if (Clock::now() >= deadline || RunningCommands::of_process().ended()) return false;
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
  if (WEXITSTATUS(status) != 0) return "exited with " + std::to_string(WEXITSTATUS(status));
  return {};
}

class Pipe {
 public:
  Pipe() { made_ = ::pipe2(ends_.data(), O_CLOEXEC) == 0; }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close_write_end();
    if (made_) ::close(ends_[0]);
  }
  [[nodiscard]] bool made() const { return made_; }
  [[nodiscard]] int read_end() const { return ends_[0]; }
  [[nodiscard]] int write_end() const { return ends_[1]; }
  void close_write_end() {
    if (made_ && ends_[1] >= 0) ::close(std::exchange(ends_[1], -1));
  }

 private:
  std::array<int, 2> ends_{-1, -1};
  bool made_ = false;
};

}  // namespace

CommandResult run_command(const std::vector<std::string>& command, const std::filesystem::path& directory,
                          Duration timeout, std::size_t output_limit) {
  CommandResult result;
  auto& commands = RunningCommands::of_process();
  const auto deadline = Clock::now() + timeout;
  Pipe output;
  Pipe errors;
  if (command.empty() || !output.made() || !errors.made()) {
    result.fault = command.empty() ? "has no program" : "cannot be started: " + reason(errno);
    return result;
  }
  pid_t child = 0;
  if (!commands.ended()) {
    const int error = Preparation(output.write_end(), errors.write_end(), directory).spawn(command, child);
    if (error != 0) {
      result.fault = "cannot be started: " + reason(error);
      return result;
    }
    commands.add(child);
    output.close_write_end();
    errors.close_write_end();
    read_all({output.read_end()}, {errors.read_end()}, result, output_limit, deadline);
    if (result.fault.empty() && !await_end(child, deadline)) result.fault = timeout_word;
    if (result.fault == timeout_word) result.fault = "took longer than " + format(timeout) + " and was killed";
    read_rest({errors.read_end()}, result.words);
    commands.end(child);
    const std::string end = reap(child);
    if (result.fault.empty()) result.fault = end;
  }
  result.stopped = commands.ended();
  if (result.stopped) result.fault = "was ended, because the program stops";
  return result;
}

}  // namespace tributary::config
