#include "connectors/streamelements/json_text.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "event/json.hpp"

namespace tributary::connectors::streamelements {
namespace {

constexpr std::uint64_t every_byte(std::uint64_t byte) { return byte * 0x0101010101010101u; }

/// Bytes at `at` that need no look in a string: neither quote, backslash nor control character. Up to 8; 8 are readable.
std::size_t plain_bytes(const char* at) {
  if constexpr (std::endian::native == std::endian::little) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    const std::uint64_t quote = word ^ every_byte('"');
    const std::uint64_t backslash = word ^ every_byte('\\');
    // A borrow can only reach bytes above a hit, so the lowest hit is exact.
    const std::uint64_t hits = ((quote - every_byte(1)) & ~quote) | ((backslash - every_byte(1)) & ~backslash) |
                               ((word - every_byte(0x20)) & ~word);
    return static_cast<std::size_t>(std::countr_zero(hits & every_byte(0x80))) / 8;
  } else {
    std::size_t count = 0;
    while (count < 8 && at[count] != '"' && at[count] != '\\' && static_cast<unsigned char>(at[count]) >= 0x20) ++count;
    return count;
  }
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// The four hex digits at `at`, or -1. `at` may stand before a terminating NUL.
int code_unit(const char* at) {
  int unit = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = hex_digit(at[i]);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

bool is_high_half(int unit) { return unit >= 0xD800 && unit <= 0xDBFF; }
bool is_low_half(int unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

/// Behind the number at `at`, or null. A byte that is no part of a number must follow.
const char* number_end(const char* at) {
  if (*at == '-') ++at;
  if (*at == '0') {
    ++at;
  } else {
    if (!is_digit(*at)) return nullptr;
    while (is_digit(*at)) ++at;
  }
  if (*at == '.') {
    if (!is_digit(*++at)) return nullptr;
    while (is_digit(*at)) ++at;
  }
  if (*at == 'e' || *at == 'E') {
    ++at;
    if (*at == '+' || *at == '-') ++at;
    if (!is_digit(*at)) return nullptr;
    while (is_digit(*at)) ++at;
  }
  return at;
}

void append_code_point(std::string& out, unsigned point) {
  const auto byte = [&out](unsigned value) { out += static_cast<char>(value); };
  if (point < 0x80) {
    byte(point);
  } else if (point < 0x800) {
    byte(0xC0 | (point >> 6)), byte(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    byte(0xE0 | (point >> 12)), byte(0x80 | ((point >> 6) & 0x3F)), byte(0x80 | (point & 0x3F));
  } else {
    byte(0xF0 | (point >> 18)), byte(0x80 | ((point >> 12) & 0x3F));
    byte(0x80 | ((point >> 6) & 0x3F)), byte(0x80 | (point & 0x3F));
  }
}

Value::Kind kind_of(char first) {
  switch (first) {
    case '"': return Value::Kind::string;
    case '{': return Value::Kind::object;
    case '[': return Value::Kind::array;
    case 't':
    case 'f': return Value::Kind::boolean;
    case 'n': return Value::Kind::null;
    default: return Value::Kind::number;
  }
}

/// Members that were looked at by their place only are compared pair by pair; above this many they are sorted.
constexpr std::size_t pairwise_limit = 64;

/// Finds twins among many members: the first place stays, the last value wins.
void settle_twins(Object& object) {
  auto& members = object.members;
  std::vector<std::size_t> order(members.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return members[a].key < members[b].key; });
  std::vector<bool> gone(members.size());
  bool any = false;
  for (std::size_t first = 0; first < order.size();) {
    std::size_t next = first + 1;
    for (; next < order.size() && members[order[next]].key == members[order[first]].key; ++next) {
      members[order[first]].value = members[order[next]].value;
      gone[order[next]] = any = true;
    }
    first = next;
  }
  if (!any) return;
  object.respelled = true;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (!gone[i]) members[kept++] = members[i];
  }
  members.resize(kept);
}

void add_member(Object& object, const Member& member, std::uint64_t& seen) {
  auto& members = object.members;
  if (members.size() < pairwise_limit) {
    const auto ends = member.key.empty() ? 0U
                                         : static_cast<unsigned>(static_cast<unsigned char>(member.key.front())) * 5 +
                                               static_cast<unsigned char>(member.key.back());
    const std::uint64_t bit = std::uint64_t{1} << ((ends + member.key.size() * 11) & 63);
    if ((seen & bit) != 0) {
      for (auto& earlier : members) {
        if (earlier.key != member.key) continue;
        earlier.value = member.value;
        object.respelled = true;
        return;
      }
    }
    seen |= bit;
  }
  members.push_back(member);
}

}  // namespace

void JsonText::load(std::string_view text) {
  if (buffer_.capacity() > kept_bytes && text.size() < kept_bytes / 2) std::vector<char>().swap(buffer_);
  std::string mended;
  repaired_ = 0;
  if (!event::valid_utf8(text)) {
    repaired_ = event::append_repaired(mended, text);
    text = mended;
  }
  size_ = text.size();
  if (buffer_.size() < size_ + padding_bytes) buffer_.resize(std::max<std::size_t>(size_ + padding_bytes, 1024));
  if (!text.empty()) std::memcpy(buffer_.data(), text.data(), size_);
  std::memset(buffer_.data() + size_, 0, padding_bytes);
  spellings_.clear();
  at_ = buffer_.data();
  depth_ = 0;
  spaced_ = first_element_ = false;
  fault_ = Fault::none;
}

void JsonText::compact() {
  char* out = buffer_.data();
  const char* const end = buffer_.data() + size_;
  for (const char* in = buffer_.data(); in != end; ++in) {
    if (is_space(*in)) continue;
    *out++ = *in;
    if (*in != '"') continue;
    for (++in; *in != '"'; ++in) {  // the text has been read: strings are closed
      if (*in == '\\') *out++ = *in++;
      *out++ = *in;
    }
    *out++ = '"';
  }
  size_ = static_cast<std::size_t>(out - buffer_.data());
  std::memset(out, 0, padding_bytes);
  spellings_.clear();
  at_ = buffer_.data();
  depth_ = 0;
  spaced_ = first_element_ = false;
}

bool JsonText::fail(const char* expected) {
  if (fault_ == Fault::none) {
    fault_ = Fault::not_json;
    expected_ = expected;
  }
  return false;
}

std::string JsonText::explain() const {
  if (fault_ == Fault::none) return {};
  const auto where = std::to_string(at_ - buffer_.data());
  if (fault_ == Fault::too_deep) return "nested deeper than " + std::to_string(nesting_limit_) + " at byte " + where;
  return std::string("expected ") + expected_ + " at byte " + where;
}

void JsonText::skip_space() {
  if (!is_space(*at_)) return;
  spaced_ = true;
  do ++at_;
  while (is_space(*at_));
}

bool JsonText::token(char wanted, const char* expected) {
  if (*at_ != wanted) {
    skip_space();
    if (*at_ != wanted) return fail(expected);
  }
  ++at_;
  return true;
}

bool JsonText::skip_string() {
  ++at_;
  for (;;) {
    const std::size_t plain = plain_bytes(at_);
    at_ += plain;
    if (plain == 8) continue;
    if (*at_ == '"') {
      ++at_;
      return true;
    }
    if (*at_ != '\\') return fail("the rest of a string");
    if (!skip_escape()) return false;
  }
}

bool JsonText::skip_escape() {
  static constexpr std::string_view simple = "\"\\/bfnrt";
  if (at_[1] != 'u') {
    if (at_[1] == '\0' || simple.find(at_[1]) == std::string_view::npos) return fail("an escape");
    at_ += 2;
    return true;
  }
  const int unit = code_unit(at_ + 2);
  if (unit < 0) return fail("four hex digits");
  if (is_high_half(unit) && at_[6] == '\\' && at_[7] == 'u' && is_low_half(code_unit(at_ + 8))) {
    at_ += 12;
    return true;
  }
  if (is_high_half(unit) || is_low_half(unit)) {
    std::memcpy(at_ + 2, "fffd", 4);
    ++repaired_;
  }
  at_ += 6;
  return true;
}

bool JsonText::skip_number() {
  const char* const end = number_end(at_);
  if (end == nullptr) return fail("a value");
  at_ += end - at_;
  return true;
}

bool JsonText::skip_word(std::string_view word) {
  if (std::memcmp(at_, word.data(), word.size()) != 0) return fail("a value");
  at_ += word.size();
  return true;
}

bool JsonText::enter() {
  if (++depth_ <= nesting_limit_) return true;
  fault_ = fault_ == Fault::none ? Fault::too_deep : fault_;
  return false;
}

bool JsonText::skip_value(Value::Kind& kind) {
  skip_space();
  kind = kind_of(*at_);
  switch (kind) {
    case Value::Kind::string: return skip_string();
    case Value::Kind::object: return skip_container('}');
    case Value::Kind::array: return skip_container(']');
    case Value::Kind::boolean: return skip_word(*at_ == 't' ? "true" : "false");
    case Value::Kind::null: return skip_word("null");
    default: return skip_number();
  }
}

bool JsonText::skip_container(char close) {
  if (!enter()) return false;
  ++at_;
  skip_space();
  for (bool first = true; *at_ != close; first = false) {
    if (!first) {
      if (!token(',', "a comma or the end of an array or object")) return false;
      skip_space();
    }
    if (close == '}') {
      if (*at_ != '"') return fail("a key");
      if (!skip_string() || !token(':', "a colon")) return false;
    }
    Value::Kind kind{};
    if (!skip_value(kind)) return false;
    skip_space();
  }
  ++at_;
  --depth_;
  return true;
}

bool JsonText::open_array() {
  skip_space();
  if (*at_ != '[') return fail("an array");
  if (!enter()) return false;
  ++at_;
  first_element_ = true;
  return true;
}

bool JsonText::next_element() {
  skip_space();
  if (*at_ == ']') {
    ++at_;
    --depth_;
    return false;
  }
  const bool first = first_element_;
  first_element_ = false;
  return first || token(',', "a comma or the end of the array");
}

bool JsonText::read_value(Value& value) {
  skip_space();
  const char* const begin = at_;
  value = {};
  Value::Kind kind{};
  if (!skip_value(kind)) return false;
  value = {kind, std::string_view(begin, static_cast<std::size_t>(at_ - begin))};
  return true;
}

bool JsonText::read_object(Value& value, Object& object) {
  object.clear();
  skip_space();
  if (*at_ != '{') return read_value(value);
  if (!read_members(object, {}, nullptr)) return false;
  value = {Value::Kind::object, object.text};
  return true;
}

bool JsonText::read_object(Value& value, Object& object, std::string_view inner_key, Object& inner) {
  object.clear();
  inner.clear();
  skip_space();
  if (*at_ != '{') return read_value(value);
  if (!read_members(object, inner_key, &inner)) return false;
  value = {Value::Kind::object, object.text};
  return true;
}

bool JsonText::read_members(Object& object, std::string_view inner_key, Object* inner) {
  if (!enter()) return false;
  const char* const begin = at_++;
  std::uint64_t seen = 0;
  skip_space();
  for (bool first = true; *at_ != '}'; first = false) {
    if (!first && !token(',', "a comma or the end of an object")) return false;
    Member member;
    if (!read_key(member.key, object.respelled) || !token(':', "a colon")) return false;
    if (inner != nullptr && member.key == inner_key) {
      if (!read_object(member.value, *inner)) return false;
    } else if (!read_value(member.value)) {
      return false;
    }
    add_member(object, member, seen);
    skip_space();
  }
  ++at_;
  --depth_;
  if (object.members.size() >= pairwise_limit) settle_twins(object);
  object.text = std::string_view(begin, static_cast<std::size_t>(at_ - begin));
  return true;
}

bool JsonText::read_key(std::string_view& key, bool& respelled) {
  skip_space();
  if (*at_ != '"') return fail("a key");
  const char* const begin = at_ + 1;
  if (!skip_string()) return false;
  key = std::string_view(begin, static_cast<std::size_t>(at_ - begin) - 1);
  if (key.find('\\') == std::string_view::npos) return true;
  std::string spelling;
  event::append_quoted(spelling, unescaped(key));
  if (std::string_view(spelling).substr(1, spelling.size() - 2) == key) return true;
  spellings_.push_back(spelling.substr(1, spelling.size() - 2));
  key = spellings_.back();
  respelled = true;
  return true;
}

bool JsonText::at_end() {
  skip_space();
  return at_ == buffer_.data() + size_ || fail("the end");
}

std::string unescaped(std::string_view inner) {
  std::string out;
  out.reserve(inner.size());
  // Its escapes were checked when it was read; a NUL behind keeps look-ahead inside.
  const std::string text(inner);
  for (const char* at = text.c_str(); at != text.c_str() + text.size();) {
    if (*at != '\\') {
      out += *at++;
      continue;
    }
    switch (at[1]) {
      case 'b': out += '\b'; break;
      case 'f': out += '\f'; break;
      case 'n': out += '\n'; break;
      case 'r': out += '\r'; break;
      case 't': out += '\t'; break;
      case 'u': {
        const int unit = code_unit(at + 2);
        if (unit < 0) return out;
        unsigned point = static_cast<unsigned>(unit);
        if (is_high_half(unit) && at[6] == '\\' && at[7] == 'u' && is_low_half(code_unit(at + 8))) {
          point = 0x10000 + ((point - 0xD800) << 10) + static_cast<unsigned>(code_unit(at + 8) - 0xDC00);
          at += 6;
        } else if (is_high_half(unit) || is_low_half(unit)) {
          point = 0xFFFD;
        }
        append_code_point(out, point);
        at += 4;
        break;
      }
      case '\0': return out;
      default: out += at[1];
    }
    at += 2;
  }
  return out;
}

bool is_number(std::string_view text) {
  const std::string closed(text);
  const char* const end = number_end(closed.c_str());
  return !text.empty() && end == closed.c_str() + closed.size();
}

}  // namespace tributary::connectors::streamelements
