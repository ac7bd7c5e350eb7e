#pragma once

#include <string>

namespace tributary::sinks {

/// One line of `tributary check --connect`.
struct Finding {
  bool good = true;
  std::string text;  ///< in words; holds no secret
};

}  // namespace tributary::sinks
