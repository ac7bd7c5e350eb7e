// Any bytes as a configuration: load_text() says what is wrong with them and never fails in another way. A small
// vocabulary gives every kind of field; includes are refused, so nothing but the bytes is read.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "config/fixture.hpp"
#include "config/load.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tributary::config;
  static const Vocabulary vocabulary = fixture::vocabulary();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Loaded loaded = load_text(text, "fuzz.yaml", vocabulary, Includes::refused);
  if (loaded.settings.has_value() != loaded.faults.empty()) std::abort();
  for (const auto& fault : loaded.faults) {
    for (const char c : format(fault)) {
      if (static_cast<unsigned char>(c) < 0x20) std::abort();  // a line for a terminal
    }
  }
  if (loaded.settings) {
    for (const auto& connector : loaded.settings->connectors) {
      if (connector.settings == nullptr) std::abort();
    }
  }
  return 0;
}
