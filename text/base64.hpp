#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tributary::text {

/// Base64 of RFC 4648, section 4, with padding. Thread: any.
std::string base64(std::string_view bytes);
/// The bytes of such a text; nothing when it is none.
std::optional<std::string> from_base64(std::string_view text);
/// The same of what others wrote: the digits of either alphabet (sections 4 and 5), with or without padding; bits that
/// are left over do not count. Nothing when another character is in it.
std::optional<std::string> from_base64_leniently(std::string_view text);

}  // namespace tributary::text
