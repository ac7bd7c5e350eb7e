// The Fields that writes the JSON Schema (draft-07) of the configuration, for editors: what the Reader accepts is valid
// by it, and it knows keys, types, words, defaults and sentences. Bounds of durations and sizes, names in routes and
// what two keys say together are the Reader's alone. Thread: any.
#include <nlohmann/json.hpp>

#include <string>
#include <utility>

#include "config/load.hpp"
#include "config/telling_fields.hpp"

namespace tributary::config {
namespace {

using Json = nlohmann::ordered_json;

Json reference_to(const std::string& definition) { return {{"$ref", "#/definitions/" + definition}}; }

Json type_of(const char* type) { return {{"type", type}}; }

// A YAML text may look like a number or a truth value and is taken as written.
Json scalar() { return {{"type", {"string", "number", "boolean"}}}; }

Json list_of(Json items) { return {{"type", {"array", "null"}}, {"items", std::move(items)}}; }

Json map_of(Json values) { return {{"type", {"object", "null"}}, {"additionalProperties", std::move(values)}}; }

Json definitions() {
  const Json word = {{"type", {"string", "number", "boolean"}}, {"not", {{"const", ""}}}};
  const auto only = [](const char* kind, Json value) {
    return Json{{"type", "object"},
                {"properties", {{kind, std::move(value)}}},
                {"required", {kind}},
                {"additionalProperties", false}};
  };
  Json command = only("command", {{"type", "array"}, {"items", word}, {"minItems", 1}});
  command["properties"]["timeout"] = reference_to("duration");
  Json all;
  all["duration"] = {
      {"type", "string"}, {"pattern", "^[0-9]+(ms|s|m|h)$"}, {"examples", {"250ms", "10s", "5m", "24h"}}};
  all["size"] = {{"type", "string"}, {"pattern", "^[0-9]+(B|KiB|MiB|GiB|TiB)$"}, {"examples", {"64KiB", "4MiB"}}};
  all["secret"] = {
      {"description", "where a secret is found"},
      {"oneOf", {only("file", word), only("env", word), only("credential", word), command, only("value", word)}}};
  return all;
}

class SchemaWriter final : public TellingFields {
 public:
  SchemaWriter() : definitions_(definitions()) { levels_.push_back(object()); }

  Json document() {
    Json schema = {{"$schema", "http://json-schema.org/draft-07/schema#"}, {"title", "The configuration of tributary"}};
    schema.update(levels_.front());
    schema["definitions"] = definitions_;
    return schema;
  }

  void not_yet(const Key& key, std::string_view, Off off) override {
    Json harmless = {{"const", off.value == "false" ? Json(false) : Json(off.value)}};
    if (off.member.empty()) {
      harmless = {{"enum", {off.value, nullptr, Json::object(), Json::array()}}};
    } else {
      harmless = {{"type", {"object", "null"}}, {"properties", {{std::string(off.member), harmless}}}};
      if (!off.absent_is_off) harmless["required"] = Json::array({off.member});
    }
    harmless["description"] = "not yet";
    properties()[std::string(key.name)] = std::move(harmless);
  }

 protected:
  void text(const Key& key, std::string& value) override {
    Json schema = scalar();
    if (key.required) schema["not"] = {{"const", ""}};
    add(key, std::move(schema), value);
  }
  void flag(const Key& key, bool& value) override { add(key, type_of("boolean"), value); }
  void integer(const Key& key, std::int64_t& value) override {
    add(key, {{"type", "integer"}, {"minimum", *key.minimum}, {"maximum", *key.maximum}}, value);
  }
  void number(const Key& key, double& value) override {
    Json schema = type_of("number");
    if (key.minimum) schema["minimum"] = *key.minimum;
    if (key.maximum) schema["maximum"] = *key.maximum;
    add(key, std::move(schema), value);
  }
  void duration(const Key& key, Duration& value) override { add(key, reference_to("duration"), format(value)); }
  void size(const Key& key, Size& value) override { add(key, reference_to("size"), format(value)); }
  void path(const Key& key, Path& value) override { add(key, scalar(), value.text); }
  void secret(const Key& key, Secret&) override { add(key, reference_to("secret"), nullptr); }
  void texts(const Key& key, std::vector<std::string>& value) override {
    Json schema = list_of(scalar());
    if (key.required) schema = {{"type", "array"}, {"items", scalar()}, {"minItems", 1}};
    add(key, std::move(schema), value);
  }
  void text_map(const Key& key, std::map<std::string, std::string>& value) override {
    add(key, map_of(scalar()), Json(value));
  }
  void secret_map(const Key& key, std::map<std::string, Secret>&) override {
    add(key, map_of({{"anyOf", {scalar(), reference_to("secret")}}}), Json::object());
  }
  void choose(const Key& key, std::span<const std::string_view> names, std::size_t& index) override {
    Json words = Json::array();
    for (const auto name : names) {
      words.push_back(name);
      const auto number = Json::parse(name, nullptr, false);
      if (number.is_number_integer()) words.push_back(number);
    }
    add(key, {{"enum", words}}, names[index]);
  }

