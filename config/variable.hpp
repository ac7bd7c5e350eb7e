// What other programs would replace by a variable of the environment, and this one does not. Pure. Thread: any.
#pragma once

#include <string>
#include <string_view>

namespace tributary::config {

// The name in `${NAME}`, `${NAME:-…}`, or in a text that is nothing but `$NAME`; "" when there is none. A `secret` may
// look like the last by chance, and is not to be shown: there only a name with `_` is taken for one.
std::string variable_in(std::string_view text, bool secret = false);

// Why a path that begins with `~` is not the one that was meant; "" when it does not.
std::string tilde_fault(std::string_view path);

}  // namespace tributary::config
