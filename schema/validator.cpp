#include "schema/validator.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <type_traits>

#include "schema/equality.hpp"
#include "schema/schema_metaschema.hpp"
#include "schema/schema_program.hpp"
#include "schema/violation_text.hpp"

namespace tributary::schema {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

constexpr double kExactInDouble = 9007199254740992.0;  // 2^53

// TypeBit by simdjson's element_type, which are characters; doubles are kFraction until looked at.
constexpr std::array<std::uint8_t, 128> kTypeBits = [] {
  std::array<std::uint8_t, 128> bits{};
  const auto set = [&](element_type type, std::uint8_t bit) { bits[static_cast<std::size_t>(type)] = bit; };
  set(element_type::ARRAY, kArray);
  set(element_type::OBJECT, kObject);
  set(element_type::INT64, kInteger);
  set(element_type::UINT64, kInteger);
  set(element_type::DOUBLE, kFraction);
  set(element_type::STRING, kString);
  set(element_type::BOOL, kBoolean);
  set(element_type::NULL_VALUE, kNull);
  return bits;
}();

// A member's name as a value of its own, for propertyNames.
struct Name {
  std::string_view text;
};

struct Limits {
  explicit Limits(const Document& document) : steps(Validator::kMaxSteps + 8 * document.size()) {}
  std::uint64_t steps;  // at zero the run is given up
  std::uint32_t depth = 0;
};

// Of a short decimal, which is whole when its double is.
bool is_whole(double value) {
  return std::fabs(value) >= kExactInDouble || static_cast<double>(static_cast<std::int64_t>(value)) == value;
}

std::uint64_t code_points(std::string_view text) {
  std::uint64_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  return count;
}

// One run of one program over one value. In explaining runs every function goes on after a violation and its result
// says only whether to go on; otherwise the first violation ends the run with false.
template <bool kExplain>
class Run {
 public:
  Run(const SchemaProgram& program, const Document& document, Limits& limits)
      : program_(program), document_(document), limits_(limits) {}

  template <class Value>
  bool visit(NodeIndex index, const Value& value);

  bool gave_up() const { return limits_.steps == 0; }
  std::vector<Violation> violations;

 private:
  struct Step {
    std::string_view name;
    std::size_t index;
  };
  // What the path says while a member or an item is looked at.
  class Inside {
   public:
    Inside(Run& run, std::string_view name, std::size_t index) : run_(run) {
      if constexpr (kExplain) run_.path_.push_back({name, index});
    }
    ~Inside() {
      if constexpr (kExplain) run_.path_.pop_back();
    }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

   private:
    Run& run_;
  };

  // Whether a double is an integer is found out unless `among` has both kinds of numbers.
  std::uint8_t type_of(const Name& /*name*/, std::uint8_t /*among*/) const { return kString; }
  std::uint8_t type_of(const element& value, std::uint8_t among) const {
    const std::uint8_t bit = kTypeBits[static_cast<std::size_t>(value.type())];
    return bit == kFraction && (among & kNumber) != kNumber ? type_of_double(value) : bit;
  }
  std::uint8_t type_of_double(const element& value) const {
    if (!document_.is_extreme(value)) return is_whole(value.get_double().value_unsafe()) ? kInteger : kFraction;
    text::Decimal room;
    return document_.exact(value, room).is_integer() ? kInteger : kFraction;
  }
  std::string_view text_of(const Name& name) const { return name.text; }
  std::string_view text_of(const element& value) const { return value.get_string().value_unsafe(); }

  // Most values end here, without a call.
  bool look(NodeIndex index, const element& value) {
    if (index == kAnything) return true;
    const SchemaNode& node = program_.nodes[index];
    return (node.leaf && (node.types & type_of(value, node.types)) != 0) || visit(index, value);
  }

