#include "connectors/streamelements/config.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

#include "text/url.hpp"

namespace tributary::connectors::streamelements {
namespace {

std::optional<text::Url> parsed(const std::string& url) {
  std::string fault;
  return text::parse_url(url, {"wss", "ws"}, fault);
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
  fields.group({.name = "backfill", .help = "after a gap, what was missed is read back from the activities API"}, [&] {
    fields.field({.name = "enabled", .help = "needs a token of method jwt, or oauth2 with activities:read"},
                 backfill.enabled);
    fields.url({.name = "api_url", .help = "where the API is"}, backfill.api_url, {"https", "http"});
    fields.field({.name = "limit",
                  .help = "activities of one request; there are as many requests as it takes",
                  .minimum = 2,
                  .maximum = 500},
                 backfill.limit);
    check_backfill(fields);
  });
  common.describe(fields, url);

  if (backfill.enabled && common.dedupe.ids == 0) {
    fields.warn("backfill", "with `dedupe.ids: 0` what was heard just before a gap comes twice; expected more than 0");
  }
  const auto address = parsed(url);
  for (const std::string parameter : {"EIO", "transport"}) {
    if (address && names_parameter(address->query(), parameter)) {
      fields.fault("url", "`" + parameter + "` in the query is set by the connector; remove it");
    }
  }
  if (!channel.empty() && !is_channel_id(channel)) {
    fields.fault("channel", "`" + channel + "` is no channel id; expected 24 digits of 0-9 a-f");
  }
}

void Config::check_backfill(config::Fields& fields) const {
  std::string wrong;
  const auto api = text::parse_url(backfill.api_url, {"https", "http"}, wrong);
  if (backfill.enabled && backfill.api_url.empty()) fields.fault("api_url", "expected a URL that is not empty");
  if (api && !api->query().empty()) fields.fault("api_url", "expected a URL without a query");
  if (api && api->has_user_info()) {
    fields.fault("api_url",
                 "its user and the token of `auth` both make the Authorization header; remove the user from the URL");
  }
  if (backfill.enabled && method == Method::apikey) {
    fields.warn("enabled",
                "the activities API is not known to accept a token of `method: apikey`; expected jwt or oauth2");
  }
}

std::string Config::dial_url() const {
  auto address = parsed(url);
  if (!address) return url;
  std::string path(address->path());
  if (path == "/") path = "/socket.io/";
  if (path.back() != '/') path += '/';
  const std::string query(address->query());
  address->target =
      path + '?' + query + (query.empty() ? "" : "&") + "EIO=" + std::to_string(engine_io) + "&transport=websocket";
  return address->text();
}

}  // namespace tributary::connectors::streamelements
