#pragma once

#include <atomic>
#include <cstdint>

namespace tributary::event {

/// What a thread's loop shows of itself to whoever wants to know whether it still goes round. Shared by the two, so
/// that it may be looked at after the loop's owner has gone. Thread: any.
struct Pulse {
  std::atomic<std::uint64_t> rounds{0};
  std::atomic<bool> over{false};
};

}  // namespace tributary::event
