#include "admin/snapshot.hpp"

#include <algorithm>

namespace tributary::admin {

std::size_t live_connectors(const Snapshot& snapshot) {
  return static_cast<std::size_t>(std::count_if(snapshot.connectors.begin(), snapshot.connectors.end(),
                                                [](const auto& one) { return one.state == net::State::live; }));
}

}  // namespace tributary::admin
