#pragma once

#include <functional>
#include <string>

namespace tributary::sinks {

/// One line of `tributary check --connect`.
struct Finding {
  bool good = true;
  std::string text;       ///< in words; holds no secret
  std::string key = {};   ///< of the sink's settings, which it speaks of: `topics.events`; "": the sink
  bool doubtful = false;  ///< `good`, but a person should look
};

/// Told of each finding as soon as it is known.
using Told = std::function<void(const Finding&)>;

}  // namespace tributary::sinks
