// The validator under libFuzzer: text up to the first NUL byte is a schema, the rest a document. What must hold for any
// input: no crash, passes() and explain() agree, and the answer does not change when it is asked again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <variant>

#include "schema/embedded.hpp"
#include "schema/schema.hpp"
#include "schema/validator.hpp"

using tributary::schema::Schema;
using tributary::schema::Validator;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void check(const Validator& validator, const Schema& schema) {
  const bool passes = validator.passes(schema);
  const auto violations = validator.explain(schema);
  // A run that is given up may be so in only one of the two: explaining takes more steps.
  const bool limited = !violations.empty() && violations.back().keyword == "limit";
  require(limited || violations.empty() == passes);
  require(violations.size() <= Validator::kMaxViolations + 1);
  require(validator.passes(schema) == passes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Schema kEvent = std::get<Schema>(Schema::compile(tributary::schema::embedded("event.schema.json")));
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t end = input.find('\0');
  Validator validator;
  if (end == std::string_view::npos) {
    if (validator.parse(input)) check(validator, kEvent);
    return 0;
  }
  const auto compiled = Schema::compile(input.substr(0, end));
  const auto* schema = std::get_if<Schema>(&compiled);
  if (schema != nullptr && validator.parse(input.substr(end + 1))) check(validator, *schema);
  return 0;
}
