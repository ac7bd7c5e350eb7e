#pragma once

#include <simdjson.h>

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "schema/document.hpp"
#include "schema/schema.hpp"

namespace tributary::schema {

// A subschema: where it stands, and the base URI for the references in it.
struct SchemaLocation {
  std::size_t document = 0;
  std::string pointer;
  simdjson::dom::element value;
  std::string base;
};

// Thrown while compiling, caught by Schema::compile.
struct SchemaFault {
  SchemaError error;
};

// The documents of one compilation and every name their subschemas can be referred to by.
//
// Owner: one compilation. Thread: any, one at a time. Failure: throws SchemaFault.
class SchemaReferences {
 public:
  explicit SchemaReferences(const std::map<std::string, std::string>& remote_documents) : remote_(remote_documents) {}

  // Parses a document, checks it and indexes its $ids. `uri`: where it came from, "" for the schema itself.
  std::size_t add(std::string_view uri, std::string_view text);
  SchemaLocation root(std::size_t document) const;
  SchemaLocation child(const SchemaLocation& parent, std::string_view token, simdjson::dom::element value) const;

  // What `reference`, found at `from`, points at.
  SchemaLocation resolve(const SchemaLocation& from, std::string_view reference);

  // A fault or a remark, with its line and column.
  SchemaError at_place(std::size_t document, std::string pointer, std::string message) const;
  [[noreturn]] void fail(std::size_t document, std::string pointer, std::string message) const;
  std::vector<std::shared_ptr<const Document>> documents() const;
  const Document& document(std::size_t number) const { return *loaded_[number].document; }

  // The metaschema is not checked against itself: it is what the check runs on.
  bool check_metaschema = true;

 private:
  struct Loaded {
    std::string uri;
    std::string text;
    std::shared_ptr<Document> document;
  };

  void check(const SchemaLocation& location) const;
  void index(const SchemaLocation& location);
  void index_children(const SchemaLocation& location);
  void check_names(const SchemaLocation& location, std::string_view pointer, simdjson::dom::object object) const;
  SchemaLocation walk(SchemaLocation at, std::string_view pointer, const SchemaLocation& from);
  const SchemaLocation* resource(const std::string& uri);

  const std::map<std::string, std::string>& remote_;
  std::vector<Loaded> loaded_;
  std::map<std::string, SchemaLocation> resources_;                   // by absolute URI without fragment
  std::map<std::string, SchemaLocation> anchors_;                     // by URI#name
  std::map<std::pair<std::size_t, std::string>, std::string> bases_;  // of every indexed (document, pointer)
};

}  // namespace tributary::schema
