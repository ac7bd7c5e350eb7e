// Any bytes as a condition, and after the first NUL byte an event that it is asked of; without one, a tip. What must
// hold for any input: no crash; a fault is one line and has its place in the text; a condition is the same when it is
// written and read again, and its negation answers the opposite.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "expression/condition.hpp"
#include "schema/document.hpp"

using tributary::expression::Condition;
using tributary::expression::Fault;
using tributary::schema::Document;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void check(const Condition& condition, const Document& event) {
  const bool holds = condition.holds(event);
  const std::string text = condition.text();
  const auto again = Condition::parse(text);
  if (text.size() <= tributary::expression::text_limit) {  // quotes and brackets may have been added
    require(std::holds_alternative<Condition>(again));
    require(std::get<Condition>(again).text() == text);
    require(std::get<Condition>(again).holds(event) == holds);
  }
  const auto opposite = Condition::parse("not (" + text + ")");  // a fault where it is too long or too deep
  if (const auto* negation = std::get_if<Condition>(&opposite)) require(negation->holds(event) != holds);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::string_view tip =
      R"({"type":"tip","flagged":false,"data":{"amount":4.20,"currency":"USD","items":[{"name":"a"}],"none":null},)"
      R"("relay":{"connector":"stage","sequence":18446744073709551615,"test":true}})";
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t end = input.find('\0');
  const std::string_view written = input.substr(0, end);
  const std::vector<char> text(written.begin(), written.end());  // of its exact size, so that a read behind it is found
  const auto parsed = Condition::parse({text.data(), text.size()});
  if (const auto* fault = std::get_if<Fault>(&parsed)) {
    require(fault->character >= 1 && fault->character <= text.size() + 1);
    for (const char c : words_of(*fault)) require(static_cast<unsigned char>(c) >= 0x20);
    return 0;
  }
  Document event;
  if (!event.read(end == std::string_view::npos ? tip : input.substr(end + 1))) event.read(tip);
  check(std::get<Condition>(parsed), event);
  return 0;
}
