#pragma once

#include <string>
#include <string_view>

namespace tributary::text {

/// Base64 of RFC 4648, section 4, with padding. Thread: any.
std::string base64(std::string_view bytes);

}  // namespace tributary::text
