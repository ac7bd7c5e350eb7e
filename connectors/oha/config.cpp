#include "connectors/oha/config.hpp"

#include "text/percent.hpp"
#include "text/url.hpp"

namespace tributary::connectors::oha {
namespace {

constexpr std::int64_t label_limit = 256;

}  // namespace

void Auth::describe(config::Fields& fields) {
  fields.field({.name = "token",
                .help = "a JWT, read again at every dial",
                .required = true,
                .example = "{command: [fetch-oha-token], timeout: 10s}"},
               token);
  fields.choice({.name = "in", .help = "where the server gets it"}, in,
                {{TokenIn::header, "header"}, {TokenIn::message, "message"}, {TokenIn::query, "query"}});
}

void Config::describe(config::Fields& fields) {
  fields.url({.name = "url", .help = "the server; /streams/{stream}/ is appended"}, url, {"wss", "ws"});
  fields.field({.name = "stream",
                .help = "the stream's key, a secret",
                .required = true,
                .example = "{file: secrets/oha-stream}"},
               stream);
  fields.field({.name = "label",
                .help = "the stream's public name; its key is never told",
                .required = true,
                .example = "maths-101",
                .minimum = 1,
                .maximum = label_limit},
               label);
  fields.field({.name = "auth", .help = "needed for sending only", .shown = true}, auth);
  common.describe(fields, url);

  std::string wrong;
  const auto address = text::parse_url(url, {"wss", "ws"}, wrong);
  if (address && address->has_user_info() && auth && auth->in == TokenIn::header) {
    fields.fault("url",
                 "its user and the token of `auth` both make the Authorization header; expected only one of the two, "
                 "or `in: message`");
  }
  if (url.find_first_of("?#") != std::string::npos) {
    fields.fault("url", "a query or fragment; expected scheme, host and port, and the path the server stands under");
  } else if (url.find("/streams/") != std::string::npos) {
    fields.fault("url", "`/streams/{stream}/` is appended by the connector; put the key at `stream`");
  }
}

std::string Config::dial_url(const std::string& stream_key, const std::string& token) const {
  std::string target = url;
  while (target.ends_with('/')) target.pop_back();
  target += "/streams/" + text::percent_encoded(stream_key) + "/";
  if (!token.empty()) target += "?token=" + text::percent_encoded(token);
  return target;
}

}  // namespace tributary::connectors::oha
