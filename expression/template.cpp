#include "expression/template.hpp"

#include <utility>
#include <vector>

#include "expression/template_parser.hpp"
#include "expression/written.hpp"
#include "schema/document.hpp"
#include "text/json.hpp"
#include "text/one_line.hpp"
#include "text/printable.hpp"

namespace tributary::expression {
namespace {

using simdjson::dom::element_type;

bool is_blank(char32_t code) {
  return code == ' ' || code == '\t' || code == '\r' || code == 0xa0 || code == 0x1680 ||
         (code >= 0x2000 && code <= 0x200a) || code == 0x202f || code == 0x205f || code == 0x3000;
}

/// What a chat may take for the begin of a command.
bool begins_command(char32_t code) { return code == '/' || code == '!' || code == '.'; }

std::string_view without_command(std::string_view value) {
  while (!value.empty()) {
    const auto character = text::first_character(value);
    if (!is_blank(character.code) && !begins_command(character.code)) break;
    value.remove_prefix(character.bytes);
  }
  return value;
}

bool is_blank(std::string_view text) {
  while (!text.empty()) {
    const auto character = text::first_character(text);
    if (character.bytes == 0 || !is_blank(character.code)) return false;
    text.remove_prefix(character.bytes);
  }
  return true;
}

/// The field's text; empty when it has none to show.
std::string shown(const Path& field, const schema::Document& event, std::string_view json) {
  std::string out;
  std::vector<std::size_t> places;
  const auto found = find(event, field, &places);
  if (!found) return field.flag ? "false" : out;
  switch (found->type()) {
    case element_type::STRING:
      text::append_one_line(out, text::clip(found->get_string().value_unsafe(), made_limit));
      break;
    case element_type::BOOL:
      out = found->get_bool().value_unsafe() ? "true" : "false";
      break;
    case element_type::INT64:
    case element_type::UINT64:
    case element_type::DOUBLE:
      out = written_number(json, places).substr(0, made_limit);
      break;
    default:
      break;
  }
  return out;
}

}  // namespace

struct Template::Parts {
  std::vector<Part> all;
};

std::variant<Template, Fault> Template::parse(std::string_view text) {
  auto parsed = parse_template(text);
  if (auto* fault = std::get_if<Fault>(&parsed)) return std::move(*fault);
  return Template(std::make_shared<Parts>(Parts{std::get<std::vector<Part>>(std::move(parsed))}));
}

std::string Template::of(std::string_view event) const {
  schema::Document document;
  if (!document.read(event)) document.read("{}");
  return of(document, event);
}

std::string Template::of(const schema::Document& event, std::string_view json) const {
  std::string out;
  bool begins = true;  // only blanks stand before, in this line
  for (const Part& part : parts_->all) {
    if (const auto* own = std::get_if<std::string>(&part)) {
      out += *own;
      const auto line = own->rfind('\n');
      begins =
          is_blank(line == std::string::npos ? *own : own->substr(line + 1)) && (begins || line != std::string::npos);
      continue;
    }
    const Gap& gap = std::get<Gap>(part);
    const std::string value = shown(gap.field, event, json);
    const std::string_view said = begins ? without_command(value) : std::string_view(value);
    const std::string_view words = is_blank(said) ? gap.otherwise : said;
    out += words;
    begins = begins && is_blank(words);
  }
  return std::string(text::clip(out, made_limit));
}

std::string Template::text() const {
  std::string out;
  for (const Part& part : parts_->all) {
    if (const auto* gap = std::get_if<Gap>(&part)) {
      out += "{" + text_of(gap->field) + (gap->otherwise.empty() ? "" : "|" + gap->otherwise) + "}";
      continue;
    }
    for (const char c : std::get<std::string>(part)) {
      out += c;
      if (c == '{' || c == '}') out += c;
    }
  }
  return out;
}

}  // namespace tributary::expression
