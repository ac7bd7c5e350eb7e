#pragma once

#include <cstdint>
#include <string_view>

namespace tributary::spool {

/// XXH64 with seed 0, https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md: finds damage, proves nothing.
std::uint64_t checksum(std::string_view bytes) noexcept;

}  // namespace tributary::spool
