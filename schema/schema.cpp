#include "schema/schema.hpp"

#include "schema/embedded.hpp"
#include "schema/schema_compiler.hpp"
#include "schema/schema_metaschema.hpp"
#include "schema/schema_references.hpp"

namespace tributary::schema {

std::variant<Schema, SchemaError> Schema::compile(std::string_view json_text,
                                                  const std::map<std::string, std::string>& remote_documents) {
  try {
    SchemaReferences references(remote_documents);
    const std::size_t document = references.add("", json_text);
    SchemaCompiler compiler(references);
    return Schema(std::make_shared<const SchemaProgram>(compiler.run(references.root(document))));
  } catch (const SchemaFault& fault) {
    return fault.error;
  }
}

const std::vector<SchemaError>& Schema::remarks() const { return program_->remarks; }

const SchemaProgram& metaschema_program() {
  static const SchemaProgram kProgram = [] {
    const std::map<std::string, std::string> none;
    SchemaReferences references(none);
    references.check_metaschema = false;
    const std::size_t document = references.add("", embedded("draft-07.schema.json"));
    SchemaCompiler compiler(references);
    return compiler.run(references.root(document));
  }();
  return kProgram;
}

std::string to_string(const SchemaError& error) {
  std::string text;
  if (!error.document.empty()) text += error.document + ": ";
  if (error.line != 0) {
    text += "line " + std::to_string(error.line) + ", column " + std::to_string(error.column) + ", ";
  }
  if (error.line != 0 && error.path.empty()) {  // the place is all there is: it may be no JSON at all
    text.replace(text.size() - 2, 2, ": ");
    return text + error.message;
  }
  return text + "at " + (error.path.empty() ? "/" : error.path) + ": " + error.message;
}

}  // namespace tributary::schema
