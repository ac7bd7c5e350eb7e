#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "config/fields.hpp"
#include "config/values.hpp"
#include "connectors/link/channel_settings.hpp"
#include "connectors/link/settings.hpp"

namespace tributary::connectors::users {

/// `connectors.<name>` of `type: users`. A value; immutable once read. Thread: any.
struct Config : connectors::Settings {
  std::string url = "ws://localhost:8080";
  std::string origin;                     ///< must match one of the server's approvedSocketDomains
  std::string label;                      ///< relay.upstreamChannel; "": the connector's name
  std::optional<config::Secret> api_key;  ///< newer servers: `users-api-key` of the upgrade
  config::Duration probe_interval = std::chrono::seconds(1);
  bool listen = true;  ///< false: the socket is only for sending

  void describe(config::Fields& fields) override;

  /// `relay.upstreamChannel`: never empty.
  const std::string& public_name(const std::string& connector) const { return label.empty() ? connector : label; }
};

/// `sinks.<name>` of `type: users`: every client of the server gets what it says; its echo confirms it. A value.
struct SinkConfig : connectors::ChannelSettings {
  SinkConfig();
  void describe(config::Fields& fields) override;
};

}  // namespace tributary::connectors::users
