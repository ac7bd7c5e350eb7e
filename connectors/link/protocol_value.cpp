#include "connectors/link/protocol_value.hpp"

#include <array>

#include "text/json.hpp"

namespace tributary::connectors {
namespace {

constexpr std::size_t reason_limit = 200;
constexpr std::size_t found_limit = 60;
constexpr int deepest = 8;
/// Where servers put their reasons, the best first.
constexpr std::array<std::string_view, 9> reason_keys = {"message", "errors",  "error",   "reason", "error_description",
                                                         "detail",  "details", "content", "data"};
constexpr std::array<std::string_view, 4> code_keys = {"code", "error_code", "errorCode", "status"};

std::string own_words(JsonParts& parts, const Value& said, int depth);

std::string words_of_list(JsonParts& parts, const Value& list, int depth) {
  for (const Value& element : parts.elements(list)) {
    if (auto words = own_words(parts, element, depth); !words.empty()) return words;
  }
  return {};
}

std::string code_in(JsonParts& parts, const Object& object) {
  for (const Object* place : {&object, &parts.members(object["extensions"])}) {
    for (const auto key : code_keys) {
      const Value code = (*place)[key];
      if (code.kind == Value::Kind::number) return std::string(code.text);
      if (auto words = plain_text(code); !words.empty()) return words;
    }
  }
  return {};
}

std::string words_of_object(JsonParts& parts, const Object& object, int depth) {
  for (const auto key : reason_keys) {
    if (auto words = own_words(parts, object[key], depth); !words.empty()) return words;
  }
  return code_in(parts, object);
}

/// Without the JSON itself as the last resort.
std::string own_words(JsonParts& parts, const Value& said, int depth) {
  if (depth > deepest) return {};
  switch (said.kind) {
    case Value::Kind::string:
      return plain_text(said);
    case Value::Kind::array:
      return words_of_list(parts, said, depth + 1);
    case Value::Kind::object:
      return words_of_object(parts, parts.members(said), depth + 1);
    default:
      return {};
  }
}

}  // namespace

std::optional<bool> flag_of(const Value& value) {
  const std::string_view text = value.is_string() ? value.inner() : value.text;
  if (text == "true" || text == "1" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "0" || text == "False" || text == "FALSE") return false;
  return std::nullopt;
}

Remark odd_value(std::string_view what, std::string_view found, std::string_view expected, std::string_view used) {
  Remark remark;
  remark.code = "odd_value";
  remark.subject = what;
  remark.detail.append("found ").append(text::clip(found, found_limit)).append(", expected ").append(expected);
  remark.detail.append("; ").append(used).append(" is used");
  return remark;
}

std::string words_in(JsonParts& parts, const Value& said) {
  std::string words = own_words(parts, said, 0);
  const bool empty = !said || said.kind == Value::Kind::null || said.text == "{}" || said.text == "[]";
  if (words.empty() && !empty && !said.is_string()) words = said.text;
  return std::string(text::clip(words, reason_limit));
}

std::string words_beside(JsonParts& parts, const Object& frame) {
  static constexpr std::array<std::string_view, 4> places = {"errors", "error", "message", "reason"};
  for (const auto place : places) {
    if (auto words = words_in(parts, frame[place]); !words.empty()) return words;
  }
  return {};
}

}  // namespace tributary::connectors
