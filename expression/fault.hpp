#pragma once

#include <cstddef>
#include <string>

namespace tributary::expression {

/// A condition or template longer than this is refused, in bytes.
inline constexpr std::size_t text_limit = 4'096;
/// Parentheses and `not` may nest so deep.
inline constexpr std::size_t nesting_limit = 64;

/// What is wrong with a condition or a template. A value. Thread: any.
struct Fault {
  std::size_t character = 1;  ///< where in its text, from 1, in characters
  std::string message;        ///< what was found, and what was expected
};

/// "at character 13: found `=`, expected `==`"
std::string words_of(const Fault& fault);

}  // namespace tributary::expression
