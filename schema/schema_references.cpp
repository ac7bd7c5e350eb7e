#include "schema/schema_references.hpp"

#include <charconv>
#include <set>
#include <utility>

#include "schema/embedded.hpp"
#include "schema/json_fault.hpp"
#include "schema/schema_metaschema.hpp"
#include "schema/uri_reference.hpp"
#include "schema/validator.hpp"
#include "text/percent.hpp"

namespace tributary::schema {
namespace {

using simdjson::dom::element;

bool text_member(element value, std::string_view name, std::string_view& text) {
  simdjson::dom::object object;
  return value.get(object) == simdjson::SUCCESS && object.at_key(name).get(text) == simdjson::SUCCESS;
}

std::string without_fragment(std::string_view uri) { return std::string(uri.substr(0, uri.find('#'))); }

}  // namespace

SchemaError SchemaReferences::at_place(std::size_t document, std::string pointer, std::string message) const {
  SchemaError error;
  if (document < loaded_.size()) {
    const TextPlace place = locate(loaded_[document].text, pointer);
    error.line = place.line;
    error.column = place.column;
    error.document = loaded_[document].uri;
  }
  error.path = std::move(pointer);
  error.message = std::move(message);
  return error;
}

void SchemaReferences::fail(std::size_t document, std::string pointer, std::string message) const {
  throw SchemaFault{at_place(document, std::move(pointer), std::move(message))};
}

std::size_t SchemaReferences::add(std::string_view uri, std::string_view text) {
  Loaded loaded{std::string(uri), std::string(text), std::make_shared<Document>()};
  const bool readable = loaded.document->read(loaded.text);
  loaded_.push_back(std::move(loaded));
  const std::size_t number = loaded_.size() - 1;
  if (!readable) {
    const auto [offset, why] = json_fault(loaded_[number].text);
    const TextPlace place = locate_offset(loaded_[number].text, offset);
    const std::string words = why.empty() ? std::string(loaded_[number].document->error()) : why;
    throw SchemaFault{{"", place.line, place.column, "not JSON: " + words, std::string(uri)}};
  }
  const SchemaLocation root{number, "", loaded_[number].document->root(), std::string(uri)};
  std::string_view dialect;
  if (text_member(root.value, "$schema", dialect) && without_fragment(dialect) != kMetaschemaUri) {
    fail(number, "/$schema", "only draft-07 is understood (" + std::string(kMetaschemaUri) + "#)");
  }
  check(root);
  resources_.emplace(uri, root);
  index(root);
  if (const auto named = bases_.find({number, ""}); named != bases_.end())
    resources_.at(std::string(uri)).base = named->second;
  return number;
}

void SchemaReferences::check(const SchemaLocation& location) const {
  if (!check_metaschema) return;
  const auto violations = explain(metaschema_program(), *loaded_[location.document].document, location.value);
  if (violations.empty()) return;
  // The deepest place is the most telling one.
  const Violation* deepest = &violations.front();
  for (const Violation& violation : violations) {
    if (violation.path.size() > deepest->path.size()) deepest = &violation;
  }
  fail(location.document, location.pointer + deepest->path,
       "not a draft-07 schema: " + deepest->message + " (" + deepest->keyword + ")");
}

SchemaLocation SchemaReferences::root(std::size_t document) const {
  const auto base = bases_.find({document, ""});
  return {document, "", loaded_[document].document->root(),
          base == bases_.end() ? loaded_[document].uri : base->second};
}

SchemaLocation SchemaReferences::child(const SchemaLocation& parent, std::string_view token, element value) const {
  SchemaLocation location{parent.document, parent.pointer + '/' + pointer_token(token), value, parent.base};
  const auto base = bases_.find({location.document, location.pointer});
  if (base != bases_.end()) location.base = base->second;
  return location;
}

void SchemaReferences::check_names(const SchemaLocation& location, std::string_view pointer,
                                   simdjson::dom::object object) const {
  std::set<std::string_view> names;
  for (const auto field : object) {
    if (!names.insert(field.key).second) {
      fail(location.document, location.pointer + std::string(pointer),
           "the name \"" + std::string(field.key) + "\" is given twice");
    }
  }
}

void SchemaReferences::index(const SchemaLocation& found) {
  SchemaLocation location = found;
  simdjson::dom::object object;
  if (location.value.get(object) == simdjson::SUCCESS) {
    check_names(location, "", object);
    std::string_view id;
    std::string_view reference;
    if (!text_member(location.value, "$ref", reference) && text_member(location.value, "$id", id)) {
      const std::string absolute = resolve_uri(location.base, id);
      location.base = without_fragment(absolute);
      const std::size_t hash = absolute.find('#');
      if (hash != std::string::npos && hash + 1 < absolute.size()) {
        if (!anchors_.emplace(absolute, location).second) {
          fail(location.document, location.pointer + "/$id", "the name " + absolute + " is given twice");
        }
      }
      if (!id.starts_with('#')) {
        const auto [known, added] = resources_.emplace(location.base, location);
        const SchemaLocation& other = known->second;
        if (!added && (other.document != location.document || other.pointer != location.pointer)) {
          fail(location.document, location.pointer + "/$id", "the name " + location.base + " is given twice");
        }
      }
    }
  }
  bases_[{location.document, location.pointer}] = location.base;
  index_children(location);
}

void SchemaReferences::index_children(const SchemaLocation& location) {
  static const std::set<std::string_view> kOne{
      "additionalItems", "additionalProperties", "contains", "propertyNames", "if", "then", "else", "not", "items"};
  static const std::set<std::string_view> kList{"allOf", "anyOf", "oneOf", "items"};
  static const std::set<std::string_view> kMap{"properties", "patternProperties", "definitions", "dependencies"};
  simdjson::dom::object object;
  if (location.value.get(object) != simdjson::SUCCESS) return;
  for (const auto field : object) {
    const SchemaLocation inner{location.document, location.pointer + '/' + pointer_token(field.key), field.value,
                               location.base};
    simdjson::dom::array list;
    simdjson::dom::object map;
    if (kList.contains(field.key) && field.value.get(list) == simdjson::SUCCESS) {
      std::size_t number = 0;
      for (const element item : list) {
        index({inner.document, inner.pointer + '/' + std::to_string(number++), item, inner.base});
      }
    } else if (kOne.contains(field.key)) {
      index(inner);
    } else if (kMap.contains(field.key) && field.value.get(map) == simdjson::SUCCESS) {
      check_names(inner, "", map);
      for (const auto member : map) {
        if (member.value.is_array()) continue;  // a dependency on names
        index({inner.document, inner.pointer + '/' + pointer_token(member.key), member.value, inner.base});
      }
    }
  }
}

const SchemaLocation* SchemaReferences::resource(const std::string& uri) {
  const auto known = resources_.find(uri);
  if (known != resources_.end()) return &known->second;
  auto remote = remote_.find(uri);
  if (remote == remote_.end()) remote = remote_.find(uri + '#');
  if (remote != remote_.end()) {
    add(uri, remote->second);
  } else if (uri == kMetaschemaUri) {
    add(uri, embedded("draft-07.schema.json"));
  } else {
    return nullptr;
  }
  return &resources_.at(uri);
}

SchemaLocation SchemaReferences::resolve(const SchemaLocation& from, std::string_view reference) {
  const std::string absolute = resolve_uri(from.base, reference);
  const std::string uri = without_fragment(absolute);
  const std::string fragment =
      text::percent_decoded_leniently(std::string_view(absolute).substr(std::min(uri.size() + 1, absolute.size())));
  const SchemaLocation* target = resource(uri);
  if (target == nullptr) {
    fail(from.document, from.pointer + "/$ref",
         "\"" + std::string(reference) + "\" does not resolve: " + uri +
             " is not in this document, and none is fetched");
  }
  if (fragment.empty() || fragment.starts_with('/')) return walk(*target, fragment, from);
  const auto anchor = anchors_.find(uri + '#' + fragment);
  if (anchor == anchors_.end()) {
    fail(from.document, from.pointer + "/$ref",
         "\"" + std::string(reference) + "\" does not resolve: no $id has this name");
  }
  return anchor->second;
}

SchemaLocation SchemaReferences::walk(SchemaLocation at, std::string_view pointer, const SchemaLocation& from) {
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const std::string_view token = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(token.size());
    const std::string name = unescape_pointer_token(token);
    std::size_t number = 0;
    const auto read = std::from_chars(name.data(), name.data() + name.size(), number);
    const bool is_number = read.ec == std::errc() && read.ptr == name.data() + name.size();
    simdjson::dom::array list;
    simdjson::dom::object map;
    element next;
    const bool found =
        (at.value.get(map) == simdjson::SUCCESS && map.at_key(name).get(next) == simdjson::SUCCESS) ||
        (is_number && at.value.get(list) == simdjson::SUCCESS && list.at(number).get(next) == simdjson::SUCCESS);
    if (!found) {
      fail(from.document, from.pointer + "/$ref",
           "the reference does not resolve: nothing at " + at.pointer + '/' + std::string(token));
    }
    at = child(at, name, next);
  }
  if (!bases_.contains({at.document, at.pointer})) {  // not where schemas stand: nobody has looked at it yet
    check(at);
    index(at);
  }
  return at;
}

std::vector<std::shared_ptr<const Document>> SchemaReferences::documents() const {
  std::vector<std::shared_ptr<const Document>> documents;
  for (const Loaded& loaded : loaded_) documents.push_back(loaded.document);
  return documents;
}

}  // namespace tributary::schema
