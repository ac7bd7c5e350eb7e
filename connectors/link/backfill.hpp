#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "connectors/link/protocol.hpp"

// What an answer to a Backfill means where it is none, in the same words for every upstream. Pure. Thread: any.

namespace tributary::connectors {

/// An API that wants to be left alone for longer is not waited for.
inline constexpr std::chrono::seconds longest_retry_after{300};

/// A status other than 200: what is wrong and, where that may pass, when to ask again. 401 and 403 do not; 429 and 5xx
/// do, after the Retry-After if there is one. `said`: the API's own words, or "".
BackfillAnswer refusal(const net::HttpAnswer& answer, std::string_view said, const event::Now& now);

/// HTTP 200 with something else than what was asked for, in words that go on from "the answer is ".
BackfillAnswer unexpected(std::string_view what);

}  // namespace tributary::connectors
