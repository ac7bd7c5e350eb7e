#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <vector>

namespace tributary::connectors {

/// A JSON value where it stands in the text. `text` is the value as it is written, quotes included.
struct Value {
  enum class Kind : char { absent, string, number, object, array, boolean, null };
  Kind kind = Kind::absent;
  std::string_view text;

  explicit operator bool() const { return kind != Kind::absent; }
  bool is_string() const { return kind == Kind::string; }
  bool is_true() const { return kind == Kind::boolean && text.front() == 't'; }
  /// A string's content, still escaped.
  std::string_view inner() const { return text.substr(1, text.size() - 2); }
};

/// One member of an object. `key` is the content of the quotes, in the form in which it is compared: escapes that are
/// not needed are resolved, so a key has one spelling.
struct Member {
  std::string_view key;
  Value value;
};

/// The members of an object in the order sent. A key sent twice keeps its first place and gets its last value, as in
/// every browser.
struct Object {
  std::vector<Member> members;
  std::string_view text;   ///< with its braces
  bool respelled = false;  ///< a key was sent twice or in another spelling: `text` is not to be copied
  /// The value of `key`; absent when there is none.
  Value operator[](std::string_view key) const {
    for (const Member& member : members) {
      if (member.key == key) return member.value;
    }
    return {};
  }
  void clear() {
    members.clear();
    text = {};
    respelled = false;
    seen_ = 0;
  }
  /// Another member, in the order sent; `settle` after the last one.
  void add(const Member& member);
  /// Finds the twins among many: the first place stays, the last value wins.
  void settle();

 private:
  static constexpr std::size_t pairwise_limit = 64;  ///< up to so many are compared pair by pair, more are sorted
  std::uint64_t seen_ = 0;                           ///< a bit for each likeness of keys there is
};

/// A strict reader of one JSON text (RFC 8259, every byte is checked) which leaves values as they are written, so that
/// decimals, 19 digits and escapes reach the output untouched. It owns a copy of the text, in which it mends what must
/// not go out: invalid UTF-8 and escapes of half a surrogate pair become U+FFFD, white space between tokens goes.
///
/// Use: `load`, then the `read_…` calls from the front of the text to its end. Views are valid until the next `load`.
/// Owner: one Codec. Thread: its owner's. Failure: a call returns false and `fault` says what and where; nothing
/// throws.
class JsonText {
 public:
  enum class Fault : std::uint8_t { none, not_json, too_deep };

  explicit JsonText(std::size_t nesting_limit) : nesting_limit_(nesting_limit) {}

  /// Takes a text in. `repaired` counts from here.
  void load(std::string_view text);

  /// Reads `[`; then `next_element` before each element; false at the end of the array or on a fault.
  bool open_array();
  bool next_element();
  /// Any value.
  bool read_value(Value& value);
  /// Any value; the members of an object go to `object`, which is empty for anything else.
  bool read_object(Value& value, Object& object);
  /// As read_object; where a member has the key `inner_key` and is an object, its members go to `inner`.
  bool read_object(Value& value, Object& object, std::string_view inner_key, Object& inner);
  /// True when nothing but white space is left.
  bool at_end();

  /// White space was found between tokens: `compact` takes it away, and reading begins again.
  bool spaced() const { return spaced_; }
  void compact();

  Fault fault() const { return fault_; }
  /// Words for a person: what was found, what was expected, and the byte, counted from 0.
  std::string explain() const;
  std::uint32_t repaired() const { return repaired_; }

  static constexpr std::size_t kept_bytes = 32u << 10;  ///< a larger buffer is given back at the next load

 private:
  std::string found() const;
  char* fail(char* at, const char* expected);
  char* skip_space(char* at);
  char* token(char* at, char wanted, const char* expected);
  char* skip_string(char* at, bool& escapes);
  char* skip_long_string(char* at, bool& escapes);
  char* skip_escape(char* at);
  char* skip_word(char* at, std::string_view word);
  char* skip_value(char* at, Value::Kind& kind);
  char* skip_container(char* at, char close);
  char* value_at(char* at, Value& value);
  char* object_at(char* at, Value& value, Object& object, std::string_view inner_key, Object* inner);
  char* members_at(char* at, Object& object, std::string_view inner_key, Object* inner);
  char* key_at(char* at, std::string_view& key, bool& respelled);
  void respell(std::string_view& key, bool& respelled);
  bool enter(char* at);
  bool advance(char* at);

  std::vector<char> buffer_;
  std::size_t size_ = 0;
  std::list<std::string> spellings_;  ///< keys whose escapes were resolved
  char* at_ = nullptr;
  std::size_t nesting_limit_;
  std::size_t depth_ = 0;
  bool first_element_ = false;
  bool spaced_ = false;
  Fault fault_ = Fault::none;
  const char* fault_at_ = nullptr;
  const char* expected_ = "";
  std::uint32_t repaired_ = 0;
};

}  // namespace tributary::connectors
