#pragma once

#include <filesystem>

#include "config/settings.hpp"

namespace tributary::daemon {

/// `check --try FILE`: prints for each event of a file, one canonical event in JSON on each line, which routes take it
/// and what each channel sink would say of it. Sends nothing and asks nobody. Answers how many lines were no events;
/// each is told. Throws std::runtime_error when the file cannot be read.
int check_try(const config::Settings& settings, const std::filesystem::path& file);

}  // namespace tributary::daemon
