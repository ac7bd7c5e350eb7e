#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/link/protocol.hpp"
#include "connectors/streamelements/codec.hpp"
#include "connectors/streamelements/config.hpp"

// The activities API, where what was missed can be read back. The sources of what is said of it are in this folder's
// README. Pure. Thread: any.

namespace tributary::connectors::streamelements {

/// Whose activities are asked for, where, and as whom.
struct Activities {
  std::string api_url;  ///< without a query
  std::string channel;
  std::uint32_t limit = 500;  ///< of one page
  Method method = Method::jwt;
  std::string token;  ///< goes into a header, and nowhere else
  Codec::Settings codec;
};

/// What follows `Authorization: `.
std::string authorization(Method method, std::string_view token);

/// All activities from `from` to `to`, page by page, the newest page first, as the API has them; one that goes the
/// other way is understood too. It may give fewer than it was asked for: pages end where nothing new comes.
Backfill missed_activities(Activities asked, event::WallTime from, event::WallTime to);

/// Whether this door would open, for `check --connect`.
Lookup activities_lookup(const Activities& asked);

}  // namespace tributary::connectors::streamelements
