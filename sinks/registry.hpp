#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.hpp"
#include "event/ports.hpp"
#include "sinks/finding.hpp"
#include "sinks/handling.hpp"
#include "sinks/observer.hpp"

namespace tributary::sinks {

/// A sink ready to be given to relay::Delivery, or why there is none.
struct Built {
  std::unique_ptr<event::Downstream> downstream;  ///< null: `fault` says why, without secrets
  Handling handling;
  std::string fault;
};

/// When a sink opens what it writes to: a reload makes sinks before it is known whether all can be made, and while
/// others write to the same place.
enum class Opening : std::uint8_t { now, later };

/// One line of the table of sinks.
struct SinkType {
  config::SettingsType settings;
  /// May block to read a secret. The observer outlives the sink.
  Built (*build)(const config::NamedSettings& sink, SinkObserver& observer, Opening opening);
  /// For `check`: why it could not be built, where its settings alone do not show that; "" when it could. May be null.
  /// Changes nothing and asks nobody on the network.
  std::string (*fault)(const config::NamedSettings& sink);
  /// For `check --connect`; blocks for at most about the deadline.
  void (*check)(const config::NamedSettings& sink, std::chrono::milliseconds deadline, const Told& tell);
  /// Whether it takes session state (`stateUpdate`, `stateReset`). Null: never.
  bool (*takes_state)(const config::NamedSettings& sink) = nullptr;
  /// What it keeps on disk. Null: never anything.
  const Spool& (*spool)(const config::NamedSettings& sink) = nullptr;
  /// May a record of it go to this stream? Null: to any.
  bool (*may_use)(const config::NamedSettings& sink, std::string_view stream) = nullptr;
};

/// All that need no connector; the channel sinks are offered by connectors (connectors/entry.hpp). Thread: any.
std::span<const SinkType> registry();

/// Null when there is none of that name.
const SinkType* find(std::string_view name);

}  // namespace tributary::sinks
