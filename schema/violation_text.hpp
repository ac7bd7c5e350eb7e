#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "schema/schema_program.hpp"

namespace tributary::schema {

// The words of violations. All of them are bounded. Thread: any.
std::string clipped_path(const std::vector<std::string>& tokens);  // "/data/amount", at most 512 bytes
std::string name_text(std::string_view name);                      // clipped as well
std::string type_text(std::uint8_t allowed, std::uint8_t actual);  // "must be string or null, is integer"
std::string values_text(const ValueRules& rules);                  // "must be \"tip\", \"cheer\" or \"raid\""
std::string branches_text(std::size_t matching, std::size_t of);   // "matches none of 2 alternatives"
std::string number_text(const Bound& bound);                       // "0.5"
std::string format_text(std::string_view format);                  // "is not an email"
std::string count_text(std::string_view what, std::uint64_t count, std::string_view unit);

}  // namespace tributary::schema
