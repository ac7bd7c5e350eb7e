#include "connectors/streamelements/json_text.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

#include "event/json.hpp"

namespace tributary::connectors::streamelements {
namespace {

/// How many bytes one look takes in; as many must be readable.
constexpr std::size_t stride = 16;

/// Bytes at `at` that need no look in a string: neither quote, backslash nor control character. Up to `stride`.
std::size_t plain_bytes(const char* at) {
#if defined(__SSE2__)
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  const __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
  const __m128i backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
  const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes);
  const int hits = _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, backslash), control));
  return static_cast<std::size_t>(std::countr_zero(static_cast<unsigned>(hits) | 1U << stride));
#elif defined(__ARM_NEON)
  const uint8x16_t bytes = vld1q_u8(reinterpret_cast<const std::uint8_t*>(at));
  const uint8x16_t hits = vorrq_u8(vorrq_u8(vceqq_u8(bytes, vdupq_n_u8('"')), vceqq_u8(bytes, vdupq_n_u8('\\'))),
                                   vcltq_u8(bytes, vdupq_n_u8(0x20)));
  // Four bits of each byte, in order, as one word.
  const std::uint64_t nibbles = vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(hits), 4)), 0);
  return static_cast<std::size_t>(std::countr_zero(nibbles)) / 4;
#else
  std::size_t count = 0;
  while (count < stride && at[count] != '"' && at[count] != '\\' && static_cast<unsigned char>(at[count]) >= 0x20) ++count;
  return count;
#endif
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
#ifndef TRIBUTARY_PLANTED_BUG  // what the fuzz target must find: an escaped quote taken for the end of a string
      if (*in == '\\') *out++ = *in++;
#endif
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

std::string JsonText::explain() const {
  if (fault_ == Fault::none) return {};
  const auto where = std::to_string(fault_at_ - buffer_.data());
  if (fault_ == Fault::too_deep) return "nested deeper than " + std::to_string(nesting_limit_) + " at byte " + where;
  return std::string("expected ") + expected_ + " at byte " + where;
}

// What follows works on a pointer that is passed on and returned, so that it stays in a register; null is a fault.

char* JsonText::fail(char* at, const char* expected) {
  if (fault_ == Fault::none) {
    fault_ = Fault::not_json;
    fault_at_ = at;
    expected_ = expected;
  }
  return nullptr;
}

inline char* JsonText::skip_space(char* at) {
  if (static_cast<unsigned char>(*at) > ' ' || !is_space(*at)) return at;
  spaced_ = true;
  do ++at;
  while (is_space(*at));
  return at;
}

inline char* JsonText::token(char* at, char wanted, const char* expected) {
  if (*at == wanted) return at + 1;
  at = skip_space(at);
  return *at == wanted ? at + 1 : fail(at, expected);
}

/// Behind the closing quote of the string that begins at `at`.
inline char* JsonText::skip_string(char* at, bool& escapes) {
  const std::size_t plain = plain_bytes(++at);
  at += plain;
  return *at == '"' && plain != stride ? at + 1 : skip_long_string(at, escapes);
}

char* JsonText::skip_long_string(char* at, bool& escapes) {
  for (;;) {
    const std::size_t plain = plain_bytes(at);
    at += plain;
    if (plain == stride) continue;
    if (*at == '"') return at + 1;
    if (*at != '\\') return fail(at, "the rest of a string");
    escapes = true;
    at = skip_escape(at);
    if (at == nullptr) return nullptr;
  }
}

char* JsonText::skip_escape(char* at) {
  static constexpr std::string_view simple = "\"\\/bfnrt";
  if (at[1] != 'u') {
    if (at[1] == '\0' || simple.find(at[1]) == std::string_view::npos) return fail(at, "an escape");
    return at + 2;
  }
  const int unit = code_unit(at + 2);
  if (unit < 0) return fail(at, "four hex digits");
  if (is_high_half(unit) && at[6] == '\\' && at[7] == 'u' && is_low_half(code_unit(at + 8))) return at + 12;
  if (is_high_half(unit) || is_low_half(unit)) {
    std::memcpy(at + 2, "fffd", 4);
    ++repaired_;
  }
  return at + 6;
}

inline char* JsonText::skip_word(char* at, std::string_view word) {
  return std::memcmp(at, word.data(), word.size()) == 0 ? at + word.size() : fail(at, "a value");
}

bool JsonText::enter(char* at) {
  if (++depth_ <= nesting_limit_) return true;
  if (fault_ == Fault::none) {
    fault_ = Fault::too_deep;
    fault_at_ = at;
  }
  return false;
}

