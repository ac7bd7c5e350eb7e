#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "config/fields.hpp"
#include "config/values.hpp"
#include "connectors/link/channel_settings.hpp"
#include "connectors/link/settings.hpp"

namespace tributary::connectors::oha {

/// How the token is given: in the upgrade's header, in the first message, or in the URL's query.
enum class TokenIn : std::uint8_t { header, message, query };

/// Who we are to the upstream. Without it we may listen, not speak.
struct Auth {
  config::Secret token;  ///< a JWT of an hour: read again at every dial
  TokenIn in = TokenIn::header;

  void describe(config::Fields& fields);
};

/// `connectors.<name>` of `type: oha`. A value; immutable once read. Thread: any.
struct Config : connectors::Settings {
  std::string url = "wss://api.oha.education/ws";  ///< `/streams/{stream}/` is appended
  config::Secret stream;                           ///< the key, which may be the stream's ingest key
  std::string label;                               ///< the stream's public name: all that is ever told of it
  std::optional<Auth> auth;

  void describe(config::Fields& fields) override;

  /// `token` "": none in the query.
  std::string dial_url(const std::string& stream_key, const std::string& token) const;
};

/// `sinks.<name>` of `type: oha`: what it says goes out on the connector's own socket, as the user of its token. A
/// value.
struct SinkConfig : connectors::ChannelSettings {
  SinkConfig() : ChannelSettings(config::ChannelCommon::Speaks::chat, "classroom") {}

  void describe(config::Fields& fields) override { common.describe(fields); }
};

}  // namespace tributary::connectors::oha
