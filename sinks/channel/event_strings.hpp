#pragma once

#include <functional>
#include <string_view>

namespace tributary::sinks::channel {

/// Calls `each` with every string value within `data` of a canonical event, unescaped; of a string that is JSON itself,
/// also with those within. Keys are not values. `json` may lack its end; what is not JSON yields whatever it yields.
/// The text lives during the call. True when `data.amount` is a number other than 0: somebody paid, or the like. Pure.
bool each_string_of_data(std::string_view json, const std::function<void(std::string_view)>& each);

}  // namespace tributary::sinks::channel
