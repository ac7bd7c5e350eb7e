#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "admin/snapshot.hpp"

namespace tributary::admin {

enum class HealthLevel : std::uint8_t {
  well,
  starting,  ///< nothing is wrong, but an upstream is still being connected
  stopping,
  trouble,  ///< something needs attention
};
std::string_view name(HealthLevel level) noexcept;

/// One thing that is not as it should be. At most one for each connector and each sink: the worst.
struct Trouble {
  enum class Kind : std::uint8_t { program, connector, sink };
  Kind kind = Kind::program;
  std::string name;           ///< of the connector or sink; "" for the program
  std::string reason;         ///< one word: of net::Reason, or of the list in docs/ADMIN.md
  std::string words;          ///< for a person; of one line
  bool needs_person = false;  ///< it will not recover by itself
};
std::string_view name(Trouble::Kind kind) noexcept;

/// The one judgement of whether all is well, for /status, `tributary status` and the page. A value.
struct Health {
  HealthLevel level = HealthLevel::well;
  /// `all is well: 5 upstreams are live, 2 sinks keep up`, or `2 of 5 upstreams need attention: hall
  /// (connect_refused), arcade (credential_refused)`.
  std::string headline;
  std::vector<Trouble> troubles;  ///< the program's, then connectors', then sinks'; in each what needs a person first
};

/// Pure. Thread: any.
Health health_of(const Snapshot& snapshot);

}  // namespace tributary::admin
