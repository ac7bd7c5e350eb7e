#pragma once

#include <string_view>
#include <vector>

#include "schema/schema_program.hpp"
#include "schema/validator.hpp"

namespace tributary::schema {

constexpr std::string_view kMetaschemaUri = "http://json-schema.org/draft-07/schema";

// The draft-07 metaschema, compiled at its first use. Thread: any.
const SchemaProgram& metaschema_program();

// Validator::passes and explain on a value inside a document. Thread: any.
bool passes(const SchemaProgram& program, const Document& document, simdjson::dom::element value);
std::vector<Violation> explain(const SchemaProgram& program, const Document& document, simdjson::dom::element value);

}  // namespace tributary::schema
