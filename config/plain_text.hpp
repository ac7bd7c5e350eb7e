// What a text file of people may begin with and be written in: the same for the configuration, secrets and schemas.
// Pure. Thread: any.
#pragma once

#include <string>
#include <string_view>

namespace tributary::config {

// The text without the byte order mark (EF BB BF) that some editors put before it.
std::string_view without_byte_order_mark(std::string_view text);

// "" for UTF-8, else what it is and what to do: "is in UTF-16; save it as UTF-8", "is not in UTF-8 …".
std::string encoding_fault(std::string_view text);

}  // namespace tributary::config
