#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "event/event.hpp"

namespace tributary::admin {

/// Which events a reader of `GET /events` wants: `?type=tip,cheer&connector=main-stage&test=false&limit=10`. What is
/// not named takes everything. A value. Thread: any.
struct EventFilter {
  std::vector<std::string> types;       ///< of the event
  std::vector<std::string> connectors;  ///< names
  std::optional<bool> test;             ///< only test events, or none
  std::uint64_t limit = 0;              ///< so many, then the stream ends; 0: until the reader goes

  bool takes(const event::Event& event) const;
};

/// Reads the query of a URL. Nothing when it asks for what is not known; then `fault` says what was expected.
std::optional<EventFilter> event_filter(const std::vector<std::pair<std::string, std::string>>& query,
                                        std::string& fault);

}  // namespace tributary::admin
