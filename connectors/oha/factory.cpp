#include "connectors/oha/factory.hpp"

#include <memory>

#include "connectors/oha/codec.hpp"
#include "connectors/oha/config.hpp"
#include "connectors/oha/protocol.hpp"

namespace tributary::connectors::oha {
namespace {

std::unique_ptr<Protocol> make_protocol(const std::string& connector_name,
                                        const std::shared_ptr<const Settings>& settings) {
  return std::make_unique<OhaProtocol>(connector_name, config::Shared<Config>::from(settings));
}

/// Of what the socket says besides nobody knows who said it.
Types types(const Settings&) { return {.canonical = canonical_types(), .spoken = canonical_types()}; }

std::string channel(const config::Described&, const Settings& connector, const std::string&) {
  return dynamic_cast<const Config&>(connector).label;
}

std::string fault(const config::Described&, const config::Described& connector) {
  return dynamic_cast<const Config&>(connector).auth
             ? ""
             : "this connector has no `auth`: only a user that the stream knows may write in its chat";
}

constexpr ChannelSink channel_sink{
    "the chat of an OHA stream", "class-chat", config::make_settings<SinkConfig>, nullptr, channel, fault};

}  // namespace

Entry entry() {
  return {
      "oha",
      "the chat of a stream of OHA education",
      "classroom",
      config::make_settings<Config>,
      types,
      make_protocol,
      &channel_sink,
      "`stream`: the stream's key, which is the end of the address of its chat, /streams/KEY/. It is a secret, and\n"
      "perhaps the key to stream with. `label`: a public name of your choice, which stands in the events."};
}

}  // namespace tributary::connectors::oha
