#pragma once

namespace tributary::daemon {

/// For a thread that will be idle for long: what it has freed and keeps for its own next use goes back, and what the
/// allocator keeps for everybody goes back to the system. Nothing without jemalloc. Thread: any.
void give_back_memory();

}  // namespace tributary::daemon
