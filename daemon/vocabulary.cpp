#include "daemon/vocabulary.hpp"

#include "connectors/registry.hpp"
#include "sinks/registry.hpp"

namespace tributary::daemon {

const config::Vocabulary& vocabulary() {
  static const config::Vocabulary words = [] {
    config::Vocabulary made;
    for (const auto& entry : connectors::registry()) {
      made.connectors.push_back({entry.name, entry.summary, entry.example_name, entry.settings});
    }
    for (const auto* later : {"astro", "kafka"}) made.connectors.push_back({later, "in a later version"});
    for (const auto& type : sinks::registry()) made.sinks.push_back(type.settings);
    for (const auto& entry : connectors::registry()) {
      if (entry.channel == nullptr) continue;
      const auto& channel = *entry.channel;
      made.sinks.push_back({entry.name, channel.summary, channel.example_name, channel.settings, channel.fault});
    }
    return made;
  }();
  return words;
}

}  // namespace tributary::daemon
