#pragma once

#include <string>

#include "config/load.hpp"

namespace tributary::daemon {

/// Findings of a check, printed as they come: `ok`, `warn` or `fault`, the latter two at the place of the key that they
/// speak of or, where that is not written, of what holds it. Thread: main.
class CheckReport {
 public:
  explicit CheckReport(const config::Loaded& loaded) : loaded_(loaded) {}

  /// `path`: of a key, as `connectors.arcade.url`.
  void good(const std::string& path, const std::string& message);
  void warn(const std::string& path, const std::string& message);
  void bad(const std::string& path, const std::string& message);
  void warn(const config::Fault& fault);
  void bad(const config::Fault& fault);
  int faults() const { return faults_; }

 private:
  config::Fault at(const std::string& path, const std::string& message) const;

  const config::Loaded& loaded_;
  int faults_ = 0;
};

}  // namespace tributary::daemon
