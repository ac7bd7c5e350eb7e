#pragma once

#include <string_view>

namespace tributary::event {

// The text of event/schemas/<file>, built into the program; "" for a name that is not there. Thread: any.
std::string_view embedded_schema(std::string_view file);

}  // namespace tributary::event
