#pragma once

#include <vector>

#include "config/load.hpp"

namespace tributary::daemon {

/// What is allowed in a sound configuration and most likely not meant, each at its place: types in routes that no
/// upstream has, parts that are empty, connectors that no route takes from, state that no sink takes. `check` prints
/// it, `run` logs it. Empty where `loaded` has faults. Thread: any.
std::vector<config::Fault> advice_on(const config::Loaded& loaded);

}  // namespace tributary::daemon
