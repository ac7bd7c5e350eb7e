#include "connectors/stagecast/factory.hpp"

#include <memory>

#include "connectors/stagecast/codec.hpp"
#include "connectors/stagecast/config.hpp"
#include "connectors/stagecast/protocol.hpp"

namespace tributary::connectors::stagecast {
namespace {

std::unique_ptr<Protocol> make_protocol(const std::string& connector_name,
                                        const std::shared_ptr<const Settings>& settings) {
  return std::make_unique<StagecastProtocol>(connector_name, config::Shared<Config>::from(settings));
}

Types types(const Settings&) { return {canonical_types()}; }

constexpr ChannelSink channel_sink{"a Stagecast channel", "hall-screen"};

}  // namespace

Entry entry() {
  return {"stagecast",  "a Stagecast event channel: whatever its members send, and the notices of the platform",
          "hall",       config::make_settings<Config>,
          types,        make_protocol,
          &channel_sink};
}

}  // namespace tributary::connectors::stagecast
