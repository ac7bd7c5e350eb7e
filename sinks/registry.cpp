#include "sinks/registry.hpp"

#include <array>

#include "sinks/kafka/client.hpp"
#include "sinks/kafka/factory.hpp"

namespace tributary::sinks {

std::span<const Entry> registry() {
  static const std::array entries{
      kafka::entry(),
  };
  return entries;
}

const Entry* find(std::string_view name) {
  for (const Entry& entry : registry()) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

std::string kafka_library_version() { return std::string(kafka::librdkafka_version()); }

}  // namespace tributary::sinks
