#include "connectors/streamelements/factory.hpp"

#include <memory>

#include "connectors/streamelements/codec.hpp"
#include "connectors/streamelements/config.hpp"
#include "connectors/streamelements/protocol.hpp"

namespace tributary::connectors::streamelements {
namespace {

std::unique_ptr<Protocol> make_protocol(const std::string& connector_name,
                                        const std::shared_ptr<const Settings>& settings) {
  return std::make_unique<StreamElementsProtocol>(connector_name, config::Shared<Config>::from(settings));
}

Types types(const Settings& settings) {
  const auto& config = dynamic_cast<const Config&>(settings);
  return {canonical_types(config.test_events), true, config.state_updates ? "state_updates" : ""};
}

}  // namespace

Entry entry() {
  return {"streamelements",
          "the realtime socket of StreamElements: tips, cheers, follows, subscriptions, raids, hosts and more",
          "main-stage",
          config::make_settings<Config>,
          types,
          make_protocol,
          nullptr,
          "`token`: sign in as the streamer, open https://streamelements.com/dashboard/account/channels, switch *Show\n"
          "secrets* on and copy the *JWT Token*. It is a password, and lives for about a month."};
}

}  // namespace tributary::connectors::streamelements
