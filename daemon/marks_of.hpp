#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "config/settings.hpp"
#include "event/mark.hpp"

namespace tributary::daemon {

/// The marks that these settings ask for, with the keys read from where they are; or why not, a sentence for each key.
/// Blocks as reading secrets does. Thread: main.
std::variant<event::MarksPtr, std::vector<std::string>> marks_of(const config::Settings& settings);

}  // namespace tributary::daemon
