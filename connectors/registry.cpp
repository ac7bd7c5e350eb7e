#include "connectors/registry.hpp"

#include <array>

#include "connectors/dlive/factory.hpp"
#include "connectors/oha/factory.hpp"
#include "connectors/stagecast/factory.hpp"
#include "connectors/streamelements/factory.hpp"
#include "connectors/users/factory.hpp"

namespace tributary::connectors {

std::span<const Entry> registry() {
  static const std::array entries{
      streamelements::entry(),  // one line each, also for who takes one away
      dlive::entry(),           //
      oha::entry(),             //
      stagecast::entry(),       //
      users::entry(),           //
  };
  return entries;
}

const Entry* find(std::string_view name) {
  for (const Entry& entry : registry()) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

}  // namespace tributary::connectors
