#include "connectors/dlive/factory.hpp"

#include <memory>

#include "connectors/dlive/codec.hpp"
#include "connectors/dlive/config.hpp"
#include "connectors/dlive/protocol.hpp"

namespace tributary::connectors::dlive {
namespace {

std::unique_ptr<Protocol> make_protocol(const std::string& connector_name,
                                        const std::shared_ptr<const Settings>& settings) {
  return std::make_unique<DLiveProtocol>(connector_name, config::Shared<Config>::from(settings));
}

Types types(const Settings&) { return {canonical_types()}; }

constexpr ChannelSink channel_sink{"the chat of a DLive streamer", "arcade-chat"};

}  // namespace

Entry entry() {
  return {"dlive",
          "the subscription socket of DLive: chat, gifts, follows, subscriptions, hosts, moderation, treasure chests",
          "arcade",
          config::make_settings<Config>,
          types,
          make_protocol,
          &channel_sink};
}

}  // namespace tributary::connectors::dlive
