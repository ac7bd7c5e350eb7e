#include "connectors/dlive/config.hpp"

#include <algorithm>

#include "text/url.hpp"

namespace tributary::connectors::dlive {
namespace {

constexpr std::size_t name_limit = 100;  ///< bytes of a streamer's username

bool is_name(const std::string& text) {
  return !text.empty() && text.size() <= name_limit &&
         std::none_of(text.begin(), text.end(), [](unsigned char c) { return c <= ' ' || c == 0x7F; });
}

}  // namespace

void Config::describe(config::Fields& fields) {
  fields.url({.name = "url", .help = "the subscription socket"}, url, {"wss", "ws"});
  fields.url(
      {.name = "api_url",
       .help = "GraphQL over HTTPS: sinks speak there, check --connect looks names up, backfill asks; empty: nowhere"},
      api_url, {"https", "http"});
  fields.field({.name = "origin", .help = "Origin header; empty: none"}, origin);
  fields.field({.name = "streamers",
                .help = "usernames, not display names; a changed list needs no new connection",
                .required = true,
                .example = "[dbl-lee]",
                .minimum = 1,
                .maximum = 1000},
               streamers);
  fields.field({.name = "treasure_chest", .help = "the events of their treasure chests, too"}, treasure_chest);
  fields.group({.name = "auth", .help = "optional"}, [&] {
    fields.field(
        {.name = "token", .help = "the app's access token, read again at every dial", .example = "{env: DLIVE_TOKEN}"},
        token);
  });
  fields.field({.name = "resubscribe_limit",
                .help = "tries in a row until a failing subscription is parked",
                .minimum = 1,
                .maximum = 1'000'000},
               resubscribe_limit);
  fields.group({.name = "backfill", .help = "after a gap, what was missed is looked for in the history of each chat"},
               [&] {
                 fields.field({.name = "enabled", .help = "asks `api_url`"}, backfill);
                 fields.field({.name = "limit",
                               .help = "the last messages of a chat; what was said before them stays missed",
                               .minimum = 1,
                               .maximum = 1'000},
                              backfill_limit);
               });
  common.describe(fields, url);

  std::string wrong;
  const auto api = text::parse_url(api_url, {"https", "http"}, wrong);
  if (api && api->has_user_info() && token) {
    fields.fault("api_url",
                 "its user and the token of `auth` both make the Authorization header; expected only one of "
                 "the two");
  }
  if (std::any_of(origin.begin(), origin.end(), [](unsigned char c) { return c < ' ' || c == 0x7F; })) {
    fields.fault("origin", "a control character, which no header may have");
  }
  if (backfill && common.dedupe.ids == 0) {
    fields.warn("backfill", "with `dedupe.ids: 0` what was heard just before a gap comes twice; expected more than 0");
  }
  if (backfill && api_url.empty()) {
    fields.fault("api_url", "empty, and `backfill` is enabled; expected the address where it asks");
  }
  for (std::size_t i = 0; i < streamers.size(); ++i) {
    if (!is_name(streamers[i])) {
      fields.fault("streamers", i, "no username; expected up to 100 bytes without spaces");
    } else if (std::find(streamers.begin(), streamers.begin() + static_cast<std::ptrdiff_t>(i), streamers[i]) !=
               streamers.begin() + static_cast<std::ptrdiff_t>(i)) {
      fields.fault("streamers", i, "`" + streamers[i] + "` is there twice");
    }
  }
}

void SinkConfig::describe(config::Fields& fields) {
  fields.field({.name = "streamer",
                .help = "in whose chat: a username, not a display name",
                .required = true,
                .example = "dbl-lee"},
               streamer);
  fields.field({.name = "token",
                .help = "of the user who speaks, read again for every message",
                .required = true,
                .example = "{file: secrets/dlive-user}"},
               token);
  fields.field({.name = "length",
                .help = "characters; longer texts are cut; up to 500 for bot accounts",
                .minimum = 1,
                .maximum = 500},
               length);
  common.describe(fields);
  if (fields.given("streamer") && !is_name(streamer)) {
    fields.fault("streamer", "no username; expected up to 100 bytes without spaces");
  }
}

}  // namespace tributary::connectors::dlive
