#include "schema/schema_compiler.hpp"

#include <cmath>
#include <limits>

#include "schema/violation_text.hpp"

namespace tributary::schema {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

template <class Rules>
Rules& rules_of(std::uint32_t& index, std::vector<Rules>& all) {
  if (index == kNoRules) {
    index = static_cast<std::uint32_t>(all.size());
    all.emplace_back();
  }
  return all[index];
}

std::string_view text_of(element value) { return value.get_string().value_unsafe(); }

// A count of the metaschema: a whole number from 0, perhaps written 2.0, perhaps enormous.
std::uint64_t count_of(const Document& document, element value) {
  text::Decimal room;
  const auto count = document.exact(value, room).integer();
  return count ? static_cast<std::uint64_t>(*count) : std::numeric_limits<std::uint64_t>::max();
}

std::uint8_t type_bits(std::string_view name) {
  if (name == "null") return kNull;
  if (name == "boolean") return kBoolean;
  if (name == "object") return kObject;
  if (name == "array") return kArray;
  if (name == "string") return kString;
  if (name == "integer") return kInteger;
  return kNumber;
}

// Every index of another node in the program, for renaming.
template <class Visit>
void each_edge(SchemaProgram& program, Visit visit) {
  for (ArrayRules& rules : program.arrays) {
    for (NodeIndex& node : rules.tuple) visit(node);
    visit(rules.others);
    if (rules.contains) visit(*rules.contains);
  }
  for (ObjectRules& rules : program.objects) {
    for (NameTable::Entry& entry : rules.names.entries()) visit(entry.node);
    for (auto& [pattern, node] : rules.patterns) visit(node);
    for (Dependency& dependency : rules.dependencies) visit(dependency.node);
    visit(rules.additional);
    visit(rules.property_names);
  }
  for (Applicators& rules : program.applicators) {
    for (auto* list : {&rules.all_of, &rules.any_of, &rules.one_of}) {
      for (NodeIndex& node : *list) visit(node);
    }
    if (rules.never) visit(*rules.never);
    if (rules.condition) visit(*rules.condition);
    visit(rules.then);
    visit(rules.otherwise);
  }
}

// The nodes that look at the same value as this one.
std::vector<NodeIndex> edges_in_place(const SchemaProgram& program, const SchemaNode& node) {
  std::vector<NodeIndex> edges;
  if (node.object != kNoRules) {
    for (const Dependency& dependency : program.objects[node.object].dependencies) edges.push_back(dependency.node);
  }
  if (node.applicators == kNoRules) return edges;
  const Applicators& rules = program.applicators[node.applicators];
  for (const auto* list : {&rules.all_of, &rules.any_of, &rules.one_of}) {
    edges.insert(edges.end(), list->begin(), list->end());
  }
  if (rules.never) edges.push_back(*rules.never);
  if (rules.condition) edges.insert(edges.end(), {*rules.condition, rules.then, rules.otherwise});
  return edges;
}

}  // namespace

SchemaCompiler::SchemaCompiler(SchemaReferences& references) : references_(references) {
  program_.nodes.resize(2);
  program_.nodes[kNothing].types = 0;
  locations_.resize(2);
  alias_ = {kAnything, kNothing};
}

SchemaProgram SchemaCompiler::run(const SchemaLocation& root) {
  program_.root = node(root);
  while (!waiting_.empty()) {
    const NodeIndex next = waiting_.back();
    waiting_.pop_back();
    fill(next, SchemaLocation(locations_[next]));
  }
  follow_references();
  refuse_loops();
  finish();
  return std::move(program_);
}

NodeIndex SchemaCompiler::node(const SchemaLocation& location) {
  bool always = false;
  if (location.value.get(always) == simdjson::SUCCESS) return always ? kAnything : kNothing;
  const auto index = static_cast<NodeIndex>(program_.nodes.size());
  const auto [known, added] = known_.emplace(std::pair{location.document, location.pointer}, index);
  if (!added) return known->second;
  program_.nodes.emplace_back();
  locations_.push_back(location);
  alias_.push_back(index);
  waiting_.push_back(index);
  return index;
}

NodeIndex SchemaCompiler::child(const SchemaLocation& at, std::string_view keyword, Element value) {
  return node(references_.child(at, keyword, value));
}

std::vector<NodeIndex> SchemaCompiler::children(const SchemaLocation& at, std::string_view keyword, Element list) {
  std::vector<NodeIndex> nodes;
  const SchemaLocation inside = references_.child(at, keyword, list);
  for (const Element item : items_of(list)) {
    nodes.push_back(child(inside, std::to_string(nodes.size()), item));
  }
  return nodes;
}

