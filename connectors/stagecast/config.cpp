#include "connectors/stagecast/config.hpp"

#include <algorithm>
#include <string_view>

#include "text/percent.hpp"

namespace tributary::connectors::stagecast {
namespace {

constexpr std::string_view path_begin = "/api/events/";
constexpr std::string_view path_end = "/ws";
constexpr std::int64_t channel_limit = 256;
constexpr std::int64_t recipient_limit = 320;  ///< the longest mail address

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

}  // namespace

void Auth::describe(config::Fields& fields) {
  fields.field({.name = "email",
                .help = "the account's address, with `password`",
                .example = "relay@example.org",
                .shown = true},
               email);
  fields.field(
      {.name = "password", .help = "read again at every dial", .example = "{file: secrets/stagecast}", .shown = true},
      password);
  fields.field({.name = "token",
                .help = "instead of email and password; read again at every dial",
                .example = "{command: [fetch-stagecast-token]}"},
               token);
  if (token && (password || !email.empty())) {
    fields.fault("token", "two ways to authenticate; expected either `email` and `password`, or `token`");
  } else if (password && email.empty()) {
    fields.fault("password", "`email` is missing; expected `email` and `password`, or `token`");
  } else if (!email.empty() && !password) {
    fields.fault("email", "`password` is missing; expected `email` and `password`, or `token`");
  } else if (!token && !password) {
    fields.fault("token", "no way to authenticate; expected `email` and `password`, or `token`");
  }
}

const config::Secret& Auth::secret() const {
  static const config::Secret none;
  return token ? *token : password ? *password : none;
}

void Config::describe(config::Fields& fields) {
  fields.url({.name = "url", .help = "the server; /api/events/{channel}/ws is appended"}, url, {"wss", "ws"});
  fields.field({.name = "channel",
                .help = "the channel's name",
                .required = true,
                .example = "livehacks_test",
                .maximum = channel_limit},
               channel);
  fields.field(
      {.name = "auth", .help = "how the upstream recognises the account; needed for sending only", .shown = true},
      auth);
  fields.field({.name = "listen", .help = "false: nothing of the channel becomes an event"}, listen);
  common.describe(fields, url);

  if (url.find_first_of("?#") != std::string::npos) {
    fields.fault("url", "a query or fragment; expected scheme, host and port, and the path the server stands under");
  } else if (url.find(path_begin) != std::string::npos) {
    fields.fault("url", "`/api/events/{channel}/ws` is appended by the connector; remove it");
  }
  if (channel == "." || channel == ".." || has_control_character(channel)) {
    fields.fault("channel", "no channel can have this name; expected text that is neither `.` nor `..`");
  }
  if (!listen && !auth) fields.fault("listen", "nothing is left to do: sending needs `auth`");
}

void SinkConfig::describe(config::Fields& fields) {
  fields.field({.name = "to",
                .help = "an address or user id, for a direct message; empty: to everybody on the channel",
                .maximum = recipient_limit},
               to);
  common.describe(fields);
  if (has_control_character(to)) fields.fault("to", "expected an address or user id without control characters");
}

std::string Config::dial_url() const {
  std::string target = url;
  while (target.ends_with('/')) target.pop_back();
  return target.append(path_begin).append(text::percent_encoded(channel)).append(path_end);
}

}  // namespace tributary::connectors::stagecast
