#include "daemon/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cmath>

#include "text/json.hpp"
#include "text/printable.hpp"
#include "text/time.hpp"

namespace tributary::daemon {
namespace {

using namespace std::chrono_literals;

constexpr auto repeat_window = 10s;
constexpr std::size_t most_repeats = 1'000;

bool as_text(config::Log::Format format) {
  return format == config::Log::Format::text ||
         (format == config::Log::Format::automatic && ::isatty(STDERR_FILENO) == 1);
}

Level level_of(config::Log::Level level) {
  switch (level) {
    case config::Log::Level::trace:
    case config::Log::Level::debug:
      return Level::debug;
    case config::Log::Level::info:
      return Level::info;
    case config::Log::Level::warn:
      return Level::warn;
    case config::Log::Level::error:
      return Level::error;
  }
  return Level::info;
}

std::string_view padded_name(Level level) {
  switch (level) {
    case Level::debug:
      return "  DEBUG  ";
    case Level::info:
      return "  INFO   ";
    case Level::warn:
      return "  WARN   ";
    case Level::error:
      return "  ERROR  ";
  }
  return "  ";
}

}  // namespace

std::string_view name(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warn:
      return "warn";
    case Level::error:
      return "error";
  }
  return "info";
}

struct Log::Backend {
  spdlog::logger logger{"tributary", std::make_shared<spdlog::sinks::stderr_sink_mt>()};
};

FieldValue::FieldValue(double number, int decimals) : number_(true) {
  std::array<char, 64> digits{};
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), number, std::chars_format::fixed, decimals);
  text_ = std::isfinite(number) ? std::string(digits.data(), end.ptr) : "0";
}

Log::Log(const config::Log& settings)
    : level_(level_of(settings.level)), text_(as_text(settings.format)), backend_(std::make_unique<Backend>()) {
  backend_->logger.set_pattern("%v");
  backend_->logger.set_level(spdlog::level::trace);
}

Log::~Log() = default;

void Log::use(const config::Log& settings) {
  level_ = level_of(settings.level);
  text_ = as_text(settings.format);
}

void Log::write(const LogLine& line) {
  if (line.level < level_) return;
  const auto steady = std::chrono::steady_clock::now();
  const auto wall = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const std::lock_guard lock(mutex_);
  std::uint64_t repeats = 0;
  if (line.level >= Level::warn) {
    std::string key{line.event};
    key.append("\n").append(line.subject).append("\n").append(line.message);
    if (repeats_.size() > most_repeats) repeats_.clear();
    const auto [found, fresh] = repeats_.try_emplace(std::move(key));
    if (!fresh && steady - found->second.last < repeat_window) {
      ++found->second.held_back;
      return;
    }
    found->second.last = steady;
    repeats = std::exchange(found->second.held_back, 0);
  }
  backend_->logger.info("{}", text_ ? text_of(line, wall, repeats) : json_of(line, wall, repeats));
}

std::string Log::text_of(const LogLine& line, event::WallTime now, std::uint64_t repeats) {
  std::string out = text::to_text(now);
  out.append(padded_name(line.level)).append(line.event).append("  ");
  if (!line.subject.empty()) out.append(line.subject).append(": ");
  out += line.message;
  for (const auto& [key, value] : line.fields) out.append("  ").append(key).append("=").append(value.text());
  if (repeats != 0) out += "  (and " + std::to_string(repeats) + " times since)";
  return text::printable(out);
}

std::string Log::json_of(const LogLine& line, event::WallTime now, std::uint64_t repeats) {
  std::string out = "{\"time\":\"" + text::to_text(now) + "\",\"level\":\"";
  out.append(name(line.level)).append("\",\"event\":");
  text::append_quoted(out, line.event);
  if (!line.subject.empty()) {
    out += ",\"subject\":";
    text::append_quoted(out, line.subject);
  }
  out += ",\"message\":";
  text::append_quoted(out, line.message);
  for (const auto& [key, value] : line.fields) {
    out += ',';
    text::append_quoted(out, key);
    out += ':';
    if (value.is_number()) {
      out += value.text();
    } else {
      text::append_quoted(out, value.text());
    }
  }
  if (repeats != 0) out += ",\"repeats\":" + std::to_string(repeats);
  return text::printable_json(out + "}");
}

}  // namespace tributary::daemon
