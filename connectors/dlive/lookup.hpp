#pragma once

#include <string>

#include "connectors/link/protocol.hpp"

namespace tributary::connectors::dlive {

/// Whether there is a streamer of that username, asked of the GraphQL API at `api_url`. A wrong name is a valid and
/// silent subscription, so the socket cannot tell. `token` "": without one. Pure. Thread: any.
Lookup lookup_of(const std::string& api_url, const std::string& streamer, const std::string& token);

/// What the answer means for that username: the three layers in which it can fail, and the names that are alike.
Lookup::Meaning judge(const net::HttpAnswer& reply, const std::string& streamer);

}  // namespace tributary::connectors::dlive
