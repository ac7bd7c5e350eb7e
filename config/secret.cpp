#include "config/secret.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "config/command.hpp"
#include "config/complaint.hpp"
#include "config/file_words.hpp"
#include "config/plain_text.hpp"

namespace tributary::config {
namespace {

// "" when the text may be sent as a secret, else why not. Says nothing of what is in it.
std::string shape_fault(std::string_view text, SecretLines lines) {
  if (auto fault = encoding_fault(text); !fault.empty()) return fault;
  const bool one_line = lines == SecretLines::one;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool line_break = byte == '\n' || byte == '\r';
    if (line_break && one_line) return "has a line break inside; expected one line";
    if (line_break || (byte == '\t' && !one_line)) continue;
    const bool c1 = byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (byte < 0x20 || byte == 0x7f || c1) return "has a control character inside; expected plain text";
  }
  return {};
}

std::variant<SecretValue, SecretFault> checked(std::string&& bytes, const std::string& source, SecretLines lines) {
  auto text = without_byte_order_mark(bytes);
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  std::string fault;
  if (text.size() > secret_limit) {
    fault = "is larger than " + format(Size{secret_limit});
  } else if (text.empty()) {
    fault = source.starts_with("command ") ? "prints nothing; expected the secret on its standard output" : "is empty";
  } else {
    fault = shape_fault(text, lines);
  }
  if (!fault.empty()) {
    const SecretValue wiped(std::move(bytes));
    return SecretFault{source + " " + fault};
  }
  const std::size_t size = text.size();
  std::copy(text.begin(), text.end(), bytes.begin());
  std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(size), bytes.end(), '\0');
  bytes.resize(size);
  return SecretValue(std::move(bytes));
}

std::variant<SecretValue, SecretFault> read_file(const std::filesystem::path& file, const std::string& source,
                                                 SecretLines lines) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return SecretFault{source + " cannot be read: " + file_words(errno)};
  struct stat status {};
  std::string bytes(secret_limit + 6,
                    '\0');  // room for a mark and a line end, and one more to see that it is too large
  std::size_t size = 0;
  std::optional<SecretFault> fault;
  if (::fstat(descriptor, &status) != 0) {
    fault = SecretFault{source + " cannot be read: " + file_words(errno)};
  } else if (!S_ISREG(status.st_mode)) {
    fault = SecretFault{source + " is not a regular file"};
  }
  while (!fault && size < bytes.size()) {
    const ssize_t count = ::read(descriptor, bytes.data() + size, bytes.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fault = SecretFault{source + " cannot be read: " + file_words(errno)};
    if (count <= 0) break;
    size += static_cast<std::size_t>(count);
  }
  ::close(descriptor);
  if (fault) return *fault;
  bytes.resize(size);
  return checked(std::move(bytes), source, lines);
}

std::variant<SecretValue, SecretFault> read_command(const Secret& secret, const std::string& source,
                                                    SecretLines lines) {
  CommandResult result = run_command(secret.command, secret.directory, secret.timeout, secret_limit + 5);
  if (!result.fault.empty()) {
    const std::string words = result.stopped ? "" : complaint(result.words, result.output);
    const SecretValue wiped(std::move(result.output));
    return SecretFault{source + " " + result.fault + (words.empty() ? "" : ": \"" + words + "\""), result.stopped};
  }
  return checked(std::move(result.output), source, lines);
}

}  // namespace

SecretValue::SecretValue(std::string&& secret) : secret_(secret) {
  SecretValue left;
  left.secret_.swap(secret);
}

SecretValue::SecretValue(SecretValue&& other) noexcept {
  secret_.swap(other.secret_);
  other.wipe();
}

SecretValue& SecretValue::operator=(SecretValue&& other) noexcept {
  if (this == &other) return *this;
  wipe();
  secret_.swap(other.secret_);
  return *this;
}

SecretValue::~SecretValue() { wipe(); }

SecretValue SecretValue::copy() const {
  SecretValue twin;
  twin.secret_ = secret_;
  return twin;
}

void SecretValue::wipe() noexcept {
  secret_.resize(secret_.capacity());  // within the capacity: nothing is allocated
  ::explicit_bzero(secret_.data(), secret_.size());
  secret_.clear();
}

std::variant<SecretValue, SecretFault> SecretReader::read(const Secret& secret, SecretLines lines) const {
  const std::string source = describe(secret);
  switch (secret.kind) {
    case Secret::Kind::none:
      return SecretFault{"no secret is configured"};
    case Secret::Kind::file:
      return read_file(secret.path, "file " + secret.path, lines);
    case Secret::Kind::env: {
      const char* const value = std::getenv(secret.name.c_str());
      if (value == nullptr) return SecretFault{source + " is not set"};
      return checked(value, source, lines);
    }
    case Secret::Kind::credential: {
      const char* const directory = std::getenv("CREDENTIALS_DIRECTORY");
      if (directory == nullptr) return SecretFault{source + " cannot be read: CREDENTIALS_DIRECTORY is not set"};
      return read_file(std::filesystem::path(directory) / secret.name, source, lines);
    }
    case Secret::Kind::command:
      return read_command(secret, source, lines);
    case Secret::Kind::value:
      return checked(std::string(secret.name), source, lines);
  }
  return SecretFault{"no secret is configured"};
}

SecretLines lines_of(std::string_view key) { return key.ends_with(".pem") ? SecretLines::many : SecretLines::one; }

std::string text_fault(const std::string& text, SecretLines lines) {
  const auto read = checked(std::string(text), {}, lines);
  const auto* const fault = std::get_if<SecretFault>(&read);
  return fault == nullptr ? std::string() : fault->message.substr(1);
}

FileSignature sign(const std::filesystem::path& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return {};
  const auto nanoseconds = [](const timespec& time) {
    return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::int64_t>(time.tv_nsec);
  };
  return {true,
          static_cast<std::uint64_t>(status.st_dev),
          static_cast<std::uint64_t>(status.st_ino),
          static_cast<std::int64_t>(status.st_size),
          nanoseconds(status.st_mtim),
          nanoseconds(status.st_ctim)};
}

SecretWatch::SecretWatch(const Secret& secret) {
  if (secret.kind == Secret::Kind::file) file_ = secret.path;
}

bool SecretWatch::changed() { return !file_.empty() && changed(sign(file_)); }

bool SecretWatch::changed(const FileSignature& now) {
  if (!last_) {
    last_ = now;
    return false;
  }
  if (!now.present || now == *last_) return false;
  last_ = now;
  return true;
}

}  // namespace tributary::config
