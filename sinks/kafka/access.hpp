#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tributary::sinks::kafka {

/// One line of a cluster's access lists that speaks of topics. A value.
struct AccessRule {
  std::string topic;      ///< its name, `*` for every topic, or with `prefixed` how names begin
  std::string principal;  ///< `User:relay`, or `User:*`
  bool prefixed = false;
  bool denies = false;
  bool writes = false;  ///< it speaks of writing, or of everything
};

/// Whether a topic may be written to, as far as the access lists say. Nothing short of writing shows it for certain.
struct WriteAccess {
  enum class State : std::uint8_t { granted, denied, not_granted };
  State state = State::not_granted;
  std::string words;
};

/// Pure. `principal`: as whom the broker knows us, e.g. `User:relay`. Thread: any.
WriteAccess write_access(const std::vector<AccessRule>& rules, const std::string& principal, const std::string& topic);

}  // namespace tributary::sinks::kafka
