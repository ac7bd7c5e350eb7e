#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "daemon/telemetry.hpp"

namespace tributary::daemon {

inline config::Log log_settings(config::Log::Format format, config::Log::Level level = config::Log::Level::debug) {
  config::Log settings;
  settings.format = format;
  settings.level = level;
  return settings;
}

/// What is written to standard error meanwhile.
inline std::string written_by(config::Log::Format format, const std::function<void(Telemetry&)>& act) {
  testing::internal::CaptureStderr();
  {
    Log log(log_settings(format));
    Telemetry telemetry(log);
    act(telemetry);
  }
  return testing::internal::GetCapturedStderr();
}

/// The lines of a JSON log.
inline std::vector<nlohmann::json> lines_by(const std::function<void(Telemetry&)>& act) {
  std::istringstream lines(written_by(config::Log::Format::json, act));
  std::vector<nlohmann::json> written;
  for (std::string line; std::getline(lines, line);) written.push_back(nlohmann::json::parse(line));
  return written;
}

}  // namespace tributary::daemon