void SchemaCompiler::fill(NodeIndex index, const SchemaLocation& at) {
  const simdjson::dom::object object = members_of(at.value);
  std::string_view reference;
  if (object.at_key("$ref").get(reference) == simdjson::SUCCESS) {
    alias_[index] = node(references_.resolve(at, reference));
    if (alias_[index] == index) refuse_self(index);
  } else {
    SchemaNode filled;
    for (const auto field : object) keyword(filled, at, field.key, field.value);
    program_.nodes[index] = filled;
  }
  // Definitions are looked at even when nothing refers to them, so that a fault in one is told now.
  Element definitions;
  if (at.document == 0 && object.at_key("definitions").get(definitions) == simdjson::SUCCESS) {
    const SchemaLocation inside = references_.child(at, "definitions", definitions);
    for (const auto field : members_of(definitions)) child(inside, field.key, field.value);
  }
}

void SchemaCompiler::keyword(SchemaNode& node, const SchemaLocation& at, std::string_view name, Element value) {
  if (name == "type") {
    node.types = 0;
    if (value.is_string()) {
      node.types = type_bits(text_of(value));
    } else {
      for (const Element type : items_of(value)) {
        node.types = static_cast<std::uint8_t>(node.types | type_bits(text_of(type)));
      }
    }
    return;
  }
  if (name == "enum") {
    node.enumeration = values(at, value, false);
  } else if (name == "const") {
    node.constant = values(at, value, true);
  } else if (!number_keyword(node, at, name, value) && !string_keyword(node, at, name, value) &&
             !array_keyword(node, at, name, value) && !object_keyword(node, at, name, value) &&
             !applicator_keyword(node, at, name, value)) {
    return;
  }
  node.leaf = false;
}

Bound SchemaCompiler::bound(const SchemaLocation& at, Element value) const {
  constexpr std::int64_t kExactInDouble = std::int64_t{1} << 53U;
  const Document& document = references_.document(at.document);
  Bound bound;
  text::Decimal room;
  bound.exact = document.exact(value, room);
  bound.integer = bound.exact.integer();
  if (bound.integer) {
    bound.number = static_cast<double>(*bound.integer);
    bound.rough = *bound.integer >= -kExactInDouble && *bound.integer <= kExactInDouble;
  } else if (value.type() == element_type::DOUBLE) {
    const bool short_decimal = !document.is_extreme(value);
    bound.number = value.get_double().value_unsafe();
    bound.rough = short_decimal && std::fabs(bound.number) < static_cast<double>(kExactInDouble);
  }
  return bound;
}

bool SchemaCompiler::number_keyword(SchemaNode& node, const SchemaLocation& at, std::string_view name, Element value) {
  std::optional<Bound> NumberRules::*member = nullptr;
  if (name == "minimum") member = &NumberRules::minimum;
  if (name == "maximum") member = &NumberRules::maximum;
  if (name == "exclusiveMinimum") member = &NumberRules::exclusive_minimum;
  if (name == "exclusiveMaximum") member = &NumberRules::exclusive_maximum;
  if (name == "multipleOf") member = &NumberRules::multiple_of;
  if (member == nullptr) return false;
  Bound read = bound(at, value);
  if (name == "multipleOf" && read.exact.significant_digits() > 18) {
    references_.fail(at.document, at.pointer + "/multipleOf", "multipleOf has more than 18 significant digits");
  }
  rules_of(node.number, program_.numbers).*member = std::move(read);
  return true;
}

std::uint32_t SchemaCompiler::pattern(const SchemaLocation& at, std::string_view keyword, std::string_view text) {
  auto compiled = Pattern::compile(text);
  if (const auto* error = std::get_if<std::string>(&compiled)) {
    references_.fail(at.document, at.pointer + '/' + std::string(keyword),
                     "the pattern \"" + std::string(text) + "\" cannot be used: " + *error);
  }
  program_.patterns.push_back(std::get<Pattern>(std::move(compiled)));
  program_.pattern_texts.emplace_back(text);
  return static_cast<std::uint32_t>(program_.patterns.size() - 1);
}

