#include "sinks/file/rotating_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "sinks/write_fault.hpp"

namespace tributary::sinks::file {
namespace {

constexpr mode_t mode = 0640;  // events are for the service's group at most

std::uint64_t unsigned_size(off_t size) { return static_cast<std::uint64_t>(size); }

}  // namespace

RotatingFile::RotatingFile(Settings settings, SinkObserver& observer)
    : settings_(std::move(settings)), name_(settings_.path.string()), observer_(observer) {}

RotatingFile::~RotatingFile() { close(); }

int RotatingFile::open() {
  if (descriptor_ >= 0) return 0;
  // Never blocks: a pipe that nobody reads must not hold up a stop. Files do not care.
  descriptor_ = ::open(name_.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, mode);
  if (descriptor_ < 0 && (errno == EINVAL || errno == ENXIO)) {  // a pipe that can only be written to
    descriptor_ = ::open(name_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  }
  if (descriptor_ < 0) return errno;
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) {
    const int error = errno;
    close();
    return error;
  }
  regular_ = S_ISREG(status.st_mode);
  size_ = regular_ ? unsigned_size(status.st_size) : 0;
  rotate_at_ = settings_.rotate;
  if (regular_ && size_ > 0) repair();
  return 0;
}

void RotatingFile::close() {
  if (descriptor_ < 0) return;
  if (regular_) static_cast<void>(::fdatasync(descriptor_));
  ::close(descriptor_);
  descriptor_ = -1;
}

void RotatingFile::reopen() {
  close();
  if (const int error = open()) return tell(Sign::cannot_write, words_of(error));
  tell(Sign::reopened, "reopened");
}

/// What is written to a file that was deleted, perhaps with its folder, is lost: it is made anew.
void RotatingFile::leave_if_deleted() {
  struct stat status {};
  if (descriptor_ < 0 || !regular_ || ::fstat(descriptor_, &status) != 0 || status.st_nlink != 0) return;
  close();
  if (open() == 0) tell(Sign::reopened, "somebody had deleted it: made anew");
}

/// Cuts off a last line that has no end: a crash stopped it. One that cannot be ours is ended instead.
void RotatingFile::repair() {
  std::array<char, 4096> block{};
  std::uint64_t end = size_;  // of what is known to hold no line end
  std::uint64_t line = 0;     // where the last line begins
  while (end > 0 && line == 0) {
    const auto count = std::min<std::uint64_t>(end, block.size());
    const auto got = ::pread(descriptor_, block.data(), count, static_cast<off_t>(end - count));
    if (got != static_cast<ssize_t>(count)) return;
    const auto found = std::string_view(block.data(), count).rfind('\n');
    if (found != std::string_view::npos) line = end - count + found + 1;
    end -= count;
  }
  if (line == size_) return;
  std::array<char, 2> head{};
  const bool ours =
      ::pread(descriptor_, head.data(), head.size(), static_cast<off_t>(line)) == 2 && head[0] == '{' && head[1] == '"';
  if (ours ? ::ftruncate(descriptor_, static_cast<off_t>(line)) == 0 : ::write(descriptor_, "\n", 1) == 1) {
    tell(Sign::truncated, ours ? "cut off a line that a crash had left unfinished" : "ended a foreign last line");
    size_ = ours ? line : size_ + 1;
  }
}

/// path.1 → path.2 → … ; the last one goes. On any failure the old file is written on.
void RotatingFile::rotate() {
  const auto aside = [&](int number) { return name_ + "." + std::to_string(number); };
  for (int number = settings_.keep; number > 1; --number) {
    if (std::rename(aside(number - 1).c_str(), aside(number).c_str()) != 0 && errno != ENOENT) {
      rotate_at_ += settings_.rotate;
      return tell(Sign::not_rotated, "cannot be moved aside, grows on: " + words_of(errno));
    }
  }
  if (std::rename(name_.c_str(), aside(1).c_str()) != 0) {
    rotate_at_ += settings_.rotate;
    return tell(Sign::not_rotated, "cannot be moved aside, grows on: " + words_of(errno));
  }
  close();
}

/// How many bytes of whole lines go before the next rotation; 0: it is due now.
std::size_t RotatingFile::part_that_fits(std::string_view lines) const {
  if (settings_.rotate == 0 || !regular_) return lines.size();
  const auto room = rotate_at_ > size_ ? rotate_at_ - size_ : 0;
  if (lines.size() <= room) return lines.size();
  const auto last = room == 0 ? std::string_view::npos : lines.rfind('\n', static_cast<std::size_t>(room) - 1);
  if (last != std::string_view::npos) return last + 1;
  return size_ == 0 ? lines.find('\n') + 1 : 0;  // one line that is larger than the limit has a file of its own
}

LineTarget::Written RotatingFile::write_part(std::string_view part) {
  std::size_t done = 0;
  while (done < part.size()) {
    const auto count = ::write(descriptor_, part.data() + done, part.size() - done);
    if (count > 0) {
      done += static_cast<std::size_t>(count);
    } else if (errno != EINTR) {
      const int error = count == 0 ? EIO : errno;
      if (error == EAGAIN) return {done, EAGAIN};
      const auto last = done == 0 ? std::string_view::npos : part.rfind('\n', done - 1);
      const auto whole = last == std::string_view::npos ? 0 : last + 1;
      if (whole != done && regular_) {
        // A torn line: off with it. Should that fail too, opening the file anew repairs it.
        if (::ftruncate(descriptor_, static_cast<off_t>(size_ + whole)) != 0) close();
      }
      size_ += whole;
      return {whole, error};
    }
  }
  size_ += done;
  return {done, 0};
}

LineTarget::Written RotatingFile::write(std::string_view lines) {
  std::size_t total = 0;
  leave_if_deleted();
  while (!lines.empty()) {
    if (const int error = open()) return {total, error};
    const auto fits = part_that_fits(lines);
    if (fits == 0) {
      rotate();
      continue;
    }
    const auto [bytes, error] = write_part(lines.substr(0, fits));
    total += bytes;
    if (error != 0) return {total, error};
    lines.remove_prefix(bytes);
  }
  return {total, 0};
}

void RotatingFile::tell(Sign sign, std::string_view text) { observer_.on_news({sign, urgency(sign), name_, text}); }

}  // namespace tributary::sinks::file
