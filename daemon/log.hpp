#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/settings.hpp"
#include "event/event.hpp"

namespace tributary::daemon {

enum class Level : std::uint8_t {
  debug,
  info,
  warn,   ///< it will recover by itself
  error,  ///< a person must act
};
/// The word in the log and in metrics.
std::string_view name(Level level);

/// The value of a field: words, or a number, which is one in JSON, too.
class FieldValue {
 public:
  FieldValue(std::string text) : text_(std::move(text)) {}  // NOLINT(google-explicit-constructor)
  FieldValue(std::string_view text) : text_(text) {}        // NOLINT(google-explicit-constructor)
  FieldValue(const char* text) : text_(text) {}             // NOLINT(google-explicit-constructor)
  template <std::integral Number>
  FieldValue(Number number)  // NOLINT(google-explicit-constructor)
      : text_(std::to_string(number)), number_(true) {}
  FieldValue(double number, int decimals);

  const std::string& text() const { return text_; }
  bool is_number() const { return number_; }

 private:
  std::string text_;
  bool number_ = false;
};

/// One line of the log: a word that names what happened, what it happened to, words for a person, and further fields.
struct LogLine {
  Level level = Level::info;
  std::string_view event;    ///< e.g. connector_down
  std::string_view subject;  ///< the connector's or sink's name; may be empty
  std::string_view message;
  std::vector<std::pair<std::string_view, FieldValue>> fields;
};

/// Writes lines to standard error: as text for people or as JSON, one object a line, with nothing in it that steers a
/// terminal. A line that repeats (same event,
/// subject and message) within ten seconds is held back and counted; the next one says how often.
/// Owned by the composition root, outlives everything that logs. Failures to write are ignored. Thread: any.
class Log {
 public:
  /// `automatic` is text on a terminal and JSON otherwise.
  explicit Log(const config::Log& settings);
  ~Log();
  void write(const LogLine& line);
  /// From now on (a reload).
  void use(const config::Log& settings);

 private:
  struct Repeat {
    event::SteadyTime last{};
    std::uint64_t held_back = 0;
  };
  static std::string text_of(const LogLine& line, event::WallTime now, std::uint64_t repeats);
  static std::string json_of(const LogLine& line, event::WallTime now, std::uint64_t repeats);

  std::atomic<Level> level_;
  std::atomic<bool> text_;
  std::mutex mutex_;
  std::map<std::string, Repeat> repeats_;
  struct Backend;
  std::unique_ptr<Backend> backend_;
};

}  // namespace tributary::daemon
