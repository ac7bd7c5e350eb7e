#pragma once

#include <cstdint>
#include <string>

#include "expression/path.hpp"

namespace tributary::expression {

/// What a field of every event is known to hold.
enum class Holds : std::uint8_t { anything, text, number, truth };

/// `test`, `update` and `backfilled` stand for `relay.test` and so on. Also notes what follows from the steps: what the
/// path begins with, whether it leads to a flag, what its names are like.
void complete(Path& path);

/// Why no event has such a field, in words; "" when it may have one. What `data` holds is not known beforehand.
std::string fault_of(const Path& path);

Holds known_kind(const Path& path);

}  // namespace tributary::expression
