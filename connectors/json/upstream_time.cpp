#include "connectors/json/upstream_time.hpp"

#include <array>
#include <chrono>
#include <cmath>
#include <string>

#include "connectors/json/json_lexis.hpp"
#include "connectors/json/json_parts.hpp"
#include "text/time.hpp"

namespace tributary::connectors {
namespace {

using event::WallTime;
using std::chrono::milliseconds;

constexpr WallTime earliest = std::chrono::sys_days{std::chrono::year{2010} / 1 / 1};
constexpr WallTime latest_unjudged = std::chrono::sys_days{std::chrono::year{2100} / 1 / 1};
constexpr std::chrono::hours ahead{24};
constexpr std::array units = {TimeUnit::seconds, TimeUnit::milliseconds, TimeUnit::microseconds, TimeUnit::nanoseconds};
constexpr long long most_seconds = 253'402'300'799;  ///< the end of the year 9999
constexpr std::size_t longest_text = 64;

std::optional<WallTime> counted(long long count, TimeUnit unit) {
  if (count < 0) return std::nullopt;
  switch (unit) {
    case TimeUnit::seconds:
      return count > most_seconds ? std::nullopt : std::optional{WallTime{milliseconds{count * 1000}}};
    case TimeUnit::milliseconds:
      return WallTime{milliseconds{count}};
    case TimeUnit::microseconds:
      return WallTime{milliseconds{count / 1000}};
    case TimeUnit::nanoseconds:
      return WallTime{milliseconds{count / 1'000'000}};
  }
  return std::nullopt;
}

/// Of a number with a fraction or an exponent: exact to the microsecond, which is what a double can hold of a time.
std::optional<WallTime> counted(double count, TimeUnit unit) {
  static constexpr std::array<double, 4> in_microseconds = {1e6, 1e3, 1.0, 1e-3};
  const double microseconds = count * in_microseconds[static_cast<std::size_t>(unit)];
  if (!(microseconds >= 0 && microseconds < 2.5e17)) return std::nullopt;
  return WallTime{milliseconds{std::llround(microseconds) / 1000}};
}

template <class Number>
UpstreamTime judged(Number count, TimeUnit documented, WallTime now) {
  if (const auto time = counted(count, documented); time && plausible(*time, now)) return {time, true};
  for (const TimeUnit unit : units) {
    if (const auto time = counted(count, unit); time && plausible(*time, now)) return {time, false};
  }
  return {};
}

/// The zone at the end of a date-time, as RFC 3339 writes it; "" when it is none.
std::string zone(std::string_view text) {
  if (text.starts_with(' ')) text.remove_prefix(1);
  if (text == "Z" || text == "z" || text == "UTC" || text == "GMT") return "Z";
  if (text.empty() || (text.front() != '+' && text.front() != '-')) return {};
  std::string digits;
  for (const char c : text.substr(1)) {
    if (c != ':') digits += c;
  }
  if (digits.size() == 2) digits += "00";
  if (digits.size() != 4) return {};
  return std::string(1, text.front()) + digits.substr(0, 2) + ":" + digits.substr(2);
}

}  // namespace

bool plausible(WallTime time, WallTime now) {
  return time >= earliest && time <= (now < earliest ? latest_unjudged : now + ahead);
}

std::optional<WallTime> date_time(std::string_view text) {
  if (const auto time = text::parse_time(text)) return time;
  static constexpr std::size_t minutes_end = 16;  // 2026-10-01T12:34
  if (text.size() <= minutes_end || text.size() > longest_text) return std::nullopt;
  std::string written(text.substr(0, minutes_end));
  if (written[10] == ' ') written[10] = 'T';
  text.remove_prefix(minutes_end);
  if (text.front() == ':' && text.size() > 3) {
    written += text.substr(0, 3);
    text.remove_prefix(3);
  } else {
    written += ":00";
  }
  if (text.front() == '.' || text.front() == ',') {
    std::size_t digits = 1;
    while (digits < text.size() && is_digit(text[digits])) ++digits;
    written.append(".").append(text.substr(1, digits - 1));
    text.remove_prefix(digits);
  }
  return text::parse_time(written + zone(text));
}

UpstreamTime time_of(const Value& value, TimeUnit documented, WallTime now) {
  if (long long count = 0; whole_number(value, count)) return judged(count, documented, now);
  if (const auto count = number_of(value)) return judged(*count, documented, now);
  const auto time = date_time(plain_text(value));
  return time && plausible(*time, now) ? UpstreamTime{time, false} : UpstreamTime{};
}

}  // namespace tributary::connectors
