#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace tributary::connectors {

/// The people of a simulated live show: viewers with names in many scripts, what they write, and how lively it is just
/// now. The same seed gives the same people. Pure. Owner: one simulator. Thread: its owner's.
class Audience {
 public:
  struct Viewer {
    std::string login, name, id, avatar;
  };

  explicit Audience(std::uint64_t seed);

  std::uint64_t random() { return random_(); }
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  bool chance(std::uint64_t percent) { return below(100) < percent; }
  const Viewer& someone() { return viewers_[below(viewers_.size())]; }
  /// A line of chat; "" sometimes, where somebody gives without a word.
  std::string_view words();
  /// The same, never "".
  std::string_view chat();
  std::string uuid();
  /// How lively it is just now: 1 on average, less in a lull, more in a burst. Call it at even intervals.
  double pace();

 private:
  std::mt19937_64 random_;
  std::vector<Viewer> viewers_;
  double mood_ = 1;
  int mood_left_ = 0;
};

/// Appends the lowest `digits` hexadecimal digits, with leading zeros.
void append_hex(std::string& out, std::uint64_t value, int digits);

// Members of a JSON object being written behind its `{`.
void json_member(std::string& out, std::string_view key, std::string_view text);
void json_member(std::string& out, std::string_view key, std::uint64_t number);
void json_raw_member(std::string& out, std::string_view key, std::string_view json);

}  // namespace tributary::connectors
