// Secrets at run time: reading one from where the configuration says it is, and noticing that it changed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "config/values.hpp"

namespace tributary::config {

// A secret's bytes, at most 64 KiB. It has no operator<< and no conversion: reveal() is the only way to them, and is
// easy to search for. Wiped when destroyed or assigned over. Move-only, so that copies are made on purpose (copy()).
// Thread: any, one at a time.
class SecretValue {
 public:
  SecretValue() = default;
  explicit SecretValue(std::string&& secret);  // takes the bytes and wipes what is left behind
  SecretValue(SecretValue&& other) noexcept;
  SecretValue& operator=(SecretValue&& other) noexcept;
  SecretValue(const SecretValue&) = delete;
  SecretValue& operator=(const SecretValue&) = delete;
  ~SecretValue();

  [[nodiscard]] std::string_view reveal() const { return secret_; }
  [[nodiscard]] bool empty() const { return secret_.empty(); }
  [[nodiscard]] SecretValue copy() const;

 private:
  void wipe() noexcept;

  std::string secret_;
};

// Why a secret could not be read, in words; holds nothing of the secret.
struct SecretFault {
  std::string message;
  bool stopped = false;  // the program stops: nobody is to be troubled with it
};

// How many lines a secret may have: those of PEM, else one.
enum class SecretLines : std::uint8_t { one, many };

// By the key it is for: `ssl.key.pem` of librdkafka, and what is named like it.
SecretLines lines_of(std::string_view key);

// "" when the text can be a secret, else why not: what SecretReader would say of it.
std::string text_fault(const std::string& text, SecretLines lines);

inline constexpr std::size_t secret_limit = std::size_t{64} << 10U;

// Reads a secret anew at each call: a file through symlinks, an environment variable, a systemd credential
// ($CREDENTIALS_DIRECTORY/NAME), what a command prints (no shell; its process group is killed at the timeout), or the
// value itself. A byte order mark and the line ends at the end are cut off. A secret is plain text in UTF-8 on one
// line: an empty one, another encoding, a line break or a control character inside are faults, so that nothing is
// dialled with it. Blocking, a command up to its timeout or the program's stop: call it on a worker thread. Holds no
// state; Thread: any, also at once. Safe beside other threads that fork.
class SecretReader {
 public:
  [[nodiscard]] std::variant<SecretValue, SecretFault> read(const Secret& secret,
                                                            SecretLines lines = SecretLines::one) const;
};

// What a file looked like, through symlinks: Kubernetes swaps a directory link, so the name itself never changes.
struct FileSignature {
  bool present = false;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;

  friend bool operator==(const FileSignature&, const FileSignature&) = default;
};

FileSignature sign(const std::filesystem::path& file);  // one stat(2); an error is "not present"

// Decides whether a secret changed between two looks; the caller owns the clock and the polling. The first look is the
// base. Only {file} can change. Thread: one at a time.
class SecretWatch {
 public:
  explicit SecretWatch(const Secret& secret);

  // Looks at the file (one stat). True once for each change seen; a file that vanishes is not a change until it is
  // back.
  bool changed();
  // The same, pure: the signature is given.
  bool changed(const FileSignature& now);

 private:
  std::string file_;  // empty: never changes
  std::optional<FileSignature> last_;
};

}  // namespace tributary::config
