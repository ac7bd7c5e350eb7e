#include "daemon/heap.hpp"

#include <cstddef>

// Weak: sanitizer builds are linked without jemalloc.
extern "C" int mallctl(const char* name, void* old_value, std::size_t* old_size, void* new_value, std::size_t new_size)
    __attribute__((weak));

namespace tributary::daemon {

void give_back_memory() {
  if (mallctl == nullptr) return;
  mallctl("thread.tcache.flush", nullptr, nullptr, nullptr, 0);
  mallctl("arena.4096.purge", nullptr, nullptr, nullptr, 0);  // jemalloc's number for all arenas
}

}  // namespace tributary::daemon
