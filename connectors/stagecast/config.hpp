#pragma once

#include <optional>
#include <string>

#include "config/fields.hpp"
#include "config/values.hpp"
#include "connectors/link/channel_settings.hpp"
#include "connectors/link/settings.hpp"

namespace tributary::connectors::stagecast {

/// Who we are to the upstream, in exactly one of two ways: email and password, or a token.
struct Auth {
  std::string email;
  std::optional<config::Secret> password;
  std::optional<config::Secret> token;

  void describe(config::Fields& fields);
  const config::Secret& secret() const;  ///< the one of the way taken; of kind none when there is none
};

/// `connectors.<name>` of `type: stagecast`. A value; immutable once read. Thread: any.
struct Config : connectors::Settings {
  std::string url = "wss://stagecast.se";  ///< `/api/events/{channel}/ws` is appended
  std::string channel;                     ///< its plain name, not encoded
  std::optional<Auth> auth;                ///< nothing: only listening
  bool listen = true;                      ///< false: the socket is only for sending

  void describe(config::Fields& fields) override;

  std::string dial_url() const;
};

/// `sinks.<name>` of `type: stagecast`: what it says goes out on the connector's own socket. A value.
struct SinkConfig : connectors::ChannelSettings {
  std::string to;  ///< an address or user id: a direct message; "": to everybody on the channel

  void describe(config::Fields& fields) override;
};

}  // namespace tributary::connectors::stagecast
