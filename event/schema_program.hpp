#pragma once

// What a schema is compiled to: flat arrays, indexes for pointers, nothing looked up by name but the document's own
// member names. Written by schema_compiler.cpp, read by validator.cpp, of no use to anyone else.

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "event/decimal.hpp"
#include "event/document.hpp"
#include "event/pattern.hpp"

namespace tributary::event {

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
  kAllTypes = 127,
};

// Names to small values: a table indexed by length, first, middle and last byte, so that a name is compared about once.
class NameTable {
 public:
  struct Entry {
    std::string name;
    NodeIndex node = kAnything;
    std::uint64_t required = 0;      // the bit of this name among the required ones
    std::uint32_t next = kNoRules;   // in the same slot
    bool declared = false;           // under `properties`, not only `required`
  };

  Entry& add(std::string_view name);  // the one there is, or a new one
  void build();                       // after the last add

  const Entry* find(std::string_view name) const {
    if ((lengths_ >> (name.size() < 63 ? name.size() : 63) & 1U) == 0) return nullptr;
    for (std::uint32_t at = slots_[slot(name)]; at != kNoRules; at = entries_[at].next) {
      if (entries_[at].name == name) return &entries_[at];
    }
    return nullptr;
  }
  const std::vector<Entry>& entries() const { return entries_; }
  std::vector<Entry>& entries() { return entries_; }

 private:
  std::uint32_t slot(std::string_view name) const {
    std::uint32_t hash = static_cast<std::uint32_t>(name.size());
    if (!name.empty()) {
      hash += static_cast<unsigned char>(name.front()) * 0x101U + static_cast<unsigned char>(name.back()) * 0x10101U +
              static_cast<unsigned char>(name[name.size() / 2]) * 0x1010101U;
    }
    return hash * multiplier_ >> shift_;
  }
  std::uint32_t fill();  // with the present multiplier: how many entries share a slot

  std::vector<Entry> entries_;
  std::unordered_map<std::string, std::size_t> known_;  // until build
  std::vector<std::uint32_t> slots_;
  std::uint64_t lengths_ = 0;  // bit n: there is a name of n bytes (63: or more)
  std::uint32_t multiplier_ = 1;
  std::uint32_t shift_ = 31;
};

struct Bound {
  std::optional<std::int64_t> integer;  // where it is one
  double number = 0;                    // where `rough`: as good as `exact` against numbers below 2^53
  bool rough = false;
  Decimal exact;
};

struct NumberRules {
  std::optional<Bound> minimum, maximum, exclusive_minimum, exclusive_maximum, multiple_of;
};

enum class Format : std::uint8_t { kNone, kDateTime, kUri };

struct StringRules {
  std::uint64_t min_length = 0;
  std::uint64_t max_length = std::numeric_limits<std::uint64_t>::max();
  Format format = Format::kNone;
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
  std::uint64_t required = 0;                // bits of NameTable::Entry
  std::vector<std::string> more_required;    // beyond 64
  std::uint64_t min_properties = 0;
  std::uint64_t max_properties = std::numeric_limits<std::uint64_t>::max();
  std::vector<std::pair<std::uint32_t, NodeIndex>> patterns;
  NodeIndex additional = kAnything;
  NodeIndex property_names = kAnything;
  std::vector<Dependency> dependencies;
  bool plain = true;  // only names and required
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
  NodeIndex root = kAnything;
};

}  // namespace tributary::event
