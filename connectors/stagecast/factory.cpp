#include "connectors/stagecast/factory.hpp"

#include <memory>

#include "connectors/stagecast/codec.hpp"
#include "connectors/stagecast/config.hpp"
#include "connectors/stagecast/protocol.hpp"
#include "connectors/stagecast/publishing.hpp"

namespace tributary::connectors::stagecast {
namespace {

std::unique_ptr<Protocol> make_protocol(const std::string& connector_name,
                                        const std::shared_ptr<const Settings>& settings) {
  return std::make_unique<StagecastProtocol>(connector_name, config::Shared<Config>::from(settings));
}

Types types(const Settings&) { return {.canonical = canonical_types(), .spoken = {"broadcast"}}; }

std::shared_ptr<const event::Address> address(const config::Described& sink) {
  return std::make_shared<Recipient>(dynamic_cast<const SinkConfig&>(sink).to);
}

std::string channel(const config::Described&, const Settings& connector, const std::string&) {
  return dynamic_cast<const Config&>(connector).channel;
}

std::string fault(const config::Described&, const config::Described& connector) {
  return dynamic_cast<const Config&>(connector).auth ? "" : "this connector has no `auth`, which sending needs";
}

constexpr ChannelSink channel_sink{"a Stagecast channel: to everybody on it, or to one of them",
                                   "hall-screen",
                                   config::make_settings<SinkConfig>,
                                   address,
                                   channel,
                                   fault};

}  // namespace

Entry entry() {
  return {"stagecast",
          "a Stagecast event channel: whatever its members send, and the notices of the platform",
          "hall",
          config::make_settings<Config>,
          types,
          make_protocol,
          &channel_sink,
          "`channel`: the name of the event's channel, as its organiser made it. No secret is needed to listen; to\n"
          "speak there add `auth: {email: …, password: {file: secrets/stagecast}}` of an account of the platform."};
}

}  // namespace tributary::connectors::stagecast
