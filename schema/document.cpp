#include "schema/document.hpp"

#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

namespace tributary::schema {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

// The end of the JSON number that starts at `at`, or nothing when the grammar is broken there.
std::optional<std::size_t> number_end(std::string_view text, std::size_t at) {
  const auto digits = [&] {
    const std::size_t from = at;
    while (at < text.size() && digit(text[at])) ++at;
    return at > from;
  };
  if (at < text.size() && text[at] == '-') ++at;
  const bool zero = at < text.size() && text[at] == '0';
  const std::size_t whole = at;
  if (!digits() || (zero && at - whole > 1)) return std::nullopt;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (!digits()) return std::nullopt;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (!digits()) return std::nullopt;
  }
  return at;
}

std::string_view number_at(std::string_view text, std::size_t at) {
  return text.substr(at, number_end(text, at).value_or(at) - at);
}

// The digits from the first to the last that is not zero; the exponent is not looked at.
std::size_t significant_digits(std::string_view number) {
  const std::string_view mantissa = number.substr(0, number.find_first_of("eE"));
  const std::size_t first = mantissa.find_first_of("123456789");
  if (first == std::string_view::npos) return 0;
  const std::size_t last = mantissa.find_last_of("123456789");
  const std::size_t dot = mantissa.find('.');
  return last + 1 - first - (first < dot && dot < last ? 1 : 0);
}

constexpr std::size_t kDigitsInDouble = std::numeric_limits<double>::digits10;  // that it can hold apart: 15

// Whether simdjson's int64, uint64 or double of this number stands for it and no other; see document.hpp.
bool is_kept(std::string_view number) {
  const char* const end = number.data() + number.size();
  if (number.find_first_of(".eE") == std::string_view::npos) {
    std::int64_t small = 0;
    std::uint64_t large = 0;
    return std::from_chars(number.data(), end, small).ec == std::errc() ||
           (number.front() != '-' && std::from_chars(number.data(), end, large).ec == std::errc());
  }
  const std::size_t digits = significant_digits(number);
  if (digits == 0) return true;
  double value = 0;
  return digits <= kDigitsInDouble && std::from_chars(number.data(), end, value).ec == std::errc() &&
         std::fabs(value) >= std::numeric_limits<double>::min();
}

// Whether this word of simdjson's tape says that a number follows in the next one.
bool announces_number(std::uint64_t word) {
  const auto kind = static_cast<char>(word >> 56U);
  return kind == 'd' || kind == 'l' || kind == 'u';
}

// The offset behind the string that starts (with its quote) at `at`.
std::size_t string_end(std::string_view text, std::size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at) {
    if (text[at] == '\\') ++at;
  }
  return std::min(at + 1, text.size());
}

}  // namespace

TextPlace locate_offset(std::string_view text, std::size_t offset) {
  TextPlace place{1, 1, offset};
  for (const char c : text.substr(0, offset)) {
    if (c == '\n') {
      ++place.line;
      place.column = 1;
    } else if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) {
      ++place.column;
    }
  }
  return place;
}

bool Document::read(std::string_view text) {
  const bool done = read(text, true);
  if (!settled_) settle();
  return done;
}

bool Document::read_padded(std::string_view text) { return read(text, false); }

bool Document::read(std::string_view text, bool copy) {
  extremes_.clear();
  text_ = text;
  settled_ = false;
  auto error = parser_.parse(text.data(), text.size(), copy).get(root_);
  if (error == simdjson::SUCCESS) return true;
  settled_ = true;
  error = parser_.parse(marked(text)).get(root_);
  if (error == simdjson::SUCCESS) return true;
  error_ = simdjson::error_message(error);
  return false;
}

void Document::settle() const {
  settled_ = true;
  if (has_fractions() && !has_only_short_decimals()) mark_long_decimals();
}

// The tape of simdjson: a word for each value and bracket with its kind in the first byte, and behind that of a number
// the number itself. Here such a number may pass for a kind: true where it should be false costs only time.
bool Document::has_fractions() const {
  const std::uint64_t* const tape = parser_.doc.tape.get();
  const std::uint64_t end = tape[0] & simdjson::internal::JSON_VALUE_MASK;
  for (std::uint64_t at = 1; at < end; ++at) {
    if ((tape[at] >> 56U) == 'd') return true;
  }
  return false;
}

// Calls `visit` with each number of the text, in order, until it returns false: where it begins, and how far it is from
// there to the next bracket, comma, colon or value. simdjson has noted where each of these begins.
template <class Visit>
void Document::each_number(Visit visit) const {
  const std::uint32_t* const begins = parser_.implementation->structural_indexes.get();
  const std::uint32_t count = parser_.implementation->n_structural_indexes;
  const char* const from = text_.data();
  for (std::uint32_t i = 0; i < count; ++i) {
    // From '-' to '9' there is nothing else that a value, or what stands between values, begins with.
    if (static_cast<unsigned char>(from[begins[i]] - '-') > '9' - '-') continue;
    const std::size_t at = begins[i];
    if (!visit(at, (i + 1 < count ? begins[i + 1] : text_.size()) - at)) return;
  }
}

