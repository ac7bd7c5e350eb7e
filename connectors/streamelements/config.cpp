#include "connectors/streamelements/config.hpp"

#include <algorithm>
#include <string_view>

namespace tributary::connectors::streamelements {
namespace {

/// The query of a URL, without `?` and fragment.
std::string_view query_of(std::string_view url) {
  url = url.substr(0, url.find('#'));
  const auto mark = url.find('?');
  return mark == std::string_view::npos ? std::string_view{} : url.substr(mark + 1);
}

bool names_parameter(std::string_view query, const std::string& name) {
  const auto all = std::string("&").append(query).append("&");
  return all.find("&" + name + "=") != std::string::npos || all.find("&" + name + "&") != std::string::npos;
}

bool is_channel_id(std::string_view text) {
  return text.size() == 24 &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

const char* name(Method method) noexcept {
  switch (method) {
    case Method::jwt:
      return "jwt";
    case Method::oauth2:
      return "oauth2";
    case Method::apikey:
      return "apikey";
  }
  return "jwt";
}

void Config::describe(config::Fields& fields) {
  fields.url(
      {.name = "url", .help = "where the realtime socket is; a query of yours is kept, EIO and transport are added"},
      url, {"wss", "ws"});
  fields.choice({.name = "engine_io", .help = "Engine.IO protocol version to ask for"}, engine_io,
                {{3, "3"}, {4, "4"}});
  fields.group({.name = "auth", .help = "how the upstream recognises the account", .required = true}, [&] {
    fields.choice({.name = "method", .help = "kind of token"}, method,
                  {{Method::jwt, "jwt"}, {Method::oauth2, "oauth2"}, {Method::apikey, "apikey"}});
    fields.field({.name = "token",
                  .help = "the token, read again at every dial",
                  .required = true,
                  .example = "{file: secrets/se.jwt}"},
                 token);
  });
  fields.field({.name = "channel", .help = "refuse the session when the token is of another channel (24 hex digits)"},
               channel);
  fields.field({.name = "test_events", .help = "pass event:test and isMock on, marked relay.test"}, test_events);
  fields.field({.name = "state_updates", .help = "pass event:update and event:reset on, to topics.state"},
               state_updates);
  fields.not_yet({.name = "backfill", .help = "fetch what was missed by the activities API"}, "backfill",
                 {.member = "enabled", .value = "false"});
  common.describe(fields);

  for (const std::string parameter : {"EIO", "transport"}) {
    if (names_parameter(query_of(url), parameter)) {
      fields.fault("url", "`" + parameter + "` in the query is set by the connector; remove it");
    }
  }
  if (!channel.empty() && !is_channel_id(channel)) {
    fields.fault("channel", "`" + channel + "` is no channel id; expected 24 digits of 0-9 a-f");
  }
}

std::string Config::dial_url() const {
  auto target = url.substr(0, url.find('#'));
  const auto mark = target.find('?');
  const std::string query = mark == std::string::npos ? "" : target.substr(mark + 1);
  target.resize(std::min(mark, target.size()));
  const auto authority = target.find("://") + 3;
  const auto path = target.find('/', authority);
  if (path == std::string::npos || path + 1 == target.size()) {
    target.resize(std::min(path, target.size()));
    target += "/socket.io/";
  } else if (target.back() != '/') {
    target += '/';
  }
  return target + '?' + query + (query.empty() ? "" : "&") + "EIO=" + std::to_string(engine_io) +
         "&transport=websocket";
}

}  // namespace tributary::connectors::streamelements
