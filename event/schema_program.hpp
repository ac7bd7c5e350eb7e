#pragma once

// What a schema is compiled to: flat arrays, indexes for pointers, nothing looked up by name but the document's own
// member names. Written by schema_compiler.cpp, read by validator.cpp, of no use to anyone else.

#include <simdjson.h>

#include <array>
#include <bit>
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

// Names to small values. What is hashed and compared are the first sixteen bytes of a name, loaded once: names are
// short, and a call to memcmp costs more than all the rest.
class NameTable {
 public:
  struct Entry {
    std::string name;
    NodeIndex node = kAnything;
    std::uint64_t required = 0;  // the bit of this name among the required ones
    bool declared = false;       // under `properties`, not only `required`
  };

  Entry& add(std::string_view name);  // the one there is, or a new one
  void remove_idle();                 // names that say nothing: any value, not required
  void build();                       // after the last add

  // `name` must be of a simdjson document: sixteen bytes from its first are read, which simdjson's padding of its
  // string buffer (32 bytes or more) allows.
  const Entry* find(std::string_view name) const {
    const std::size_t size = name.size() < 63 ? name.size() : 63;
    return (lengths_ >> size & 1U) == 0 ? nullptr : look_up(name);
  }
  const std::vector<Entry>& entries() const { return entries_; }
  std::vector<Entry>& entries() { return entries_; }

 private:
  struct Start {  // zeros behind the end
    std::uint64_t head = 0;
    std::uint64_t tail = 0;
  };
  struct Slot {
    Start start;
    std::size_t size = 0;
    std::uint32_t entry = kNoRules;
  };

  // The first `size` of eight bytes; the others are read and dropped: a branch less.
  static std::uint64_t first_bytes(const char* from, std::size_t size) {
    std::uint64_t word;
    std::memcpy(&word, from, sizeof word);
    return word & kMasks[size < 8 ? size : 8];
  }
  static Start start_of(std::string_view name) {
    const std::size_t rest = name.size() < 8 ? 0 : name.size() - 8;
    return {first_bytes(name.data(), name.size()), first_bytes(name.data() + 8, rest)};
  }
  std::size_t slot_of(Start start, std::size_t size) const {
    return ((start.head ^ size) * multiplier_ + start.tail * ~multiplier_) >> shift_;
  }
  const Entry* look_up(std::string_view name) const {
    const Start start = start_of(name);
    for (std::size_t at = slot_of(start, name.size());; at = at + 1 == slots_.size() ? 0 : at + 1) {
      const Slot& slot = slots_[at];
      if (slot.entry == kNoRules) return nullptr;
      if (slot.start.head != start.head || slot.start.tail != start.tail || slot.size != name.size()) continue;
      if (name.size() <= 16 || entries_[slot.entry].name == name) return &entries_[slot.entry];
    }
  }
  std::size_t fill();  // with the present multiplier: how many steps all look-ups take beyond the first

  static constexpr std::array<std::uint64_t, 9> kMasks = [] {
    std::array<std::uint64_t, 9> masks{};
    for (unsigned size = 1; size < 8; ++size) {
      masks[size] = std::endian::native == std::endian::little ? ~0ULL >> (64 - 8 * size) : ~0ULL << (64 - 8 * size);
    }
    masks[8] = ~0ULL;
    return masks;
  }();

  std::vector<Entry> entries_;
  std::unordered_map<std::string, std::size_t> known_;  // until build
  std::vector<Slot> slots_;
  std::uint64_t lengths_ = 0;  // bit n: there is a name of n bytes (63: or more)
  std::uint64_t multiplier_ = 0x9E3779B97F4A7C15U;
  std::uint32_t shift_ = 63;
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
  NodeIndex root = kAnything;
};

}  // namespace tributary::event