bool Document::has_only_short_decimals() const {
  constexpr std::size_t kAlwaysShort = kDigitsInDouble + 1;  // characters: a dot, or an integer
  bool kept = true;
  each_number([&](std::size_t at, std::size_t room) {
    // Most numbers are short, and for most of these that is plain without looking for their ends.
    bool always = room <= kAlwaysShort;
    for (std::size_t i = at; always && i < at + room; ++i) always = (text_[i] | 0x20) != 'e';
    return kept = always || is_kept(number_at(text_, at));
  });
  return kept;
}

void Document::mark_long_decimals() const {
  std::uint64_t* const tape = parser_.doc.tape.get();
  std::uint64_t word = 1;
  each_number([&](std::size_t at, std::size_t /*room*/) {
    const std::string_view number = number_at(text_, at);
    while (!announces_number(tape[word])) ++word;
    if (!is_kept(number)) {
      extremes_.emplace_back(number);
      tape[word + 1] = extremes_.size();
    }
    word += 2;
    return true;
  });
}

std::string Document::marked(std::string_view text) {
  std::string rewritten;
  std::size_t copied = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '"') {
      at = string_end(text, at);
      continue;
    }
    const auto end = text[at] == '-' || digit(text[at]) ? number_end(text, at) : std::nullopt;
    if (!end) {
      ++at;
      continue;
    }
    const std::string_view number = text.substr(at, *end - at);
    if (!is_kept(number)) {
      extremes_.emplace_back(number);
      rewritten.append(text, copied, at - copied);
      char marker[32];
      const auto written =
          std::to_chars(marker, marker + sizeof marker, std::bit_cast<double>(std::uint64_t{extremes_.size()}));
      rewritten.append(marker, written.ptr);
      copied = *end;
    }
    at = *end;
  }
  rewritten.append(text, copied);
  return rewritten;
}

std::size_t Document::marker_of(simdjson::dom::element number) const {
  const auto bits = std::bit_cast<std::uint64_t>(number.get_double().value_unsafe());
  return bits <= extremes_.size() ? bits : 0;
}

const text::Decimal& Document::exact(simdjson::dom::element number, text::Decimal& room) const {
  switch (number.type()) {
    case simdjson::dom::element_type::INT64:
      return room = text::Decimal(number.get_int64().value_unsafe());
    case simdjson::dom::element_type::UINT64:
      return room = text::Decimal(number.get_uint64().value_unsafe());
    default:
      if (is_extreme(number)) return extremes_[marker_of(number) - 1];
      return room = text::Decimal(number.get_double().value_unsafe());
  }
}

std::string pointer_token(std::string_view name) {
  std::string token;
  token.reserve(name.size());
  for (const char c : name) {
    if (c == '~') {
      token += "~0";
    } else if (c == '/') {
      token += "~1";
    } else {
      token += c;
    }
  }
  return token;
}

std::string unescape_pointer_token(std::string_view token) {
  std::string name;
  for (std::size_t at = 0; at < token.size(); ++at) {
    const bool escape = token[at] == '~' && at + 1 < token.size() && (token[at + 1] == '0' || token[at + 1] == '1');
    name += escape ? (token[++at] == '0' ? '~' : '/') : token[at];
  }
  return name;
}

TextPlace locate(std::string_view text, std::string_view pointer) {
  const auto skip_space = [&](std::size_t at) {
    at = text.find_first_not_of(" \t\r\n", at);
    return at == std::string_view::npos ? text.size() : at;
  };
  // The offset behind the value at `at`: brackets counted, strings skipped.
  const auto value_end = [&](std::size_t at) {
    int depth = 0;
    while (at < text.size()) {
      const char c = text[at];
      if (c == '"') {
        at = string_end(text, at);
        if (depth == 0) return at;
        continue;
      }
      if (depth == 0 && (c == ',' || c == ']' || c == '}')) return at;
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
      ++at;
      if (depth == 0 && (c == '}' || c == ']')) return at;
    }
    return at;
  };
  std::size_t at = skip_space(0);
  while (!pointer.empty() && at < text.size()) {
    pointer.remove_prefix(1);
    const std::string wanted = unescape_pointer_token(pointer.substr(0, pointer.find('/')));
    pointer.remove_prefix(std::min(pointer.find('/'), pointer.size()));
    const bool object = text[at] == '{';
    if (!object && text[at] != '[') return {};
    at = skip_space(at + 1);
    for (std::size_t index = 0;; ++index) {
      if (at >= text.size() || text[at] == '}' || text[at] == ']') return {};
      bool found = !object && wanted == std::to_string(index);
      if (object) {
        const std::size_t end = string_end(text, at);
        simdjson::dom::parser parser;
        std::string_view name;
        const simdjson::padded_string quoted(text.substr(at, end - at));
        if (parser.parse(quoted).get(name) != simdjson::SUCCESS) return {};
        found = name == wanted;
        at = skip_space(skip_space(end) + 1);
      }
      if (found) break;
      at = skip_space(value_end(at));
      if (at < text.size() && text[at] == ',') at = skip_space(at + 1);
    }
  }
  return locate_offset(text, at);
}

}  // namespace tributary::schema
