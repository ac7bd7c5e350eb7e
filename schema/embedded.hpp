#pragma once

#include <string_view>

namespace tributary::schema {

// The text of schema/documents/<file>, built into the program; "" for a name that is not there. Thread: any.
std::string_view embedded(std::string_view file);

}  // namespace tributary::schema
