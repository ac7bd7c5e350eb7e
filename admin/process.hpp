#pragma once

#include <cstdint>
#include <optional>

namespace tributary::admin {

/// What the system says of this process; what it does not say is empty. A value.
struct ProcessView {
  std::optional<double> cpu;                                    ///< seconds, user and system
  std::optional<std::uint64_t> memory, open_files, most_files;  ///< bytes in memory; descriptors
};

/// As it is now. Thread: any.
ProcessView read_process();

}  // namespace tributary::admin
