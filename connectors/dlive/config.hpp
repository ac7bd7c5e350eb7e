#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/fields.hpp"
#include "config/values.hpp"
#include "connectors/link/channel_settings.hpp"
#include "connectors/link/settings.hpp"

namespace tributary::connectors::dlive {

/// `connectors.<name>` of `type: dlive`. A value; immutable once read. Thread: any.
struct Config : connectors::Settings {
  std::string url = "wss://api-ws.dlive.tv";
  std::string api_url = "https://api.dlive.tv";  ///< GraphQL over HTTPS: sinks speak there, `check --connect` looks up
  std::string origin;                            ///< "": no Origin header
  std::vector<std::string> streamers;            ///< usernames, not display names
  bool treasure_chest = true;                    ///< subscribe to their chests, too
  std::optional<config::Secret> token;           ///< sent as it is, no `Bearer`; read again at every dial
  std::uint32_t resubscribe_limit = 10;          ///< tries until a failing subscription is parked

  void describe(config::Fields& fields) override;
};

/// `sinks.<name>` of `type: dlive`: what it says goes out as HTTPS requests beside the connector's socket. A value.
struct SinkConfig : connectors::ChannelSettings {
  std::string streamer;        ///< in whose chat: a username, not a display name
  config::Secret token;        ///< the user's who speaks, sent as it is; read anew for each message
  std::uint32_t length = 140;  ///< characters of the longest text; bot accounts may say 500

  SinkConfig() : ChannelSettings(config::ChannelCommon::Speaks::chat, "arcade") {}
  void describe(config::Fields& fields) override;
};

}  // namespace tributary::connectors::dlive
