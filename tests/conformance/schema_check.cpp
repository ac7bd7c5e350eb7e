// The validator as a filter, for schema_differential.py. A case is a line with a schema, a line with the count of its
// documents, and a line for each of them, so that every text arrives byte for byte. Out comes one line for each case:
// a character for each document (1 valid, 0 not, ? not JSON, ! two ways disagree:
// passes() and explain(), or the document read by parse() and by parse_padded(), as events are), or "error <why>".
#include <iostream>
#include <string>
#include <variant>

#include "schema/document.hpp"
#include "schema/schema.hpp"
#include "schema/validator.hpp"

int main() {
  using tributary::schema::Schema;
  using tributary::schema::SchemaError;
  std::ios::sync_with_stdio(false);
  tributary::schema::Validator validator;
  tributary::schema::Validator padded;
  std::string schema_text;
  std::string line;
  while (std::getline(std::cin, schema_text)) {
    std::getline(std::cin, line);
    const int documents = std::stoi(line);
    const auto compiled = Schema::compile(schema_text);
    const auto* error = std::get_if<SchemaError>(&compiled);
    std::string verdicts = error == nullptr ? "" : "error " + to_string(*error);
    for (int i = 0; i < documents; ++i) {
      std::getline(std::cin, line);
      if (error != nullptr) continue;
      line.reserve(line.size() + simdjson::SIMDJSON_PADDING);
      const bool read = validator.parse(line);
      const bool read_padded = padded.parse_padded(line);
      if (!read || !read_padded) {
        verdicts += read != read_padded ? '!' : '?';
        continue;
      }
      const auto& schema = std::get<Schema>(compiled);
      const bool valid = padded.passes(schema);
      const bool agreed = padded.explain(schema).empty() == valid && validator.passes(schema) == valid;
      verdicts += !agreed ? '!' : valid ? '1' : '0';
    }
    std::cout << verdicts << '\n';
  }
  return 0;
}