  // Kept out of each other's frames: a recursion costs only the frames it goes through.
  template <class Value>
  bool of_type(const SchemaNode& node, std::uint8_t type, const Value& value);
  template <class Value>
  bool any_type(const SchemaNode& node, const Value& value);
  template <class Value>
  [[gnu::noinline]] bool values(std::uint32_t index, const Value& value);
  template <class Value>
  [[gnu::noinline]] bool applicators(const Applicators& rules, const Value& value);
  template <class Value>
  [[gnu::noinline]] bool alternatives(const Applicators& rules, const Value& value);
  [[gnu::noinline]] bool number(const NumberRules& rules, const element& value);
  bool bounds(const NumberRules& rules, const element& value);
  [[gnu::noinline]] bool string(const StringRules& rules, std::string_view text);
  [[gnu::noinline]] bool array(const ArrayRules& rules, const element& value);
  [[gnu::noinline]] bool object(const ObjectRules& rules, const element& value);
  [[gnu::noinline]] bool member(const ObjectRules& rules, const NameTable::Entry* entry, std::string_view name,
                                const element& value);
  [[gnu::noinline]] bool missing(const ObjectRules& rules, const element& value, std::uint64_t seen);
  [[gnu::noinline]] bool dependencies(const ObjectRules& rules, const element& value);

  int compare(const element& value, const Bound& bound) const;
  template <class Value>
  bool holds(NodeIndex index, const Value& value) {
    return Run<false>(program_, document_, limits_).visit(index, value);
  }
  template <class Value>
  void explain_branches(const std::vector<NodeIndex>& branches, const Value& value);

  // Records a violation when explaining. The result: whether to go on.
  template <class Message>
  bool note(std::string_view keyword, const Message& message) {
    if constexpr (kExplain) return record(keyword, message);
    return false;
  }
  // Apart, so that its locals are not in the frames of the recursion.
  template <class Message>
  [[gnu::noinline]] bool record(std::string_view keyword, const Message& message) {
    std::vector<std::string> tokens;
    for (const Step& step : path_) {
      tokens.push_back(step.name.data() != nullptr ? pointer_token(step.name) : std::to_string(step.index));
    }
    violations.push_back({clipped_path(tokens), std::string(keyword), message()});
    return violations.size() < Validator::kMaxViolations;
  }

