#include "schema/formats.hpp"
#include "text/ascii.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace tributary::schema {
namespace {

// Eight bytes compared at once with a shape in which 0 stands for any digit and all else for itself. Their digits are
// left in `digits`.
class Shape {
 public:
  constexpr explicit Shape(const char (&text)[9]) : shape_{}, slack_{} {
    for (std::size_t i = 0; i < 8; ++i) {
      shape_[i] = static_cast<unsigned char>(text[i]);
      slack_[i] = text[i] == '0' ? 6 : 15;  // the least that takes what is too much past 15
    }
  }
  bool fits(const char* text, std::array<unsigned char, 8>& digits) const {
    std::uint64_t word = 0, shape = 0, slack = 0;
    std::memcpy(&word, text, 8);
    std::memcpy(&shape, shape_.data(), 8);
    std::memcpy(&slack, slack_.data(), 8);
    word ^= shape;
    std::memcpy(digits.data(), &word, 8);
    constexpr std::uint64_t kHighHalves = 0xF0F0F0F0F0F0F0F0U;
    // Without a bit in a high half no byte carries into its neighbour.
    return (word & kHighHalves) == 0 && ((word + slack) & kHighHalves) == 0;
  }

 private:
  std::array<unsigned char, 8> shape_, slack_;
};
constexpr Shape kDate("0000-00-");
constexpr Shape kTime("00:00:00");

// Two digits at `at` as a number, or -1.
int two_digits(std::string_view text, std::size_t at) {
  return text::is_digit(text[at]) && text::is_digit(text[at + 1]) ? (text[at] - '0') * 10 + (text[at + 1] - '0') : -1;
}

bool is_day_of_month(int day, int month, int year) {
  static constexpr std::array<int, 13> kDays{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month >= 1 && month <= 12 && day >= 1 && day <= kDays[static_cast<std::size_t>(month)] + (month == 2 && leap);
}

// Minutes east of UTC of "Z" or "+hh:mm"; false when it is neither.
bool read_offset(std::string_view text, int& minutes_east) {
  minutes_east = 0;
  if (text == "Z" || text == "z") return true;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return false;
  const int hours = two_digits(text, 1);
  const int minutes = two_digits(text, 4);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return false;
  minutes_east = (hours * 60 + minutes) * (text[0] == '-' ? -1 : 1);
  return true;
}

enum CharacterClass : std::uint8_t {
  kAlpha = 1,
  kDigit = 2,
  kHex = 4,
  kUnreserved = 8,     // ALPHA DIGIT - . _ ~
  kSubDelimiter = 16,  // ! $ & ' ( ) * + , ; =
  kColon = 32,
  kPath = 64,    // @ /
  kQuery = 128,  // ?
};

constexpr std::array<std::uint8_t, 256> make_classes() {
  std::array<std::uint8_t, 256> classes{};
  for (unsigned c = 0; c < 128; ++c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool digit = c >= '0' && c <= '9';
    unsigned bits = 0;
    if (letter) bits |= kAlpha | kUnreserved;
    if (digit) bits |= kDigit | kHex | kUnreserved;
    if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) bits |= kHex;
    classes[c] = static_cast<std::uint8_t>(bits);
  }
  for (const char c : std::string_view("-._~")) classes[static_cast<unsigned char>(c)] |= kUnreserved;
  for (const char c : std::string_view("!$&'()*+,;=")) classes[static_cast<unsigned char>(c)] |= kSubDelimiter;
  for (const char c : std::string_view("@/")) classes[static_cast<unsigned char>(c)] |= kPath;
  classes[':'] |= kColon;
  classes['?'] |= kQuery;
  return classes;
}
constexpr std::array<std::uint8_t, 256> kClasses = make_classes();

bool is(char c, unsigned classes) { return (kClasses[static_cast<unsigned char>(c)] & classes) != 0; }

// Only unreserved characters, sub-delimiters, %XX and those of the classes `more`.
bool is_made_of(std::string_view text, unsigned more) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (is(text[at], kUnreserved | kSubDelimiter | more)) continue;
    if (text[at] != '%' || at + 2 >= text.size() || !is(text[at + 1], kHex) || !is(text[at + 2], kHex)) return false;
    at += 2;
  }
  return true;
}

// [v6 address] or [vX.anything].
bool is_ip_literal(std::string_view text) {
  if (text.empty() || (text[0] != 'v' && text[0] != 'V')) return is_ipv6(text);
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos || dot < 2 || dot + 1 == text.size()) return false;
  for (const char c : text.substr(1, dot - 1)) {
    if (!is(c, kHex)) return false;
  }
  for (const char c : text.substr(dot + 1)) {
    if (!is(c, kUnreserved | kSubDelimiter) && c != ':') return false;
  }
  return true;
}

