#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tributary::text {

/// Base64 of RFC 4648, section 4, with padding. Thread: any.
std::string base64(std::string_view bytes);
/// The bytes of such a text; nothing when it is none.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace tributary::text