  const SchemaProgram& program_;
  const Document& document_;
  Limits& limits_;
  std::vector<Step> path_;
};

template <bool kExplain>
template <class Value>
bool Run<kExplain>::visit(NodeIndex index, const Value& value) {
  if (limits_.steps == 0) return false;
  if (limits_.depth >= Validator::kMaxDepth) {
    limits_.steps = 0;
    return false;
  }
  --limits_.steps;
  const SchemaNode& node = program_.nodes[index];
  const std::uint8_t type = type_of(value, node.types);
  if ((node.types & type) == 0) {
    if (index == kNothing) return note("false", [] { return std::string("nothing is allowed here"); });
    if (!note("type", [&] { return type_text(node.types, type); })) return false;
  }
  if (node.leaf) return true;
  ++limits_.depth;
  const bool result = of_type(node, type, value) && any_type(node, value);
  --limits_.depth;
  return result;
}

template <bool kExplain>
template <class Value>
bool Run<kExplain>::of_type(const SchemaNode& node, std::uint8_t type, const Value& value) {
  if (type == kString) return node.string == kNoRules || string(program_.strings[node.string], text_of(value));
  if constexpr (std::is_same_v<Value, element>) {
    if (type == kObject) return node.object == kNoRules || object(program_.objects[node.object], value);
    if (type == kArray) return node.array == kNoRules || array(program_.arrays[node.array], value);
    const bool is_number = (type & kNumber) != 0;
    if (is_number) return node.number == kNoRules || number(program_.numbers[node.number], value);
  }
  return true;
}

template <bool kExplain>
template <class Value>
bool Run<kExplain>::any_type(const SchemaNode& node, const Value& value) {
  if (node.enumeration != kNoRules && !values(node.enumeration, value)) return false;
  if (node.constant != kNoRules && !values(node.constant, value)) return false;
  return node.applicators == kNoRules || applicators(program_.applicators[node.applicators], value);
}

template <bool kExplain>
template <class Value>
bool Run<kExplain>::values(std::uint32_t index, const Value& value) {
  const ValueRules& rules = program_.values[index];
  bool found = false;
  if (type_of(value, kAllTypes) == kString) {
    found = rules.strings.find(text_of(value)) != nullptr;
  } else if constexpr (std::is_same_v<Value, element>) {
    for (const auto& [document, other] : rules.others) {
      found = equal_values(document_, value, *program_.documents[document], other, limits_.steps);
      if (found) break;
    }
  }
  return found || note(rules.is_const ? "const" : "enum", [&] { return values_text(rules); });
}

template <bool kExplain>
template <class Value>
bool Run<kExplain>::applicators(const Applicators& rules, const Value& value) {
  for (const NodeIndex node : rules.all_of) {
    if (!visit(node, value)) return false;
  }
  if (!alternatives(rules, value)) return false;
  if (rules.never && holds(*rules.never, value)) {
    if (!note("not", [] { return std::string("is what `not` excludes"); })) return false;
  }
  if (!rules.condition) return true;
  const NodeIndex next = holds(*rules.condition, value) ? rules.then : rules.otherwise;
  return next == kAnything || visit(next, value);
}

template <bool kExplain>
template <class Value>
bool Run<kExplain>::alternatives(const Applicators& rules, const Value& value) {
  if (!rules.any_of.empty()) {
    bool found = false;
    for (const NodeIndex node : rules.any_of) {
      found = holds(node, value);
      if (found) break;
    }
    if (!found) {
      if (!note("anyOf", [&] { return branches_text(0, rules.any_of.size()); })) return false;
      explain_branches(rules.any_of, value);
    }
  }
  if (!rules.one_of.empty()) {
    std::size_t found = 0;
    for (const NodeIndex node : rules.one_of) {
      if (holds(node, value)) ++found;
      if (!kExplain && found > 1) break;
    }
    if (found != 1) {
      if (!note("oneOf", [&] { return branches_text(found, rules.one_of.size()); })) return false;
      if (found == 0) explain_branches(rules.one_of, value);
    }
  }
  return true;
}

// Adds to the violation of the whole what is wrong with the branch that came furthest down in the document.
template <bool kExplain>
template <class Value>
[[gnu::noinline]] void Run<kExplain>::explain_branches(const std::vector<NodeIndex>& branches, const Value& value) {
  if constexpr (kExplain) {
    std::vector<Violation> best;
    std::string messages;
    const std::string here = violations.back().path;
    std::size_t longest = here.size();
    for (const NodeIndex node : branches) {
      Run branch(program_, document_, limits_);
      branch.path_ = path_;
      branch.visit(node, value);
      std::size_t length = 0;
      for (const Violation& violation : branch.violations) length = std::max(length, violation.path.size());
      if (!branch.violations.empty()) messages += "; or " + branch.violations.front().message;
      if (length > longest) {
        longest = length;
        best = std::move(branch.violations);
      }
    }
    if (best.empty() && messages.size() < 300) violations.back().message += messages;
    for (Violation& violation : best) {
      if (violations.size() < Validator::kMaxViolations) violations.push_back(std::move(violation));
    }
  }
}

// int64 with int64, or doubles that tell their decimals apart; what is neither is compared digit by digit.
template <bool kExplain>
int Run<kExplain>::compare(const element& value, const Bound& bound) const {
  const auto order = [](auto a, auto b) { return (a > b) - (a < b); };
  if (value.type() == element_type::INT64) {
    const std::int64_t integer = value.get_int64().value_unsafe();
    if (bound.integer) return order(integer, *bound.integer);
    if (bound.rough && std::fabs(static_cast<double>(integer)) <= kExactInDouble) {
      return order(static_cast<double>(integer), bound.number);
    }
  } else if (value.type() == element_type::DOUBLE && bound.rough) {
    if (!document_.is_extreme(value)) return order(value.get_double().value_unsafe(), bound.number);
  }
  text::Decimal room;
  return document_.exact(value, room).compare(bound.exact);
}

template <bool kExplain>
bool Run<kExplain>::number(const NumberRules& rules, const element& value) {
  if (!bounds(rules, value)) return false;
  if (!rules.multiple_of) return true;
  const Bound& divisor = *rules.multiple_of;
  const bool both_integers = divisor.integer && value.type() == element_type::INT64;
  text::Decimal room;
  const bool multiple = both_integers ? value.get_int64().value_unsafe() % *divisor.integer == 0
                                      : document_.exact(value, room).is_multiple_of(divisor.exact);
  return multiple || note("multipleOf", [&] { return "is not a multiple of " + number_text(divisor); });
}

template <bool kExplain>
bool Run<kExplain>::bounds(const NumberRules& rules, const element& value) {
  const auto text = [](std::string_view what, const Bound& bound) { return std::string(what) + number_text(bound); };
  if (rules.minimum && compare(value, *rules.minimum) < 0) {
    if (!note("minimum", [&] { return text("is below ", *rules.minimum); })) return false;
  }
  if (rules.maximum && compare(value, *rules.maximum) > 0) {
    if (!note("maximum", [&] { return text("is above ", *rules.maximum); })) return false;
  }
  if (rules.exclusive_minimum && compare(value, *rules.exclusive_minimum) <= 0) {
    if (!note("exclusiveMinimum", [&] { return text("is not above ", *rules.exclusive_minimum); })) return false;
  }
  if (rules.exclusive_maximum && compare(value, *rules.exclusive_maximum) >= 0) {
    if (!note("exclusiveMaximum", [&] { return text("is not below ", *rules.exclusive_maximum); })) return false;
  }
  return true;
}

template <bool kExplain>
bool Run<kExplain>::string(const StringRules& rules, std::string_view text) {
  // A code point has one to four bytes: most lengths are decided without counting.
  if (rules.min_length > text.size() / 4 && code_points(text) < rules.min_length) {
    if (!note("minLength", [&] { return count_text("is shorter than", rules.min_length, "character"); })) return false;
  }
  if (rules.max_length < text.size() && code_points(text) > rules.max_length) {
    if (!note("maxLength", [&] { return count_text("is longer than", rules.max_length, "character"); })) return false;
  }
  if (rules.pattern && !program_.patterns[*rules.pattern].matches(text)) {
    if (!note("pattern", [&] { return "does not match " + program_.pattern_texts[*rules.pattern]; })) return false;
  }
  if (rules.format != nullptr && !rules.format->holds(text)) {
    return note("format", [&] { return format_text(rules.format->name); });
  }
  return true;
}

template <bool kExplain>
bool Run<kExplain>::array(const ArrayRules& rules, const element& value) {
  const auto items = items_of(value);
  std::size_t count = 0;
  bool contained = !rules.contains;
  for (const element item : items) {
    const Inside inside(*this, {}, count);
    const bool in_tuple = count < rules.tuple.size();
    const NodeIndex node = in_tuple ? rules.tuple[count] : rules.others;
    if (node == kNothing && !in_tuple) {
      const std::string_view keyword = rules.others_are_additional ? "additionalItems" : "items";
      if (!note(keyword, [] { return std::string("no further item is allowed"); })) return false;
    } else if (!look(node, item)) {
      return false;
    }
    if (!contained) contained = holds(*rules.contains, item);
    ++count;
  }
  if (count < rules.min_items &&
      !note("minItems", [&] { return count_text("has fewer than", rules.min_items, "item"); })) {
    return false;
  }
  if (count > rules.max_items &&
      !note("maxItems", [&] { return count_text("has more than", rules.max_items, "item"); })) {
    return false;
  }
  if (!contained && !note("contains", [] { return std::string("has no item of the kind it must contain"); }))
    return false;
  return !rules.unique || all_different(document_, items, limits_.steps) ||
         note("uniqueItems", [] { return std::string("has equal items"); });
}

template <bool kExplain>
bool Run<kExplain>::object(const ObjectRules& rules, const element& value) {
  std::uint64_t seen = 0;
  std::size_t count = 0;
  std::size_t next = 0;
  for (const auto field : members_of(value)) {
    ++count;
    const NameTable::Entry* const entry = rules.names.find(field.key, next);
    if (entry != nullptr) seen |= entry->required;
    if (rules.plain) {
      if (entry == nullptr) continue;
      const Inside inside(*this, field.key, 0);
      if (!look(entry->node, field.value)) return false;
    } else if (!member(rules, entry, field.key, field.value)) {
      return false;
    }
  }
  if (count < rules.min_properties &&
      !note("minProperties", [&] { return count_text("has fewer than", rules.min_properties, "member"); })) {
    return false;
  }
  if (count > rules.max_properties &&
      !note("maxProperties", [&] { return count_text("has more than", rules.max_properties, "member"); })) {
    return false;
  }
  const bool complete = (seen & rules.required) == rules.required && rules.more_required.empty();
  if (!complete && !missing(rules, value, seen)) return false;
  return rules.dependencies.empty() || dependencies(rules, value);
}

template <bool kExplain>
bool Run<kExplain>::member(const ObjectRules& rules, const NameTable::Entry* entry, std::string_view name,
                           const element& value) {
  const Inside inside(*this, name, 0);
  bool known = entry != nullptr && entry->declared;
  if (known && !look(entry->node, value)) return false;
  for (const auto& [pattern, node] : rules.patterns) {
    if (!program_.patterns[pattern].matches(name)) continue;
    known = true;
    if (!look(node, value)) return false;
  }
  if (!known && rules.additional == kNothing) {
    if (!note("additionalProperties", [] { return std::string("is not an allowed member"); })) return false;
  } else if (!known && !look(rules.additional, value)) {
    return false;
  }
  if (rules.property_names == kAnything || holds(rules.property_names, Name{name})) return true;
  return note("propertyNames", [] { return std::string("is not an allowed name"); });
}

template <bool kExplain>
bool Run<kExplain>::missing(const ObjectRules& rules, const element& value, std::uint64_t seen) {
  const auto note_missing = [&](std::string_view name) {
    return note("required", [&] { return name_text(name) + " is missing"; });
  };
  for (const NameTable::Entry& entry : rules.names.entries()) {
    if ((entry.required & ~seen) != 0 && !note_missing(entry.name)) return false;
  }
  for (const std::string& name : rules.more_required) {
    if (value.at_key(name).error() != simdjson::SUCCESS && !note_missing(name)) return false;
  }
  return true;
}

template <bool kExplain>
bool Run<kExplain>::dependencies(const ObjectRules& rules, const element& value) {
  const auto has = [&](std::string_view name) { return value.at_key(name).error() == simdjson::SUCCESS; };
  for (const Dependency& dependency : rules.dependencies) {
    if (!has(dependency.name)) continue;
    for (const std::string& name : dependency.names) {
      const auto text = [&] { return name_text(name) + " is missing, which " + name_text(dependency.name) + " needs"; };
      if (!has(name) && !note("dependencies", text)) return false;
    }
    if (dependency.node != kAnything && !visit(dependency.node, value)) return false;
  }
  return true;
}

}  // namespace

bool passes(const SchemaProgram& program, const Document& document, element value) {
  Limits limits(document);
  Run<false> run(program, document, limits);
  return run.visit(program.root, value) && !run.gave_up();
}

std::vector<Violation> explain(const SchemaProgram& program, const Document& document, element value) {
  Limits limits(document);
  Run<true> run(program, document, limits);
  run.visit(program.root, value);
  if (run.gave_up()) run.violations.push_back({"", "limit", "the schema takes too many steps or too deep a nesting"});
  return std::move(run.violations);
}

bool Validator::passes(const Schema& schema) const {
  return schema::passes(schema.program(), document_, document_.root());
}

std::vector<Violation> Validator::explain(const Schema& schema) const {
  return schema::explain(schema.program(), document_, document_.root());
}

}  // namespace tributary::schema
