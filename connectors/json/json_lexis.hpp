#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

#include "text/ascii.hpp"
#include "text/hex.hpp"

// The smallest parts of JSON text, as RFC 8259 has them: what JsonText is made of. Pure, inline where every byte
// passes. Thread: any. Texts given by pointer are followed by at least `lookahead` readable bytes, the first of them
// NUL.

namespace tributary::connectors {

/// How many bytes one look takes in; as many must be readable.
inline constexpr std::size_t stride = 16;

/// Bytes at `at` that need no look in a string: neither quote, backslash nor control character. Up to `stride`.
inline std::size_t plain_bytes(const char* at) {
#if defined(__SSE2__)
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  const __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
  const __m128i backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
  const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes);
  const int hits = _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, backslash), control));
  return static_cast<std::size_t>(std::countr_zero(static_cast<unsigned>(hits) | 1U << stride));
#elif defined(__ARM_NEON)
  const uint8x16_t bytes = vld1q_u8(reinterpret_cast<const std::uint8_t*>(at));
  const uint8x16_t hits = vorrq_u8(vorrq_u8(vceqq_u8(bytes, vdupq_n_u8('"')), vceqq_u8(bytes, vdupq_n_u8('\\'))),
                                   vcltq_u8(bytes, vdupq_n_u8(0x20)));
  // Four bits of each byte, in order, as one word.
  const std::uint64_t nibbles = vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(hits), 4)), 0);
  return static_cast<std::size_t>(std::countr_zero(nibbles)) / 4;
#else
  std::size_t count = 0;
  while (count < stride && at[count] != '"' && at[count] != '\\' && static_cast<unsigned char>(at[count]) >= 0x20)
    ++count;
  return count;
#endif
}

using text::is_digit;
inline bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// The four hex digits at `at`, or -1. `at` may stand before a terminating NUL.
inline int code_unit(const char* at) {
  int unit = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = text::hex_value(at[i]);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

inline bool is_high_half(int unit) { return unit >= 0xD800 && unit <= 0xDBFF; }
inline bool is_low_half(int unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

/// Behind the number at `at`, or null. A byte that is no part of a number must follow.
inline const char* number_end(const char* at) {
  if (*at == '-') ++at;
  if (*at == '0') {
    ++at;
  } else {
    if (!is_digit(*at)) return nullptr;
    while (is_digit(*at)) ++at;
  }
  if (*at == '.') {
    if (!is_digit(*++at)) return nullptr;
    while (is_digit(*at)) ++at;
  }
  if (*at == 'e' || *at == 'E') {
    ++at;
    if (*at == '+' || *at == '-') ++at;
    if (!is_digit(*at)) return nullptr;
    while (is_digit(*at)) ++at;
  }
  return at;
}

inline constexpr std::size_t lookahead = 32;

/// The plain text of a JSON string's content. Half surrogate pairs become U+FFFD.
std::string unescaped(std::string_view inner);

/// True when `text` is one JSON number and nothing else.
bool is_number(std::string_view text);

}  // namespace tributary::connectors