  bool begin_optional(const Key&, bool) override {
    optional_ = true;
    return true;
  }
  bool begin_group(const Key& key) override {
    open(key);
    return true;
  }
  void end_group() override {
    const Key key = take_open();
    Json schema = take_level();
    if (!key.required) schema["type"] = {"object", "null"};
    add(key, std::move(schema), nullptr);
  }
  std::size_t begin_items(const Key& key, std::size_t) override {
    open(key);
    return 1;
  }
  bool begin_item(std::size_t) override { return true; }
  void end_item() override {}
  void end_items() override {
    const Key key = take_open();
    add(key, list_of(take_level()), nullptr);
  }

  void typed(const Key& key, std::span<const SettingsType> types, std::vector<NamedSettings>&,
             bool may_be_disabled) override {
    Json names = Json::array();
    Json cases = Json::array();
    for (const auto& type : types) {
      if (type.make == nullptr) continue;
      const std::string definition = std::string(key.name) + "." + std::string(type.name);
      names.push_back(type.name);
      definitions_[definition] = type_schema(type, may_be_disabled);
      cases.push_back({{"if", {{"properties", {{"type", {{"const", type.name}}}}}, {"required", {"type"}}}},
                       {"then", reference_to(definition)}});
    }
    Json entry = {{"type", "object"}, {"properties", {{"type", {{"enum", names}}}}}, {"required", {"type"}}};
    if (!cases.empty()) entry["allOf"] = cases;
    Json schema = map_of(std::move(entry));
    schema["propertyNames"] = {{"pattern", "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"}};
    add(key, std::move(schema), nullptr);
  }

 private:
  static Json object() { return {{"type", "object"}, {"properties", Json::object()}, {"additionalProperties", false}}; }

  Json& properties() { return levels_.back()["properties"]; }

  void open(const Key& key) {
    keys_.push_back(key);
    optional_ = false;
    levels_.push_back(object());
  }
  Key take_open() {
    const Key key = keys_.back();
    keys_.pop_back();
    return key;
  }
  Json take_level() {
    Json level = std::move(levels_.back());
    levels_.pop_back();
    return level;
  }

  void add(const Key& key, Json schema, Json value) {
    const std::string name(key.name);
    if (!key.help.empty()) schema["description"] = key.help;
    const bool shown = !optional_ && !key.required && !value.is_null();
    if (shown) schema["default"] = std::move(value);
    if (schema.contains("$ref") && schema.size() > 1) {  // draft-07 reads nothing beside a $ref
      Json target = {{"$ref", schema["$ref"]}};
      schema.erase("$ref");
      schema["allOf"] = Json::array({target});
    }
    if (key.required) levels_.back()["required"].push_back(name);
    properties()[name] = std::move(schema);
    optional_ = false;
  }

  Json type_schema(const SettingsType& type, bool may_be_disabled) {
    levels_.push_back(object());
    if (!type.summary.empty()) levels_.back()["description"] = type.summary;
    properties()["type"] = {{"const", type.name}};
    bool enabled = true;
    if (may_be_disabled) flag({"enabled", "false: not started"}, enabled);
    type.make()->describe(*this);
    return take_level();
  }

  Json definitions_;
  std::vector<Json> levels_;
  std::vector<Key> keys_;
  bool optional_ = false;
};

}  // namespace

std::string json_schema(const Vocabulary& vocabulary) {
  SchemaWriter writer;
  Settings settings;
  settings.describe(writer, vocabulary);
  return writer.document().dump(2) + "\n";
}

}  // namespace tributary::config
