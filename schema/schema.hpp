#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tributary::schema {

struct SchemaProgram;

// Why a schema cannot be used, and where.
struct SchemaError {
  std::string path;      // JSON pointer into the document at fault; "" is its root
  std::size_t line = 0;  // 1-based; 0 when there is no such place
  std::size_t column = 0;
  std::string message;   // one sentence without a full stop
  std::string document;  // the remote document at fault; "" is the schema itself
};
// "line 3, column 14, at /properties/a/pattern: …"
std::string to_string(const SchemaError& error);

// A JSON Schema (draft-07) compiled once and run by a Validator.
//
// All keywords of draft-07. `format` asserts those of asserted_formats(), others are ignored and remarked;
// `default`, `examples`, `contentEncoding`, `contentMediaType` and unknown keywords say nothing. References resolve
// within the document (pointers, $id, anchors), to the draft-07 metaschema, and to `remote_documents` (absolute URI →
// text); nothing is ever fetched. Everything that could go wrong later goes wrong here: a schema that does not satisfy
// the metaschema, an unresolved reference, a reference that leads to itself without going down in the document, a
// pattern that is not linear-time, multipleOf with more than 18 significant digits, a name given twice.
//
// Owner: anyone; a cheap copy of a shared immutable program. Thread: any.
class Schema {
 public:
  static std::variant<Schema, SchemaError> compile(std::string_view json_text,
                                                   const std::map<std::string, std::string>& remote_documents = {});

  // Where the schema relies on a format that is not asserted; at most 20.
  const std::vector<SchemaError>& remarks() const;
  const SchemaProgram& program() const { return *program_; }

 private:
  explicit Schema(std::shared_ptr<const SchemaProgram> program) : program_(std::move(program)) {}

  std::shared_ptr<const SchemaProgram> program_;
};

}  // namespace tributary::schema
