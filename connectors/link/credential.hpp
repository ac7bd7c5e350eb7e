#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "event/event.hpp"

namespace tributary::connectors {

/// What a JWT says of itself, read without verifying: enough to warn in time and not to dial in vain.
struct TokenClaims {
  std::optional<event::WallTime> expires;  ///< `exp`, a number or a string of one
  std::string odd_expiry;                  ///< `exp` as written, where it says no time that can be meant
  std::string channel;                     ///< `channel`, "" when it says none
  std::string username;                    ///< `username`, likewise
};

/// Anything that is no JWT gives empty claims. Thread: any.
TokenClaims claims_of(std::string_view token);

/// What is said of an `odd_expiry`.
inline constexpr std::string_view odd_expiry_expected = "seconds since 1970, above 0 and before the year 10000";
inline constexpr std::string_view odd_expiry_used = "none";

/// `text` with every occurrence of the secret, plain or JSON-escaped, replaced by `<redacted>`, cut to `limit` bytes at
/// a character boundary.
std::string redacted(std::string_view text, std::string_view secret, std::size_t limit);

}  // namespace tributary::connectors
