#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "schema/document.hpp"
#include "schema/schema.hpp"

namespace tributary::schema {

// One thing in a document that its schema does not allow.
struct Violation {
  std::string path;     // JSON pointer into the document; clipped at 512 bytes
  std::string keyword;  // the schema's keyword, e.g. "required"; "false" where the schema is false; "limit", see below
  std::string message;  // for people; names come from the schema, values of the document are not repeated

  friend bool operator==(const Violation&, const Violation&) = default;
};

// Parses a document once and runs any number of schemas over it.
//
// Numbers are decimals, compared by value and exactly, however they are written: 1.0 is an integer and equals 1, 0.3 is
// a multiple of 0.1, and 0.30000000000000001 is not 0.3. Members given twice are each checked. Lengths count code
// points. A run is given up, as a violation with the keyword "limit", after kMaxSteps steps (and eight for each byte of
// the document) or kMaxDepth nested schemas: a schema with overlapping recursive branches can take time exponential in
// the depth of a document.
//
// Owner: one per thread; holds its buffers from document to document. Schemas must outlive only the call.
// Thread: any, one at a time. Failure: parse() returns false, and parse_error() says why; a run has no other failure
// than the violations.
class Validator {
 public:
  static constexpr std::uint64_t kMaxSteps = 1'000'000;
  static constexpr std::uint32_t kMaxDepth = 4'000;
  static constexpr std::size_t kMaxViolations = 100;

  bool parse(std::string_view bytes) { return document_.read(bytes); }
  // For bytes with simdjson::SIMDJSON_PADDING readable bytes behind them: no copy is made. The bytes must stay as they
  // are until the next parse.
  bool parse_padded(std::string_view bytes) { return document_.read_padded(bytes); }
  std::string_view parse_error() const { return document_.error(); }
  simdjson::dom::element root() const { return document_.root(); }
  // What was parsed last.
  const Document& document() const { return document_; }

  bool passes(const Schema& schema) const;
  // Empty exactly when passes(); the first kMaxViolations of them.
  std::vector<Violation> explain(const Schema& schema) const;

 private:
  Document document_;
};

}  // namespace tributary::schema
