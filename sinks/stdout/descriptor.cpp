#include "sinks/stdout/descriptor.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <string>
#include <utility>

namespace tributary::sinks::standard_output {
namespace {

constexpr int patience_ms = 100;
constexpr std::size_t large_chunk = std::size_t{256} << 10U;

mode_t type_of(int descriptor) {
  struct stat status {};
  return ::fstat(descriptor, &status) == 0 ? status.st_mode & S_IFMT : 0;
}

/// The same pipe or terminal with flags of its own; -1 where that is not possible or not needed.
int opened_anew(int descriptor) {
  const auto type = type_of(descriptor);
  if (type != S_IFIFO && (type != S_IFCHR || ::isatty(descriptor) != 1)) return -1;
  const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
  return ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

}  // namespace

Descriptor::Descriptor(int descriptor, std::string name)
    : socket_(type_of(descriptor) == S_IFSOCK),
      own_(opened_anew(descriptor)),
      descriptor_(own_ >= 0 ? own_ : descriptor),
      name_(std::move(name)),
      chunk_(own_ >= 0 || socket_ || type_of(descriptor) == S_IFREG ? large_chunk : PIPE_BUF) {}

Descriptor::~Descriptor() {
  if (own_ >= 0) ::close(own_);
}

ssize_t Descriptor::write_some(std::string_view part) const {
  part = part.substr(0, chunk_);
  return socket_ ? ::send(descriptor_, part.data(), part.size(), MSG_DONTWAIT | MSG_NOSIGNAL)
                 : ::write(descriptor_, part.data(), part.size());
}

LineTarget::Written Descriptor::write(std::string_view lines) {
  std::size_t done = 0;
  while (done < lines.size()) {
    struct pollfd ready {
      descriptor_, POLLOUT, 0
    };
    const int count = ::poll(&ready, 1, patience_ms);
    if (count == 0) return {done, EAGAIN};
    if (count < 0 && errno != EINTR) return {done, errno};
    if (count < 0) continue;
    const auto part = write_some(lines.substr(done));
    if (part >= 0) {
      done += static_cast<std::size_t>(part);
    } else if (errno != EINTR) {
      return {done, errno == EWOULDBLOCK ? EAGAIN : errno};
    }
  }
  return {done, 0};
}

}  // namespace tributary::sinks::standard_output
