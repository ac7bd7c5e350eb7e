#pragma once

#include <span>
#include <string_view>

namespace tributary::schema {

// A format of draft-07 that is asserted, and its test. What each takes exactly stands in schema/README.md.
struct FormatRule {
  std::string_view name;
  bool (*holds)(std::string_view text);
};

// All of them. Thread: any.
std::span<const FormatRule> asserted_formats();
// The one of this name, or nullptr: a format that is not asserted, every text passes.
const FormatRule* asserted_format(std::string_view name);

}  // namespace tributary::schema
