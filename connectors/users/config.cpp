#include "connectors/users/config.hpp"

#include <algorithm>
#include <string_view>

namespace tributary::connectors::users {
namespace {

constexpr std::int64_t text_limit = 256;

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

}  // namespace

void Config::describe(config::Fields& fields) {
  fields.url({.name = "url", .help = "the server's websocket port"}, url, {"wss", "ws"});
  fields.field({.name = "origin",
                .help = "the Origin header; one of the server's approvedSocketDomains must match it",
                .example = "trusted-host",
                .maximum = text_limit},
               origin);
  fields.field({.name = "label",
                .help = "the public name of this server in events; empty: the connector's name",
                .example = "accounts",
                .maximum = text_limit},
               label);
  fields.field({.name = "api_key", .help = "users-api-key of newer servers", .example = "{file: secrets/users-key}"},
               api_key);
  fields.field({.name = "probe_interval",
                .help = "between the echoes asked for until one is answered",
                .minimum = 50,
                .maximum = 60'000},
               probe_interval);
  fields.field({.name = "listen", .help = "false: nothing of the server becomes an event"}, listen);
  common.describe(fields, url);

  if (has_control_character(origin)) fields.fault("origin", "a control character, which no header may have");
  if (has_control_character(label)) fields.fault("label", "a control character; expected a name");
  if (origin.empty() && !api_key) {
    fields.warn("origin", "without an Origin the server accepts the upgrade and then drops the socket");
  }
}

SinkConfig::SinkConfig() : ChannelSettings(config::ChannelCommon::Speaks::values, "accounts") {
  confirm_timeout = std::chrono::seconds(5);
  resend = 3;
}

void SinkConfig::describe(config::Fields& fields) {
  fields.field({.name = "confirm_timeout",
                .help = "for the echo of a message; then it is said again, with the same id",
                .minimum = 100,
                .maximum = 3'600'000},
               confirm_timeout);
  fields.field({.name = "resend", .help = "how often a message without its echo is said again", .maximum = 100},
               resend);
  common.describe(fields);
}

}  // namespace tributary::connectors::users
