#include "connectors/users/factory.hpp"

#include <memory>

#include "connectors/users/codec.hpp"
#include "connectors/users/config.hpp"
#include "connectors/users/protocol.hpp"

namespace tributary::connectors::users {
namespace {

std::unique_ptr<Protocol> make_protocol(const std::string& connector_name,
                                        const std::shared_ptr<const Settings>& settings) {
  return std::make_unique<UsersProtocol>(connector_name, config::Shared<Config>::from(settings));
}

Types types(const Settings&) { return {.canonical = canonical_types(), .spoken = {"echo", "unknown"}}; }

std::string channel(const config::Described&, const Settings& connector, const std::string& connector_name) {
  return dynamic_cast<const Config&>(connector).public_name(connector_name);
}

constexpr ChannelSink channel_sink{
    "every client of a Users server", "all-users", config::make_settings<SinkConfig>, nullptr, channel, nullptr};

}  // namespace

Entry entry() {
  return {
      "users",
      "the socket of a Users server: logins, removals, files and buckets, echoes",
      "accounts",
      config::make_settings<Config>,
      types,
      make_protocol,
      &channel_sink,
      "`url`: the websocket port of the server. No secret is needed unless the server asks for a key: then\n"
      "`api_key: {file: secrets/users-key}`, as its administrator set it. `origin`: where the server has a list of\n"
      "approvedSocketDomains, one of these.",
      "origin: trusted-host"};
}

}  // namespace tributary::connectors::users