bool SchemaCompiler::string_keyword(SchemaNode& node, const SchemaLocation& at, std::string_view name, Element value) {
  if (name == "minLength") {
    rules_of(node.string, program_.strings).min_length = count_of(references_.document(at.document), value);
  } else if (name == "maxLength") {
    rules_of(node.string, program_.strings).max_length = count_of(references_.document(at.document), value);
  } else if (name == "pattern") {
    const std::uint32_t compiled = pattern(at, name, text_of(value));
    rules_of(node.string, program_.strings).pattern = compiled;
  } else if (name == "format" && references_.check_metaschema) {  // of a schema's own texts the compiler says more
    const FormatRule* const rule = asserted_format(text_of(value));
    if (rule == nullptr) {
      remark_format(at, text_of(value));
      return false;
    }
    rules_of(node.string, program_.strings).format = rule;
  } else {
    return false;
  }
  return true;
}

void SchemaCompiler::remark_format(const SchemaLocation& at, std::string_view format) {
  constexpr std::size_t kMostRemarks = 20;
  if (program_.remarks.size() >= kMostRemarks) return;
  std::string asserted;
  for (const FormatRule& rule : asserted_formats()) asserted += (asserted.empty() ? "" : ", ") + std::string(rule.name);
  program_.remarks.push_back(references_.at_place(
      at.document, at.pointer + "/format",
      "the format " + name_text(format) + " is not checked, every text passes; checked are " + asserted));
}

bool SchemaCompiler::array_keyword(SchemaNode& node, const SchemaLocation& at, std::string_view name, Element value) {
  if (name == "minItems") {
    rules_of(node.array, program_.arrays).min_items = count_of(references_.document(at.document), value);
  } else if (name == "maxItems") {
    rules_of(node.array, program_.arrays).max_items = count_of(references_.document(at.document), value);
  } else if (name == "uniqueItems") {
    rules_of(node.array, program_.arrays).unique = value.get_bool().value_unsafe();
  } else if (name == "contains") {
    rules_of(node.array, program_.arrays).contains = child(at, name, value);
  } else if (name == "items" && value.is_array()) {
    std::vector<NodeIndex> tuple = children(at, name, value);
    ArrayRules& rules = rules_of(node.array, program_.arrays);
    rules.tuple = std::move(tuple);
    Element additional;
    if (at.value.at_key("additionalItems").get(additional) == simdjson::SUCCESS) {
      rules.others_are_additional = true;
      rules.others = child(at, "additionalItems", additional);
    }
  } else if (name == "items") {
    rules_of(node.array, program_.arrays).others = child(at, name, value);
  } else {
    return false;
  }
  return true;
}

void SchemaCompiler::properties(ObjectRules& rules, const SchemaLocation& at, Element map) {
  const SchemaLocation inside = references_.child(at, "properties", map);
  for (const auto field : members_of(map)) {
    NameTable::Entry& entry = rules.names.add(field.key);
    entry.declared = true;
    entry.node = child(inside, field.key, field.value);
  }
}

void SchemaCompiler::required(ObjectRules& rules, Element list) {
  unsigned used = 0;
  for (const Element name : items_of(list)) {
    if (used < 64) {
      const std::uint64_t bit = std::uint64_t{1} << used++;
      rules.names.add(text_of(name)).required = bit;
      rules.required |= bit;
    } else {
      rules.more_required.emplace_back(text_of(name));
    }
  }
}

void SchemaCompiler::dependencies(std::uint32_t index, const SchemaLocation& at, Element map) {
  const SchemaLocation inside = references_.child(at, "dependencies", map);
  for (const auto field : members_of(map)) {
    Dependency dependency;
    dependency.name = field.key;
    simdjson::dom::array names;
    if (field.value.get(names) == simdjson::SUCCESS) {
      for (const Element name : names) dependency.names.emplace_back(text_of(name));
    } else {
      dependency.node = child(inside, field.key, field.value);
    }
    program_.objects[index].dependencies.push_back(std::move(dependency));
  }
}

bool SchemaCompiler::object_keyword(SchemaNode& node, const SchemaLocation& at, std::string_view name, Element value) {
  const auto rules = [&]() -> ObjectRules& { return rules_of(node.object, program_.objects); };
  if (name == "minProperties") {
    rules().min_properties = count_of(references_.document(at.document), value);
  } else if (name == "maxProperties") {
    rules().max_properties = count_of(references_.document(at.document), value);
  } else if (name == "required") {
    required(rules(), value);
  } else if (name == "properties") {
    properties(rules(), at, value);
  } else if (name == "patternProperties") {
    const SchemaLocation inside = references_.child(at, name, value);
    for (const auto field : members_of(value)) {
      const std::uint32_t compiled = pattern(inside, pointer_token(field.key), field.key);
      rules().patterns.emplace_back(compiled, child(inside, field.key, field.value));
    }
  } else if (name == "additionalProperties") {
    rules().additional = child(at, name, value);
  } else if (name == "propertyNames") {
    rules().property_names = child(at, name, value);
  } else if (name == "dependencies") {
    rules();
    dependencies(node.object, at, value);
  } else {
    return false;
  }
  return true;
}

