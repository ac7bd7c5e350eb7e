#pragma once

// What a schema is compiled to: flat arrays, indexes for pointers, nothing looked up by name but the document's own
// member names. Written by schema_compiler.cpp, read by validator.cpp, of no use to anyone else.

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "schema/document.hpp"
#include "schema/format_kinds.hpp"
#include "schema/pattern.hpp"
#include "schema/schema.hpp"
#include "text/decimal.hpp"

namespace tributary::schema {

using NodeIndex = std::uint32_t;
constexpr NodeIndex kAnything = 0;  // the schema `true`
constexpr NodeIndex kNothing = 1;   // the schema `false`
constexpr std::uint32_t kNoRules = std::numeric_limits<std::uint32_t>::max();

enum TypeBit : std::uint8_t {
  kNull = 1,
  kBoolean = 2,
  kObject = 4,
  kArray = 8,
  kString = 16,
  kInteger = 32,   // a number without a fraction, 1.0 as well
  kFraction = 64,  // any other number
  kNumber = kInteger | kFraction,
  kAllTypes = 127,
};

// Names to small values. What is hashed and compared are the first sixteen bytes of a name: names are short, and a call
// to memcmp costs more than all the rest. Documents mostly have their members in the order of their schema, so that the
// entry behind the last one found is tried first.
//
// Names that are looked up must be of a simdjson document: sixteen bytes from their first are read, which the padding
// of simdjson's string buffer (32 bytes or more) allows.
class NameTable {
 public:
  struct Entry {
    std::uint64_t size = 0;
    std::uint64_t head = 0, tail = 0;            // the first sixteen bytes, zeros behind the end
    std::uint64_t head_mask = 0, tail_mask = 0;  // those of them that are the name's
    std::uint64_t required = 0;                  // the bit of this name among the required ones
    NodeIndex node = kAnything;
    bool declared = false;  // under `properties`, not only `required`
    std::string name;
  };

  Entry& add(std::string_view name);  // the one there is, or a new one
  void remove_idle();                 // names that say nothing: any value, not required
  void build();                       // after the last add

  const Entry* find(std::string_view name) const { return may_hold(name) ? look_up(name) : nullptr; }
  // As find; `next` is where to look first, and is moved behind what is found. It starts at 0.
  const Entry* find(std::string_view name, std::size_t& next) const {
    if (next < count_ && is(entries_[next], name)) return &entries_[next++];
    if (!may_hold(name)) return nullptr;
    const Entry* const found = look_up(name);
    if (found != nullptr) next = static_cast<std::size_t>(found - entries_.data()) + 1;
    return found;
  }
  const std::vector<Entry>& entries() const { return entries_; }
  std::vector<Entry>& entries() { return entries_; }

 private:
  static std::uint64_t word_at(const char* from) {
    std::uint64_t word;
    std::memcpy(&word, from, sizeof word);
    return word;
  }
  static bool is(const Entry& entry, std::string_view name) {
    if (entry.size != name.size()) return false;
    const std::uint64_t head = (word_at(name.data()) & entry.head_mask) ^ entry.head;
    const std::uint64_t tail = (word_at(name.data() + 8) & entry.tail_mask) ^ entry.tail;
    return (head | tail) == 0 && (entry.size <= 16 || entry.name == name);
  }
  bool may_hold(std::string_view name) const { return (lengths_ >> (name.size() < 63 ? name.size() : 63) & 1U) != 0; }
  static std::uint64_t head_mask(std::size_t size);  // of the first eight bytes, those of a name of this size
  static std::uint64_t tail_mask(std::size_t size);  // of the second eight
  std::size_t slot_of(std::uint64_t head, std::uint64_t tail, std::size_t size) const;
  const Entry* look_up(std::string_view name) const;
  std::size_t fill();  // with the present multiplier: how many steps all look-ups take beyond the first

  std::vector<Entry> entries_;
  std::size_t count_ = 0;                               // of entries_, once built
  std::unordered_map<std::string, std::size_t> known_;  // until build
  std::vector<std::uint32_t> slots_;
  std::uint64_t lengths_ = 0;  // bit n: there is a name of n bytes (63: or more)
  std::uint64_t multiplier_ = 0x9E3779B97F4A7C15U;
  std::uint32_t shift_ = 63;
};

struct Bound {
  std::optional<std::int64_t> integer;  // where it is one
  double number = 0;                    // where `rough`: as good as `exact` against short decimals and up to ±2^53
  bool rough = false;
  text::Decimal exact;
};

struct NumberRules {
  std::optional<Bound> minimum, maximum, exclusive_minimum, exclusive_maximum, multiple_of;
};

struct StringRules {
  std::uint64_t min_length = 0;
  std::uint64_t max_length = std::numeric_limits<std::uint64_t>::max();
  const FormatRule* format = nullptr;
  std::optional<std::uint32_t> pattern;
};

struct ArrayRules {
  std::uint64_t min_items = 0;
  std::uint64_t max_items = std::numeric_limits<std::uint64_t>::max();
  bool unique = false;
  std::vector<NodeIndex> tuple;
  NodeIndex others = kAnything;  // items behind the tuple; every item when it is empty
  bool others_are_additional = false;
  std::optional<NodeIndex> contains;
};

struct Dependency {
  std::string name;
  std::vector<std::string> names;
  NodeIndex node = kAnything;
};

struct ObjectRules {
  NameTable names;
  std::uint64_t required = 0;              // bits of NameTable::Entry
  std::vector<std::string> more_required;  // beyond 64
  std::uint64_t min_properties = 0;
  std::uint64_t max_properties = std::numeric_limits<std::uint64_t>::max();
  std::vector<std::pair<std::uint32_t, NodeIndex>> patterns;
  NodeIndex additional = kAnything;
  NodeIndex property_names = kAnything;
  std::vector<Dependency> dependencies;
  bool plain = true;  // no member is looked at but those in `names`

  bool says_nothing() const {
    return plain && names.entries().empty() && more_required.empty() && dependencies.empty() && min_properties == 0 &&
           max_properties == std::numeric_limits<std::uint64_t>::max();
  }
};

struct ValueRules {  // enum, const
  NameTable strings;
  std::vector<std::pair<std::size_t, simdjson::dom::element>> others;  // with the document each is from
  bool is_const = false;
};

struct Applicators {
  std::vector<NodeIndex> all_of, any_of, one_of;
  std::optional<NodeIndex> never, condition;
  NodeIndex then = kAnything;
  NodeIndex otherwise = kAnything;
};

struct SchemaNode {
  std::uint8_t types = kAllTypes;
  bool leaf = true;  // nothing but `types`
  std::uint32_t number = kNoRules;
  std::uint32_t string = kNoRules;
  std::uint32_t array = kNoRules;
  std::uint32_t object = kNoRules;
  std::uint32_t applicators = kNoRules;
  std::uint32_t enumeration = kNoRules;
  std::uint32_t constant = kNoRules;
};

struct SchemaProgram {
  std::vector<SchemaNode> nodes;
  std::vector<NumberRules> numbers;
  std::vector<StringRules> strings;
  std::vector<ArrayRules> arrays;
  std::vector<ObjectRules> objects;
  std::vector<ValueRules> values;
  std::vector<Applicators> applicators;
  std::vector<Pattern> patterns;
  std::vector<std::string> pattern_texts;
  std::vector<std::shared_ptr<const Document>> documents;  // enum and const point into them
  std::vector<SchemaError> remarks;                        // see Schema::remarks
  NodeIndex root = kAnything;
};

}  // namespace tributary::schema
