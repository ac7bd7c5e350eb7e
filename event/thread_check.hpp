#pragma once

#include <atomic>

#include "event/assert.hpp"

namespace tributary::event {

/// For a class that belongs to one thread: remembers the first thread that calls `check`, and ends the program when
/// another one does. A member `[[no_unique_address]] event::ThreadCheck thread_;`. Where NDEBUG is defined it is empty
/// and costs nothing. Names no library, so that files that decide may include it.
class ThreadCheck {
 public:
#ifdef NDEBUG
  void check() const {}
  void hand_over() {}
#else
  void check() const {
    const void* first = nullptr;
    const bool ours = first_.compare_exchange_strong(first, this_thread()) || first == this_thread();
    TRIBUTARY_ASSERT(ours && "called on another thread than before");
  }
  /// The next caller may be another thread: the object was made, and is started elsewhere.
  void hand_over() { first_ = nullptr; }

 private:
  /// An address that each thread has for itself.
  static const void* this_thread() {
    static thread_local const char here = 0;
    return &here;
  }
  mutable std::atomic<const void*> first_{nullptr};
#endif
};

}  // namespace tributary::event
