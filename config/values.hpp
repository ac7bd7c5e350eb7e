// The kinds of value a configuration holds beside text and numbers, and their spelling: durations (`250ms 10s 5m 24h`),
// sizes (`512B 64KiB 4MiB 1GiB`), paths, and where a secret is to be found. Plain values, owned by the settings that
// hold them. Thread: any. A bad spelling is an empty optional, never an exception.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tributary::config {

using Duration = std::chrono::milliseconds;

struct Size {
  std::uint64_t bytes = 0;

  friend constexpr auto operator<=>(const Size&, const Size&) = default;  // NOLINT: the 0 it compares with is its own
};

constexpr Size kib(std::uint64_t count) { return {count << 10U}; }
constexpr Size mib(std::uint64_t count) { return {count << 20U}; }
constexpr Size gib(std::uint64_t count) { return {count << 30U}; }

// A path as written, and the same resolved against the directory of the file that names it. "" is "none".
struct Path {
  std::string text;
  std::filesystem::path resolved;

  Path() = default;
  Path(std::string written) : text(std::move(written)), resolved(text) {}  // NOLINT: a default is written as text
  Path(const char* written) : Path(std::string(written)) {}                // NOLINT
  [[nodiscard]] bool empty() const { return text.empty(); }
  bool operator==(const Path&) const = default;
};

// Where a secret is found, never the secret itself (but for `value`, which the reader of the file warns about).
struct Secret {
  enum class Kind : std::uint8_t { none, file, env, credential, command, value };

  Kind kind = Kind::none;
  std::string name;                  // file: as written; env, credential: the name; value: the secret in plain text
  std::string path;                  // file: resolved. Text, since a path takes as much again for each of its parts
  std::vector<std::string> command;  // command: its words; no shell
  std::string directory;             // command: the directory of the file that names it, where a relative one starts
  Duration timeout = std::chrono::seconds(10);  // command: then it is killed

  [[nodiscard]] bool empty() const { return kind == Kind::none; }
  bool operator==(const Secret&) const = default;
};

// One word for people: "file secrets/se.jwt", "env NAME", "command fetch-token", "value". Never the secret.
std::string describe(const Secret& secret);

// "10s" → 10,000 ms. A whole number and one of ms, s, m, h, at most ten years. `0` without a unit is refused.
std::optional<Duration> parse_duration(std::string_view text);
bool is_too_long(std::string_view text);  // spelled as a duration, but longer
std::string format(Duration duration);    // in the largest unit that divides it

// "64KiB" → 65,536. A whole number and one of B, KiB, MiB, GiB, TiB, at most 2^53.
std::optional<Size> parse_size(std::string_view text);
bool is_too_large(std::string_view text);  // spelled as a size, but larger
std::string format(Size size);             // in the largest unit that divides it

}  // namespace tributary::config
