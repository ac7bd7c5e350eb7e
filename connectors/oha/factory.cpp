#include "connectors/oha/factory.hpp"

#include <memory>

#include "connectors/oha/config.hpp"
#include "connectors/oha/session.hpp"
#include "connectors/oha/simulator.hpp"

namespace tributary::connectors::oha {
namespace {

std::unique_ptr<Protocol> make_protocol(const std::string& connector_name,
                                        const std::shared_ptr<const Settings>& settings) {
  return std::make_unique<Session>(connector_name, config::Shared<Config>::from(settings));
}

}  // namespace

Entry entry() {
  return {"oha",
          "the chat of a stream of OHA education",
          "classroom",
          config::make_settings<Config>,
          make_protocol,
          make_simulator,
          simulator_behaviours};
}

}  // namespace tributary::connectors::oha
