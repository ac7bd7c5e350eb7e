#include "sinks/stdout/descriptor.hpp"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

namespace tributary::sinks::standard_output {
namespace {

constexpr int patience_ms = 100;
constexpr std::size_t file_chunk = std::size_t{256} << 10U;

std::size_t chunk_of(int descriptor) {
  struct stat status {};
  const bool regular = ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
  return regular ? file_chunk : PIPE_BUF;
}

}  // namespace

Descriptor::Descriptor(int descriptor, std::string name)
    : descriptor_(descriptor), name_(std::move(name)), chunk_(chunk_of(descriptor)) {}

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
    const auto part = ::write(descriptor_, lines.data() + done, std::min(chunk_, lines.size() - done));
    if (part >= 0) {
      done += static_cast<std::size_t>(part);
    } else if (errno != EINTR) {
      return {done, errno == EWOULDBLOCK ? EAGAIN : errno};
    }
  }
  return {done, 0};
}

}  // namespace tributary::sinks::standard_output
