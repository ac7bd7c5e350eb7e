#pragma once

#include <cstdio>
#include <functional>
#include <memory>
#include <string>

#include "connectors/simulation/simulator.hpp"

namespace tributary::daemon {

/// What simulators have written, noted in a file: `{"source":…,"id":…,"at":<ms since 1970>,"event":…}`, one a line, so
/// that a test can hold it against what arrived. Thread: the simulators'.
class WrittenLog {
 public:
  /// An empty name notes nothing. Throws std::system_error when the file cannot be made.
  explicit WrittenLog(const std::string& file);
  /// `source`: the kind of simulator. Must not outlive this.
  std::function<void(const connectors::WrittenEvent&)> observer(const std::string& source);
  void flush();

 private:
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
};

}  // namespace tributary::daemon
