#pragma once

#include <string>

#include "admin/rate_history.hpp"
#include "admin/snapshot.hpp"

namespace tributary::admin {

/// What `GET /status` answers: one JSON object, its members in the order of docs/ADMIN.md, which documents each. Ages
/// and spans are seconds as numbers, times RFC 3339, what is not known is null. Valid UTF-8, whatever the texts hold.
/// Pure. Thread: any.
std::string status_json(const Snapshot& snapshot, const RateHistory& rates);

}  // namespace tributary::admin
