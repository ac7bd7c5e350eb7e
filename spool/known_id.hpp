#pragma once

#include <optional>
#include <string_view>

#include "spool/row.hpp"
#include "spool/tail.hpp"

namespace tributary::spool {

/// What a connector's dedupe is to know of the event in a row; nothing for what it does not dedupe: dead letters, the
/// relay's own events, tests, and rows that are damaged.
std::optional<SpooledId> id_of(std::string_view row, ConnectorNames& names);

/// The text of a member of a canonical event's top level, as it stands there; empty: it has none. Pure.
std::string_view member_of(std::string_view json, std::string_view name);

}  // namespace tributary::spool
