#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "schema/schema_program.hpp"
#include "schema/schema_references.hpp"

namespace tributary::schema {

// Writes the program of a schema: one node for each subschema that can be reached, in the order they are met.
//
// Owner: one compilation. Thread: any, one at a time. Failure: throws SchemaFault.
class SchemaCompiler {
 public:
  explicit SchemaCompiler(SchemaReferences& references);
  SchemaProgram run(const SchemaLocation& root);

 private:
  using Element = simdjson::dom::element;

  NodeIndex node(const SchemaLocation& location);
  NodeIndex child(const SchemaLocation& at, std::string_view keyword, Element value);
  std::vector<NodeIndex> children(const SchemaLocation& at, std::string_view keyword, Element list);
  void fill(NodeIndex index, const SchemaLocation& at);
  void keyword(SchemaNode& node, const SchemaLocation& at, std::string_view name, Element value);
  bool number_keyword(SchemaNode& node, const SchemaLocation& at, std::string_view name, Element value);
  bool string_keyword(SchemaNode& node, const SchemaLocation& at, std::string_view name, Element value);
  void remark_format(const SchemaLocation& at, std::string_view format);
  bool array_keyword(SchemaNode& node, const SchemaLocation& at, std::string_view name, Element value);
  bool object_keyword(SchemaNode& node, const SchemaLocation& at, std::string_view name, Element value);
  bool applicator_keyword(SchemaNode& node, const SchemaLocation& at, std::string_view name, Element value);
  void properties(ObjectRules& rules, const SchemaLocation& at, Element map);
  void required(ObjectRules& rules, Element list);
  void dependencies(std::uint32_t rules, const SchemaLocation& at, Element map);
  std::uint32_t values(const SchemaLocation& at, Element one, bool is_const);
  void add_value(ValueRules& rules, const SchemaLocation& at, Element value) const;
  Bound bound(const SchemaLocation& at, Element value) const;
  std::uint32_t pattern(const SchemaLocation& at, std::string_view keyword, std::string_view text);

  [[noreturn]] void refuse_self(NodeIndex index) const;
  void follow_references();
  void refuse_loops() const;
  void finish();

  SchemaReferences& references_;
  SchemaProgram program_;
  std::map<std::pair<std::size_t, std::string>, NodeIndex> known_;
  std::vector<SchemaLocation> locations_;  // of each node
  std::vector<NodeIndex> alias_;           // the node a $ref leads to, or itself
  std::vector<NodeIndex> waiting_;
};

}  // namespace tributary::schema
