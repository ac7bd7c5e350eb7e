#pragma once

#include <chrono>
#include <optional>

namespace tributary::sinks::kafka {

/// When a cluster that does not answer needs a person: after ten minutes, told again every half hour.
/// Owned by a Producer. Pure. Thread: its owner's.
class Absence {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::minutes limit{10};
  static constexpr std::chrono::minutes repeat{30};

  bool begun() const { return since_.has_value(); }
  void begin(Time now) {
    since_ = now;
    due_ = now + limit;
  }
  void end() { since_.reset(); }
  /// For how long by now, when that is to be told.
  std::optional<std::chrono::minutes> due(Time now) {
    if (!since_ || now < due_) return std::nullopt;
    due_ = now + repeat;
    return std::chrono::duration_cast<std::chrono::minutes>(now - *since_);
  }

 private:
  std::optional<Time> since_;
  Time due_{};
};

}  // namespace tributary::sinks::kafka
