#pragma once

#include <cstddef>
#include <deque>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/json/json_text.hpp"

namespace tributary::connectors {

/// Takes values apart that a JsonText has read and compacted, without checking them again: for messages whose facts lie
/// deep. Views into the JsonText's text.
/// Owner: one Codec. Thread: its owner's. Failure: none; a value of another kind has no parts.
class JsonParts {
 public:
  /// Loads `text` into `json` and reads all of it; false when it is not one JSON value, and `json.fault()` says why.
  /// What was given out before is no longer valid.
  bool read(JsonText& json, std::string_view text, Value& whole);
  /// For values of a JsonText that was read elsewhere: what was given out before is no longer valid.
  void forget();
  /// The members of an object; empty for anything else. Valid until the next `read`.
  const Object& members(const Value& object);
  /// The elements of an array; empty for anything else. Valid until the next `read`.
  const std::vector<Value>& elements(const Value& array);

 private:
  std::deque<Object> objects_;
  std::deque<std::vector<Value>> arrays_;
  std::size_t objects_used_ = 0, arrays_used_ = 0;
  std::list<std::string> spellings_;
};

/// The plain text of a string; "" for anything else.
std::string plain_text(const Value& value);
/// The value of a number, or of a string that holds one and nothing but space around it.
std::optional<double> number_of(const Value& value);
/// The value of a whole number that fits, written as a number or as a string of one; `15.0` and `15e0` are whole, too.
bool whole_number(const Value& value, long long& number);

}  // namespace tributary::connectors
