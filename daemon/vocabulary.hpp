#pragma once

#include "config/settings.hpp"

namespace tributary::daemon {

/// The types a configuration may name: every line of both registries, and those that are still to come.
const config::Vocabulary& vocabulary();

}  // namespace tributary::daemon
