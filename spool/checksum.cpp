#include "spool/checksum.hpp"

#include <array>
#include <bit>
#include <cstddef>

namespace tributary::spool {
namespace {

constexpr std::uint64_t prime_1 = 0x9E3779B185EBCA87, prime_2 = 0xC2B2AE3D27D4EB4F, prime_3 = 0x165667B19E3779F9,
                        prime_4 = 0x85EBCA77C2B2AE63, prime_5 = 0x27D4EB2F165667C5;

/// Little-endian, whatever the machine is; compilers make one load of it.
template <std::size_t size>
std::uint64_t read(const char* from) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value |= std::uint64_t{static_cast<unsigned char>(from[i])} << (8 * i);
  return value;
}

std::uint64_t mixed(std::uint64_t lane, std::uint64_t input) { return std::rotl(lane + input * prime_2, 31) * prime_1; }

}  // namespace

std::uint64_t checksum(std::string_view bytes) noexcept {
  const char* at = bytes.data();
  std::size_t left = bytes.size();
  std::uint64_t sum = prime_5;
  if (left >= 32) {
    std::array<std::uint64_t, 4> lanes{prime_1 + prime_2, prime_2, 0, 0 - prime_1};
    for (; left >= 32; at += 32, left -= 32) {
      for (std::size_t i = 0; i < 4; ++i) lanes[i] = mixed(lanes[i], read<8>(at + 8 * i));
    }
    sum = std::rotl(lanes[0], 1) + std::rotl(lanes[1], 7) + std::rotl(lanes[2], 12) + std::rotl(lanes[3], 18);
    for (const auto lane : lanes) sum = (sum ^ mixed(0, lane)) * prime_1 + prime_4;
  }
  sum += bytes.size();
  for (; left >= 8; at += 8, left -= 8) sum = std::rotl(sum ^ mixed(0, read<8>(at)), 27) * prime_1 + prime_4;
  if (left >= 4) {
    sum = std::rotl(sum ^ (read<4>(at) * prime_1), 23) * prime_2 + prime_3;
    at += 4, left -= 4;
  }
  for (; left > 0; ++at, --left) sum = std::rotl(sum ^ (read<1>(at) * prime_5), 11) * prime_1;
  sum = (sum ^ (sum >> 33U)) * prime_2;
  sum = (sum ^ (sum >> 29U)) * prime_3;
  return sum ^ (sum >> 32U);
}

}  // namespace tributary::spool
