#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "event/event.hpp"

namespace tributary::connectors {

/// What a simulator's clients said and were told, noted in a file, one JSON object a line, so that a test can judge
/// from the listeners' side:
///
///   {"client":1,"at":<ms since 1970>,"open":"/path","origin":"trusted-host"}
///   {"client":1,"at":…,"out":"<text that the client was told>"}
///   {"client":1,"at":…,"in":"<text that the client said>"}
///   {"client":1,"at":…,"end":true}
///
/// Each line is in the file when the call returns. Owner: a Stage. Thread: its owner's.
class FrameLog {
 public:
  /// An empty name notes nothing. Throws std::invalid_argument when the file cannot be made.
  explicit FrameLog(const std::string& file);

  void opened(std::uint64_t client, std::string_view target, std::string_view origin, event::WallTime now);
  void told(std::uint64_t client, std::string_view text, event::WallTime now) { text_line(client, "out", text, now); }
  void heard(std::uint64_t client, std::string_view text, event::WallTime now) { text_line(client, "in", text, now); }
  void ended(std::uint64_t client, event::WallTime now);

 private:
  void text_line(std::uint64_t client, std::string_view key, std::string_view text, event::WallTime now);
  static std::string begin(std::uint64_t client, event::WallTime now);
  void write(std::string line);

  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
};

}  // namespace tributary::connectors
