#include "connectors/dlive/factory.hpp"

#include <memory>

#include "connectors/dlive/codec.hpp"
#include "connectors/dlive/config.hpp"
#include "connectors/dlive/protocol.hpp"
#include "connectors/dlive/publishing.hpp"
#include "text/url.hpp"

namespace tributary::connectors::dlive {
namespace {

std::unique_ptr<Protocol> make_protocol(const std::string& connector_name,
                                        const std::shared_ptr<const Settings>& settings) {
  return std::make_unique<DLiveProtocol>(connector_name, config::Shared<Config>::from(settings));
}

Types types(const Settings&) { return {.canonical = canonical_types(), .spoken = {"chat", "unknown"}}; }

std::shared_ptr<const event::Address> address(const config::Described& sink) {
  const auto& settings = dynamic_cast<const SinkConfig&>(sink);
  auto speaker = std::make_shared<Speaker>();
  speaker->streamer = settings.streamer;
  speaker->token = settings.token;
  speaker->length = settings.length;
  return speaker;
}

std::string channel(const config::Described& sink, const Settings&, const std::string&) {
  return dynamic_cast<const SinkConfig&>(sink).streamer;
}

std::string fault(const config::Described&, const config::Described& connector) {
  const auto& api_url = dynamic_cast<const Config&>(connector).api_url;
  if (api_url.empty()) return "the `api_url` of this connector is empty: what a sink says is sent there";
  std::string wrong;
  const auto api = text::parse_url(api_url, {"https", "http"}, wrong);
  if (!api || !api->has_user_info()) return {};
  return "the user in the `api_url` of this connector and the `token` of the sink both make the Authorization header";
}

constexpr ChannelSink channel_sink{
    "the chat of a DLive streamer", "arcade-chat", config::make_settings<SinkConfig>, address, channel, fault};

}  // namespace

Entry entry() {
  return {"dlive",
          "the subscription socket of DLive: chat, gifts, follows, subscriptions, hosts, moderation, treasure chests",
          "arcade",
          config::make_settings<Config>,
          types,
          make_protocol,
          &channel_sink,
          "`streamers`: the username is not the display name that viewers see; `check --connect` asks DLive whether\n"
          "there is such a username. No secret is needed to listen."};
}

}  // namespace tributary::connectors::dlive
