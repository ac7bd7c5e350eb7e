#pragma once

#include <string_view>

namespace tributary::admin {

/// The text of admin/page/<file>, built into the program; "" for a name that is not there. Thread: any.
std::string_view embedded(std::string_view file);

}  // namespace tributary::admin
