#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "event/mark.hpp"

namespace tributary::event {

/// The marks that are valid now. A reload puts others in; who asks again gets them. Shared by the composition root,
/// connectors and channel sinks. Thread: any.
class MarkHolder {
 public:
  /// Never null: at first an instance without a name, which trusts nobody and signs nothing.
  MarksPtr current() const {
    const std::lock_guard lock(mutex_);
    return marks_;
  }
  void set(MarksPtr marks) {
    const std::lock_guard lock(mutex_);
    marks_.swap(marks);
  }

 private:
  mutable std::mutex mutex_;
  MarksPtr marks_ = std::make_shared<const Marks>(Marks::Settings{});
};

}  // namespace tributary::event
