#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.hpp"
#include "event/ports.hpp"
#include "sinks/handling.hpp"
#include "sinks/observer.hpp"

namespace tributary::sinks {

/// What `tributary check --connect` found out about one sink.
struct Finding {
  bool good = false;
  std::string text;
};

/// One kind of downstream: everything the program knows of it. The table is in registry.cpp, one line each; nothing
/// registers itself.
struct Entry {
  std::string_view name;          ///< `type:` in the configuration
  std::string_view summary;       ///< one line for --help
  std::string_view example_name;  ///< what the reference calls its example, e.g. "events"
  /// Its part of the configuration, at its defaults.
  std::unique_ptr<config::Described> (*settings)();
  /// What the relay must know of it. `settings` is what `settings()` made, read and checked.
  Handling (*handling)(const config::Described& settings);
  /// The wire. Null when it cannot be made; `fault` then says why. The observer must outlive it. Blocking: reads secrets.
  std::unique_ptr<event::Downstream> (*make)(const config::Described& settings, SinkObserver& observer,
                                             std::string& fault);
  /// Asks the downstream whether it would take events; publishes nothing. Blocking, at most about `timeout`.
  std::vector<Finding> (*check)(const config::Described& settings, std::chrono::milliseconds timeout);
};

/// Every kind there is.
std::span<const Entry> registry();
/// Null for an unknown name.
const Entry* find(std::string_view name);

/// The version of the linked librdkafka.
std::string kafka_library_version();

}  // namespace tributary::sinks
