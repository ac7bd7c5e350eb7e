#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "admin/snapshot.hpp"
#include "event/event.hpp"

namespace tributary::admin {

/// What the admin port asks of the running program; implemented by the daemon. Outlives the server. Thread: any.
class Program {
 public:
  virtual ~Program() = default;

  /// All of it at one moment. Waits a moment for the threads of connectors; one that does not answer leaves its
  /// connectors out and is among `stalled`.
  virtual Snapshot snapshot() = 0;
  /// Loops that have not advanced for some seconds; at once, without waiting for any of them.
  virtual std::vector<std::string> stalled() = 0;

  struct Reloaded {
    bool applied = false;
    std::string words;                ///< one line: what changed
    std::vector<std::string> faults;  ///< not applied: every fault, each with file:line:column where it has one
  };
  /// Reads the configuration again; `done` is called once, on the program's own thread.
  virtual void reload(std::function<void(Reloaded)> done) = 0;

  /// The configuration in force as YAML, without the values of secrets.
  virtual std::string configuration() = 0;

  /// Every accepted event, on the thread of its connector; must not block. After `remove_tap` it is not called any
  /// more.
  using Tap = std::function<void(const event::EventPtr& event)>;
  virtual std::uint64_t add_tap(Tap tap) = 0;
  virtual void remove_tap(std::uint64_t number) = 0;
};

}  // namespace tributary::admin
