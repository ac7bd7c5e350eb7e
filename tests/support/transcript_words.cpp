#include "tests/support/transcript_words.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "text/hex.hpp"

namespace tributary::support {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

/// Where `part` is not a part of `whole`: "" when it is.
std::string difference(const json& part, const json& whole, const std::string& path) {
  if (part.is_object() && whole.is_object()) {
    for (const auto& [key, value] : part.items()) {
      std::string here = path;
      if (!here.empty()) here += '.';
      here += key;
      const auto found = whole.find(key);
      if (value == "<absent>") {
        if (found != whole.end()) return here + " must not be there, and is " + found->dump();
        continue;
      }
      if (found == whole.end()) return here + " is missing";
      if (auto deeper = difference(value, *found, here); !deeper.empty()) return deeper;
    }
    return {};
  }
  if (part == whole) return {};
  return (path.empty() ? "it" : path) + " is " + whole.dump(-1, ' ', false, json::error_handler_t::replace) + ", not " +
         part.dump();
}

/// Every member that stands in `part` is in `whole` with that value; one that is "<absent>" is not.
void match_json(std::string_view part, const std::string& whole) {
  const json expected = json::parse(part, nullptr, false);
  if (expected.is_discarded()) fault("this line is not JSON: " + std::string(part));
  const json actual = json::parse(whole, nullptr, false);
  if (actual.is_discarded()) fault("what came is not JSON: " + whole);
  const std::string where = difference(expected, actual, "");
  if (!where.empty()) fault(where + "; whole: " + whole);
}

std::string text_of(milliseconds time) {
  const auto ms = time.count();
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + "s" : std::to_string(ms) + "ms";
}

}  // namespace

void fault(std::string message) { throw TranscriptFault{std::move(message)}; }

std::string_view word(std::string_view& rest) {
  const auto space = rest.find(' ');
  const std::string_view first = rest.substr(0, space);
  rest = space == std::string_view::npos ? std::string_view() : rest.substr(space + 1);
  return first;
}

std::string bytes_of(std::string_view hex) {
  std::string digits;
  for (const char c : hex) {
    if (c != ' ') digits += c;
  }
  if (digits.size() % 2 != 0) fault("an odd number of hexadecimal digits");
  std::string bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(&digits[i], &digits[i] + 2, value, 16);
    if (error != std::errc() || end != &digits[i] + 2) fault("not hexadecimal: " + digits.substr(i, 2));
    bytes += static_cast<char>(value);
  }
  return bytes;
}

net::Reason reason_of(std::string_view text) {
  for (int i = 0; i <= static_cast<int>(net::Reason::stopped); ++i) {
    if (net::name(static_cast<net::Reason>(i)) == text) return static_cast<net::Reason>(i);
  }
  fault("no such reason: " + std::string(text));
}

milliseconds duration_of(std::string_view text) {
  milliseconds total{0};
  std::string_view rest = text;
  if (rest.empty()) fault("a duration is missing");
  while (!rest.empty()) {
    const auto digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
    const auto count = number_of<std::int64_t>(rest.substr(0, digits));
    rest.remove_prefix(digits);
    const auto letters = std::min(rest.find_first_of("0123456789"), rest.size());
    const std::string_view unit = rest.substr(0, letters);
    rest.remove_prefix(letters);
    if (unit == "ms") {
      total += milliseconds(count);
    } else if (unit == "s") {
      total += std::chrono::seconds(count);
    } else if (unit == "m") {
      total += std::chrono::minutes(count);
    } else if (unit == "h") {
      total += std::chrono::hours(count);
    } else {
      fault("not a duration: " + std::string(text));
    }
  }
  return total;
}

std::string Output::in_words() const {
  if (what == ">" || what == ">b") return what + " " + (what == ">" ? text : text::hex(text));
  if (what == "wait" || what == "park") return "= " + what + " " + text_of(delay);
  return "= " + what + (text.empty() ? "" : " ") + text;
}

void Output::match(std::string_view expected, std::string_view rest) const {
  const bool whole = expected == "event!" || expected == "state!";
  if (whole) expected.remove_suffix(1);
  if (what != expected) fault("expected `" + std::string(expected) + "`, came `" + in_words() + "`");
  const auto same = [&] {
    if (text != rest) fault("came `" + in_words() + "`");
  };
  if (what == "event" || what == "state") {
    if (whole) return same();
    return match_json(rest, text);
  }
  if (what == "notice") {
    std::string_view came = text;
    const std::string_view type = word(rest);
    if (word(came) != type) fault("came `" + in_words() + "`");
    if (!rest.empty()) match_json(rest, std::string(came));
    return;
  }
  if (what == "wait" || what == "park") {
    const auto dots = rest.find("..");
    const milliseconds low = duration_of(rest.substr(0, dots));
    const milliseconds high = dots == std::string_view::npos ? low : duration_of(rest.substr(dots + 2));
    if (delay < low || delay > high) fault("came `" + in_words() + "`");
    return;
  }
  if ((what == "dial" || what == "fetch") && rest.empty()) return;
  same();
}

}  // namespace tributary::support
