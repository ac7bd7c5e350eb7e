#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "event/memory.hpp"

namespace tributary::spool {

/// Appends an id, in 29 bytes that are the same on every machine.
void append_id(std::string& block, const event::KnownId& id);
/// The ids of a block; what is cut off at its end is left out.
void read_ids(std::string_view block, std::vector<event::KnownId>& ids);

/// Of ids in the order in which they were told: each once, as it was told last; none that was seen before `since`; the
/// newest ones, at most so many, oldest first.
std::vector<event::KnownId> newest(std::vector<event::KnownId> ids, event::WallTime since, std::size_t most);

}  // namespace tributary::spool
