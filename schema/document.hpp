#pragma once

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/decimal.hpp"

namespace tributary::schema {

// JSON text as a simdjson tree in which no number is lost. simdjson keeps 64-bit integers as they are; it refuses
// longer integers and numbers beyond double, and makes the nearest double of everything with a fraction or an exponent.
//
// A double stands for a decimal as long as that has at most 15 significant digits and is none of the subnormal ones:
// different decimals of this kind are different doubles, in the same order. These are the short decimals. Every other
// number of the tree is replaced by a marker, a subnormal double whose bit pattern is an index into `extremes`, where
// the number stands exactly. The text's own subnormal numbers are among those replaced, so a marker is never ambiguous.
// A text that simdjson refuses is read a second time with markers in it. What other texts pay, when they have fractions
// at all, is a look at each of their numbers; read_padded leaves that until a fraction is asked about.
//
// Owner: one Validator, or the compiled Schema whose text it is; elements point into it and die at the next read.
// Thread: any, one at a time. After read() several threads may use it, after read_padded() only one.
// Failure: read() returns false and error() says why in words. Nesting beyond 1,024 is such an error.
class Document {
 public:
  Document() = default;
  Document(const Document&) = delete;  // elements hold its address
  Document& operator=(const Document&) = delete;

  bool read(std::string_view text);
  // As read, for text followed by simdjson::SIMDJSON_PADDING readable bytes: saves the copy. The text stays as long as
  // the elements are used.
  bool read_padded(std::string_view text);

  simdjson::dom::element root() const { return root_; }
  std::string_view error() const { return error_; }
  std::size_t size() const { return text_.size(); }  // of the text

  // Whether this number of the tree is a marker: only `exact` knows it then. Ask before you read the double; when the
  // answer is no, the double stands for the decimal that was written.
  bool is_extreme(simdjson::dom::element number) const {
    if (number.type() != simdjson::dom::element_type::DOUBLE) return false;
    if (!settled_) settle();
    return !extremes_.empty() && marker_of(number) != 0;
  }
  // The number as written, perhaps made in `room`. `number` must be a number of this document.
  const text::Decimal& exact(simdjson::dom::element number, text::Decimal& room) const;

 private:
  bool read(std::string_view text, bool copy);
  void settle() const;
  // Its place among `extremes`, from 1; 0 when this double is no marker.
  std::size_t marker_of(simdjson::dom::element number) const;
  bool has_fractions() const;
  bool has_only_short_decimals() const;
  void mark_long_decimals() const;
  template <class Visit>
  void each_number(Visit visit) const;
  // `text` with markers; its numbers go to `extremes`.
  std::string marked(std::string_view text);

  simdjson::dom::parser parser_;
  simdjson::dom::element root_;
  std::string_view text_;        // looked at until it is settled
  mutable bool settled_ = true;  // long decimals have their markers
  mutable std::vector<text::Decimal> extremes_;
  std::string error_;
};

// The members of what is known to be an object, the items of what is known to be an array: by value, so that a
// range-for over the call is safe (simdjson's own value_unsafe() refers into a temporary).
inline simdjson::dom::object members_of(simdjson::dom::element value) {
  simdjson::dom::object object;
  return value.get(object) == simdjson::SUCCESS ? object : simdjson::dom::object();
}
inline simdjson::dom::array items_of(simdjson::dom::element value) {
  simdjson::dom::array array;
  return value.get(array) == simdjson::SUCCESS ? array : simdjson::dom::array();
}

// Where the value at a JSON pointer begins in `text` (valid JSON). Line and column count from 1; they
// are 0 when there is no such value.
struct TextPlace {
  std::size_t line = 0;
  std::size_t column = 0;
  std::size_t offset = 0;
};
TextPlace locate(std::string_view text, std::string_view pointer);
TextPlace locate_offset(std::string_view text, std::size_t offset);

// ~ and / of a member name as RFC 6901 wants them in a pointer, and back.
std::string pointer_token(std::string_view name);
std::string unescape_pointer_token(std::string_view token);

}  // namespace tributary::schema
