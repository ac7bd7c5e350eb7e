// Any bytes as a template, and after the first NUL byte the event that it is made of; without one, a tip. What must
// hold for any input: no crash; a fault is one line and has its place in the text; what is made is UTF-8 within its
// limit, has no control character, no turned direction and no command at its begin that the template has not; and a
// template is the same when it is written and read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "expression/template.hpp"
#include "text/json.hpp"
#include "text/printable.hpp"

using tributary::expression::Fault;
using tributary::expression::Template;
using tributary::text::first_character;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

bool holds_character(std::string_view text, char32_t code) {
  while (!text.empty()) {
    const auto character = first_character(text);
    if (character.code == code) return true;
    text.remove_prefix(character.bytes);
  }
  return false;
}

void check(std::string_view made, std::string_view text) {
  require(tributary::text::valid_utf8(made) && made.size() <= tributary::expression::made_limit);
  const auto first = made.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && (made[first] == '/' || made[first] == '!')) {
    require(text.find(made[first]) != std::string_view::npos);
  }
  while (!made.empty()) {
    const auto character = first_character(made);
    require(tributary::text::may_be_shown(character.code) || holds_character(text, character.code));
    made.remove_prefix(character.bytes);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::string_view tip =
      R"({"type":"tip","flagged":false,"data":{"a":"/\u202e!x\n","amount":4.20,"items":[{"name":"a"},-1.50e3],"none":null},)"
      R"("relay":{"connector":"stage","sequence":18446744073709551616,"test":true}})";
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t end = input.find('\0');
  const std::string_view written = input.substr(0, end);
  const std::vector<char> exact(written.begin(), written.end());  // so that a read behind it is found
  const std::string_view text(exact.data(), exact.size());
  const auto parsed = Template::parse(text);
  if (const auto* fault = std::get_if<Fault>(&parsed)) {
    require(fault->character >= 1 && fault->character <= text.size() + 1);
    for (const char c : words_of(*fault)) require(static_cast<unsigned char>(c) >= 0x20);
    return 0;
  }
  const std::string_view event = end == std::string_view::npos ? tip : input.substr(end + 1);
  const std::string made = std::get<Template>(parsed).of(event);
  check(made, text);
  const auto again = Template::parse(std::get<Template>(parsed).text());
  if (const auto* same = std::get_if<Template>(&again)) {
    require(same->of(event) == made && same->text() == std::get<Template>(parsed).text());
  } else {  // a path in quotes of the other kind may need escapes
    require(std::get<Template>(parsed).text().size() > tributary::expression::text_limit);
  }
  return 0;
}