/// Behind the value that begins at `at`; no space stands there.
inline char* JsonText::skip_value(char* at, Value::Kind& kind) {
  bool escapes = false;
  switch (*at) {
    case '"': kind = Value::Kind::string; return skip_string(at, escapes);
    case '{': kind = Value::Kind::object; return skip_container(at, '}');
    case '[': kind = Value::Kind::array; return skip_container(at, ']');
    case 't': kind = Value::Kind::boolean; return skip_word(at, "true");
    case 'f': kind = Value::Kind::boolean; return skip_word(at, "false");
    case 'n': kind = Value::Kind::null; return skip_word(at, "null");
    default: {
      kind = Value::Kind::number;
      const char* const end = number_end(at);
      return end == nullptr ? fail(at, "a value") : at + (end - at);
    }
  }
}

char* JsonText::skip_container(char* at, char close) {
  if (!enter(at)) return nullptr;
  at = skip_space(at + 1);
  for (bool first = true; *at != close; first = false) {
    if (!first) {
      at = token(at, ',', "a comma or the end of an array or object");
      if (at == nullptr) return nullptr;
      at = skip_space(at);
    }
    if (close == '}') {
      bool escapes = false;
      if (*at != '"') return fail(at, "a key");
      at = skip_string(at, escapes);
      if (at == nullptr || (at = token(at, ':', "a colon")) == nullptr) return nullptr;
      at = skip_space(at);
    }
    Value::Kind kind{};
    at = skip_value(at, kind);
    if (at == nullptr) return nullptr;
    at = skip_space(at);
  }
  --depth_;
  return at + 1;
}

char* JsonText::value_at(char* at, Value& value) {
  at = skip_space(at);
  char* const end = skip_value(at, value.kind);
  if (end != nullptr) value.text = std::string_view(at, static_cast<std::size_t>(end - at));
  return end;
}

char* JsonText::object_at(char* at, Value& value, Object& object, std::string_view inner_key, Object* inner) {
  object.clear();
  if (inner != nullptr) inner->clear();
  at = skip_space(at);
  if (*at != '{') return value_at(at, value);
  char* const end = members_at(at, object, inner_key, inner);
  value = {Value::Kind::object, object.text};
  return end;
}

char* JsonText::members_at(char* at, Object& object, std::string_view inner_key, Object* inner) {
  if (!enter(at)) return nullptr;
  const char* const begin = at;
  std::uint64_t seen = 0;
  at = skip_space(at + 1);
  for (bool first = true; *at != '}'; first = false) {
    if (!first && (at = token(at, ',', "a comma or the end of an object")) == nullptr) return nullptr;
    Member member;
    at = key_at(at, member.key, object.respelled);
    if (at == nullptr || (at = token(at, ':', "a colon")) == nullptr) return nullptr;
    at = inner != nullptr && member.key == inner_key ? object_at(at, member.value, *inner, {}, nullptr)
                                                     : value_at(at, member.value);
    if (at == nullptr) return nullptr;
    add_member(object, member, seen);
    at = skip_space(at);
  }
  --depth_;
  if (object.members.size() >= pairwise_limit) settle_twins(object);
  object.text = std::string_view(begin, static_cast<std::size_t>(at + 1 - begin));
  return at + 1;
}

inline char* JsonText::key_at(char* at, std::string_view& key, bool& respelled) {
  at = skip_space(at);
  if (*at != '"') return fail(at, "a key");
  bool escapes = false;
  char* const end = skip_string(at, escapes);
  if (end == nullptr) return nullptr;
  key = std::string_view(at + 1, static_cast<std::size_t>(end - at) - 2);
  if (escapes) respell(key, respelled);
  return end;
}

void JsonText::respell(std::string_view& key, bool& respelled) {
  std::string spelling;
  event::append_quoted(spelling, unescaped(key));
  spelling = spelling.substr(1, spelling.size() - 2);
  if (spelling == key) return;
  key = spellings_.emplace_back(std::move(spelling));
  respelled = true;
}

bool JsonText::advance(char* at) {
  if (at == nullptr) return false;
  at_ = at;
  return true;
}

bool JsonText::open_array() {
  char* const at = skip_space(at_);
  if (*at != '[') return advance(fail(at, "an array"));
  first_element_ = true;
  return enter(at) && advance(at + 1);
}

bool JsonText::next_element() {
  char* const at = skip_space(at_);
  if (*at == ']') {
    --depth_;
    at_ = at + 1;
    return false;
  }
  const bool first = first_element_;
  first_element_ = false;
  return advance(first ? at : token(at, ',', "a comma or the end of the array"));
}

bool JsonText::read_value(Value& value) { return advance(value_at(at_, value)); }

bool JsonText::read_object(Value& value, Object& object) {
  return advance(object_at(at_, value, object, {}, nullptr));
}

bool JsonText::read_object(Value& value, Object& object, std::string_view inner_key, Object& inner) {
  return advance(object_at(at_, value, object, inner_key, &inner));
}

bool JsonText::at_end() {
  at_ = skip_space(at_);
  return at_ == buffer_.data() + size_ || advance(fail(at_, "the end"));
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