bool is_authority(std::string_view text) {
  const std::size_t at = text.find('@');
  if (at != std::string_view::npos) {
    if (!is_made_of(text.substr(0, at), kColon)) return false;
    text.remove_prefix(at + 1);
  }
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos || !is_ip_literal(text.substr(1, close - 1))) return false;
    port = text.substr(close + 1);
  } else {
    const std::size_t colon = text.find(':');
    if (!is_made_of(text.substr(0, colon), 0)) return false;
    port = colon == std::string_view::npos ? std::string_view() : text.substr(colon);
  }
  if (port.empty()) return true;
  if (port[0] != ':') return false;
  for (const char c : port.substr(1)) {
    if (!text::is_digit(c)) return false;
  }
  return true;
}

// What follows the scheme and its colon: [//authority] path [?query] [#fragment].
bool is_behind_scheme(std::string_view text) {
  if (const std::size_t hash = text.find('#'); hash != std::string_view::npos) {
    if (!is_made_of(text.substr(hash + 1), kColon | kPath | kQuery)) return false;
    text = text.substr(0, hash);
  }
  if (const std::size_t question = text.find('?'); question != std::string_view::npos) {
    if (!is_made_of(text.substr(question + 1), kColon | kPath | kQuery)) return false;
    text = text.substr(0, question);
  }
  if (text.starts_with("//")) {
    text.remove_prefix(2);
    const std::size_t slash = text.find('/');
    if (!is_authority(text.substr(0, slash))) return false;
    text = slash == std::string_view::npos ? std::string_view() : text.substr(slash);
  }
  return is_made_of(text, kColon | kPath);
}

}  // namespace

bool is_ipv4(std::string_view text) {
  for (int part = 0; part < 4; ++part) {
    std::size_t length = 0;
    int value = 0;
    while (length < text.size() && text::is_digit(text[length]) && length < 4)
      value = value * 10 + (text[length++] - '0');
    if (length == 0 || length > 3 || value > 255 || (length > 1 && text[0] == '0')) return false;
    text.remove_prefix(length);
    if (part == 3) break;
    if (!text.starts_with('.')) return false;
    text.remove_prefix(1);
  }
  return text.empty();
}

bool is_ipv6(std::string_view text) {
  int groups = 0;
  bool gap = text.starts_with("::");
  if (gap) text.remove_prefix(2);
  while (!text.empty()) {
    const std::size_t end = text.find(':');
    const std::string_view group = text.substr(0, end);
    if (group.find('.') != std::string_view::npos) {  // the last two groups may be an IPv4 address
      if (end != std::string_view::npos || !is_ipv4(group)) return false;
      groups += 2;
      break;
    }
    if (group.empty() || group.size() > 4) return false;
    for (const char c : group) {
      if (!is(c, kHex)) return false;
    }
    ++groups;
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
    if (text.empty()) return false;  // a single colon at the end
    if (text.starts_with(':')) {
      if (gap) return false;
      gap = true;
      text.remove_prefix(1);
    }
  }
  return gap ? groups <= 7 : groups == 8;
}

bool is_date(std::string_view text) {
  std::array<unsigned char, 8> date{};
  if (text.size() != 10 || !kDate.fits(text.data(), date)) return false;
  const int year = (date[0] * 10 + date[1]) * 100 + date[2] * 10 + date[3];
  return is_day_of_month(two_digits(text, 8), date[5] * 10 + date[6], year);
}

bool is_time(std::string_view text) {
  std::array<unsigned char, 8> time{};
  if (text.size() < 9 || !kTime.fits(text.data(), time)) return false;
  const int hour = time[0] * 10 + time[1];
  const int minute = time[3] * 10 + time[4];
  const int second = time[6] * 10 + time[7];
  if (hour > 23 || minute > 59 || second > 60) return false;
  std::size_t at = 8;
  if (text[at] == '.') {
    const std::size_t first = ++at;
    while (at < text.size() && text::is_digit(text[at])) ++at;
    if (at == first) return false;
  }
  int minutes_east = 0;
  if (!read_offset(text.substr(at), minutes_east)) return false;
  constexpr int kDay = 24 * 60;
  return second < 60 || (hour * 60 + minute - minutes_east + 2 * kDay) % kDay == kDay - 1;
}

bool is_date_time(std::string_view text) {
  return text.size() >= 20 && (text[10] == 'T' || text[10] == 't') && is_date(text.substr(0, 10)) &&
         is_time(text.substr(11));
}

bool is_uri(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || !is(text[0], kAlpha)) return false;
  for (const char c : text.substr(1, colon - 1)) {
    if (!is(c, kAlpha | kDigit) && c != '+' && c != '-' && c != '.') return false;
  }
  return is_behind_scheme(text.substr(colon + 1));
}

bool is_uri_reference(std::string_view text) {
  if (is_uri(text)) return true;
  // Without a scheme the first segment of the path has no colon.
  return text.substr(0, text.find_first_of("/?#")).find(':') == std::string_view::npos && is_behind_scheme(text);
}

}  // namespace tributary::schema
