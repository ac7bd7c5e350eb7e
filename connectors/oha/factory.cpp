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

Types types(const Settings&) { return {canonical_types()}; }

constexpr ChannelSink channel_sink{"the chat of an OHA stream", "class-chat"};

}  // namespace

Entry entry() {
  return {"oha",        "the chat of a stream of OHA education",
          "classroom",  config::make_settings<Config>,
          types,        make_protocol,
          &channel_sink};
}

}  // namespace tributary::connectors::oha
