#include "connectors/json/json_text.hpp"

#include <algorithm>
#include <cstring>
#include "connectors/json/json_lexis.hpp"
#include "text/json.hpp"

namespace tributary::connectors {

void Object::add(const Member& member) {
  if (members.size() < pairwise_limit) {
    const auto ends = member.key.empty() ? 0U
                                         : static_cast<unsigned>(static_cast<unsigned char>(member.key.front())) * 5 +
                                               static_cast<unsigned char>(member.key.back());
    const std::uint64_t bit = std::uint64_t{1} << ((ends + member.key.size() * 11) & 63);
    if ((seen_ & bit) != 0) {
      for (auto& earlier : members) {
        if (earlier.key != member.key) continue;
        earlier.value = member.value;
        respelled = true;
        return;
      }
    }
    seen_ |= bit;
  }
  members.push_back(member);
}

void Object::settle() {
  if (members.size() <= pairwise_limit) return;
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
  respelled = true;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (!gone[i]) members[kept++] = members[i];
  }
  members.resize(kept);
}

void JsonText::load(std::string_view text) {
  if (buffer_.capacity() > kept_bytes && text.size() < kept_bytes / 2) std::vector<char>().swap(buffer_);
  std::string mended;
  repaired_ = 0;
  if (!text::valid_utf8(text)) {
    repaired_ = text::append_repaired(mended, text);
    text = mended;
  }
  size_ = text.size();
  if (buffer_.size() < size_ + lookahead) buffer_.resize(std::max<std::size_t>(size_ + lookahead, 256));
  if (!text.empty()) std::memcpy(buffer_.data(), text.data(), size_);
  std::memset(buffer_.data() + size_, 0, lookahead);
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
  std::memset(out, 0, lookahead);
  spellings_.clear();
  at_ = buffer_.data();
  depth_ = 0;
  spaced_ = first_element_ = false;
}

/// What stands at the fault, for a person.
std::string JsonText::found() const {
  if (fault_at_ >= buffer_.data() + size_) return "the end of the text";
  const auto byte = static_cast<unsigned char>(*fault_at_);
  if (byte > 0x20 && byte < 0x7F) return std::string("`") + *fault_at_ + "`";
  static constexpr std::string_view hex = "0123456789ABCDEF";
  return std::string("the byte 0x") + hex[byte >> 4] + hex[byte & 15];
}

std::string JsonText::explain() const {
  if (fault_ == Fault::none) return {};
  const auto where = std::to_string(fault_at_ - buffer_.data());
  if (fault_ == Fault::too_deep) return "nested deeper than " + std::to_string(nesting_limit_) + " at byte " + where;
  return std::string("found ") + found() + ", expected " + expected_ + " at byte " + where;
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
    case '"':
      kind = Value::Kind::string;
      return skip_string(at, escapes);
    case '{':
      kind = Value::Kind::object;
      return skip_container(at, '}');
    case '[':
      kind = Value::Kind::array;
      return skip_container(at, ']');
    case 't':
      kind = Value::Kind::boolean;
      return skip_word(at, "true");
    case 'f':
      kind = Value::Kind::boolean;
      return skip_word(at, "false");
    case 'n':
      kind = Value::Kind::null;
      return skip_word(at, "null");
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
  at = skip_space(at + 1);
  for (bool first = true; *at != '}'; first = false) {
    if (!first && (at = token(at, ',', "a comma or the end of an object")) == nullptr) return nullptr;
    Member member;
    at = key_at(at, member.key, object.respelled);
    if (at == nullptr || (at = token(at, ':', "a colon")) == nullptr) return nullptr;
    at = inner != nullptr && member.key == inner_key ? object_at(at, member.value, *inner, {}, nullptr)
                                                     : value_at(at, member.value);
    if (at == nullptr) return nullptr;
    object.add(member);
    at = skip_space(at);
  }
  --depth_;
  object.settle();
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
  text::append_quoted(spelling, unescaped(key));
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

bool JsonText::read_object(Value& value, Object& object) { return advance(object_at(at_, value, object, {}, nullptr)); }

bool JsonText::read_object(Value& value, Object& object, std::string_view inner_key, Object& inner) {
  return advance(object_at(at_, value, object, inner_key, &inner));
}

bool JsonText::at_end() {
  at_ = skip_space(at_);
  return at_ == buffer_.data() + size_ || advance(fail(at_, "the end"));
}

}  // namespace tributary::connectors
