#include "connectors/json/json_parts.hpp"

#include <charconv>
#include <cmath>
#include <string>

#include "connectors/json/json_lexis.hpp"
#include "text/ascii.hpp"
#include "text/json.hpp"

namespace tributary::connectors {
namespace {

/// Behind the string that begins at `at`.
const char* behind_string(const char* at) {
  for (++at; *at != '"'; ++at) {
    if (*at == '\\') ++at;
  }
  return at + 1;
}

/// Behind the value that begins at `at`, in compact text.
const char* behind_value(const char* at, const char* end) {
  if (*at == '"') return behind_string(at);
  if (*at != '{' && *at != '[') {
    while (at != end && *at != ',' && *at != '}' && *at != ']') ++at;
    return at;
  }
  for (std::size_t depth = 0;;) {
    if (*at == '"') {
      at = behind_string(at);
      continue;
    }
    if (*at == '{' || *at == '[') ++depth;
    if ((*at == '}' || *at == ']') && --depth == 0) return at + 1;
    ++at;
  }
}

Value value_between(const char* begin, const char* end) {
  Value value;
  value.text = std::string_view(begin, static_cast<std::size_t>(end - begin));
  switch (*begin) {
    case '"':
      value.kind = Value::Kind::string;
      break;
    case '{':
      value.kind = Value::Kind::object;
      break;
    case '[':
      value.kind = Value::Kind::array;
      break;
    case 't':
    case 'f':
      value.kind = Value::Kind::boolean;
      break;
    case 'n':
      value.kind = Value::Kind::null;
      break;
    default:
      value.kind = Value::Kind::number;
  }
  return value;
}

/// The text in which a number or a string may hold a number.
std::string_view digits_in(const Value& value) {
  if (value.kind == Value::Kind::number) return value.text;
  if (!value.is_string()) return {};
  return text::trimmed(value.inner(), ' ');
}

template <class Pool>
auto& next_of(Pool& pool, std::size_t& used) {
  if (used == pool.size()) pool.emplace_back();
  auto& next = pool[used++];
  next.clear();
  return next;
}

}  // namespace

void JsonParts::forget() {
  objects_used_ = arrays_used_ = 0;
  spellings_.clear();
}

bool JsonParts::read(JsonText& json, std::string_view text, Value& whole) {
  forget();
  json.load(text);
  if (!json.read_value(whole) || !json.at_end()) return false;
  if (!json.spaced()) return true;
  json.compact();
  return json.read_value(whole) && json.at_end();
}

const Object& JsonParts::members(const Value& object) {
  Object& parts = next_of(objects_, objects_used_);
  if (object.kind != Value::Kind::object) return parts;
  parts.text = object.text;
  const char* const end = object.text.data() + object.text.size();
  for (const char* at = object.text.data() + 1; *at != '}';) {
    const char* const colon = behind_string(at);
    Member member;
    member.key = std::string_view(at + 1, static_cast<std::size_t>(colon - at) - 2);
    if (member.key.find('\\') != std::string_view::npos) {
      std::string quoted;
      text::append_quoted(quoted, unescaped(member.key));
      const std::string& kept = spellings_.emplace_back(quoted.substr(1, quoted.size() - 2));
      if (kept != member.key) parts.respelled = true;
      member.key = kept;
    }
    const char* const value_end = behind_value(colon + 1, end);
    member.value = value_between(colon + 1, value_end);
    parts.add(member);
    at = *value_end == ',' ? value_end + 1 : value_end;
  }
  parts.settle();
  return parts;
}

const std::vector<Value>& JsonParts::elements(const Value& array) {
  std::vector<Value>& parts = next_of(arrays_, arrays_used_);
  if (array.kind != Value::Kind::array) return parts;
  const char* const end = array.text.data() + array.text.size();
  for (const char* at = array.text.data() + 1; *at != ']';) {
    const char* const value_end = behind_value(at, end);
    parts.push_back(value_between(at, value_end));
    at = *value_end == ',' ? value_end + 1 : value_end;
  }
  return parts;
}

std::string plain_text(const Value& value) {
  if (!value.is_string()) return {};
  const std::string_view inner = value.inner();
  return inner.find('\\') == std::string_view::npos ? std::string(inner) : unescaped(inner);
}

std::optional<double> number_of(const Value& value) {
  const std::string text(digits_in(value));
  if (!is_number(text)) return std::nullopt;
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  // Beyond what a double holds: too large, or as good as nothing.
  if (error == std::errc::result_out_of_range) {
    const bool tiny = text.find("e-") != std::string::npos || text.find("E-") != std::string::npos;
    return tiny ? 0.0 : text.front() == '-' ? -HUGE_VAL : HUGE_VAL;
  }
  return number;
}

bool whole_number(const Value& value, long long& number) {
  const std::string_view text = digits_in(value);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (!text.empty() && error == std::errc{} && end == text.data() + text.size()) return true;
  static constexpr double exact_up_to = 9007199254740992.0;
  const auto other = number_of(value);
  if (!other || std::abs(*other) > exact_up_to || *other != std::floor(*other)) return false;
  number = static_cast<long long>(*other);
  return true;
}

}  // namespace tributary::connectors