bool SchemaCompiler::applicator_keyword(SchemaNode& node, const SchemaLocation& at, std::string_view name,
                                        Element value) {
  const auto rules = [&]() -> Applicators& { return rules_of(node.applicators, program_.applicators); };
  if (name == "allOf") {
    rules().all_of = children(at, name, value);
  } else if (name == "anyOf") {
    rules().any_of = children(at, name, value);
  } else if (name == "oneOf") {
    rules().one_of = children(at, name, value);
  } else if (name == "not") {
    rules().never = child(at, name, value);
  } else if (name == "if") {
    rules().condition = child(at, name, value);
  } else if (name == "then") {
    rules().then = child(at, name, value);
  } else if (name == "else") {
    rules().otherwise = child(at, name, value);
  } else {
    return false;
  }
  return true;
}

void SchemaCompiler::add_value(ValueRules& rules, const SchemaLocation& at, Element value) const {
  if (value.is_string()) {
    rules.strings.add(text_of(value));
  } else {
    rules.others.emplace_back(at.document, value);
  }
}

std::uint32_t SchemaCompiler::values(const SchemaLocation& at, Element one, bool is_const) {
  ValueRules rules;
  rules.is_const = is_const;
  if (is_const) {
    add_value(rules, at, one);
  } else {
    for (const Element value : items_of(one)) add_value(rules, at, value);
  }
  program_.values.push_back(std::move(rules));
  return static_cast<std::uint32_t>(program_.values.size() - 1);
}

void SchemaCompiler::refuse_self(NodeIndex index) const {
  const SchemaLocation& at = locations_[index];
  references_.fail(at.document, at.pointer + "/$ref", "the reference leads back to itself");
}

void SchemaCompiler::follow_references() {
  for (NodeIndex index = 2; index < alias_.size(); ++index) {
    const bool idle = program_.nodes[index].leaf && program_.nodes[index].types == kAllTypes;
    if (idle && alias_[index] == index) alias_[index] = kAnything;  // descriptions only
  }
  for (NodeIndex start = 0; start < alias_.size(); ++start) {
    NodeIndex end = start;
    for (std::size_t steps = 0; alias_[end] != end; ++steps) {
      end = alias_[end];
      if (steps > alias_.size()) refuse_self(start);
    }
    for (NodeIndex at = start; alias_[at] != at;) at = std::exchange(alias_[at], end);
  }
  each_edge(program_, [&](NodeIndex& node) { node = alias_[node]; });
  program_.root = alias_[program_.root];
}

void SchemaCompiler::refuse_loops() const {
  enum : std::uint8_t { kNew, kOpen, kDone };
  struct Step {
    NodeIndex node;
    std::vector<NodeIndex> edges;
  };
  std::vector<std::uint8_t> state(program_.nodes.size(), kNew);
  std::vector<Step> path;
  const auto open = [&](NodeIndex node) {
    state[node] = kOpen;
    path.push_back({node, edges_in_place(program_, program_.nodes[node])});
  };
  for (NodeIndex start = 0; start < program_.nodes.size(); ++start) {
    if (state[start] == kNew) open(start);
    while (!path.empty()) {
      if (path.back().edges.empty()) {
        state[path.back().node] = kDone;
        path.pop_back();
        continue;
      }
      const NodeIndex next = path.back().edges.back();
      path.back().edges.pop_back();
      if (state[next] == kNew)
        open(next);
      else if (state[next] == kOpen) {
        const SchemaLocation& at = locations_[next];
        references_.fail(at.document, at.pointer, "the schema leads back to itself without going down in the document");
      }
    }
  }
}

void SchemaCompiler::finish() {
  for (ObjectRules& rules : program_.objects) {
    rules.plain = rules.patterns.empty() && rules.additional == kAnything && rules.property_names == kAnything;
    if (rules.plain) rules.names.remove_idle();
    rules.names.build();
  }
  for (SchemaNode& node : program_.nodes) {
    if (node.object == kNoRules || !program_.objects[node.object].says_nothing()) continue;
    node.object = kNoRules;
    node.leaf = node.number == kNoRules && node.string == kNoRules && node.array == kNoRules &&
                node.applicators == kNoRules && node.enumeration == kNoRules && node.constant == kNoRules;
  }
  for (ValueRules& rules : program_.values) rules.strings.build();
  program_.documents = references_.documents();
}

}  // namespace tributary::schema
