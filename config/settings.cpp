#include "config/settings.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <functional>
#include <set>
#include <system_error>
#include <variant>

#include "config/spelling.hpp"
#include "expression/condition.hpp"
#include "expression/template.hpp"
#include "text/url.hpp"

namespace tributary::config {
namespace {

constexpr std::int64_t second = 1'000;
constexpr std::int64_t hour = 3'600 * second;
constexpr std::int64_t kibibyte = 1'024;
constexpr std::int64_t kid_limit = 64;  // as what reads marks has it

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

struct Address {
  std::string host;  // without brackets; localhost is 127.0.0.1
  std::uint16_t port = 0;
};

// host:port or [v6]:port, the host an address or localhost, the port 0 to 65535.
std::optional<Address> address_of(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  auto host = text.substr(0, colon);
  const bool brackets = host.front() == '[' && host.back() == ']' && host.size() > 2;
  if (brackets) host = host.substr(1, host.size() - 2);
  const auto port = text.substr(colon + 1);
  unsigned number = 0;
  const auto [stop, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc{} || stop != port.data() + port.size() || number > 65'535) return std::nullopt;
  Address address{host == "localhost" ? "127.0.0.1" : std::string(host), static_cast<std::uint16_t>(number)};
  const bool v6 = address.host.find(':') != std::string::npos;
  if (!text::is_address_literal(address.host) || v6 != brackets) return std::nullopt;
  return address;
}

const NamedSettings* find(const std::vector<NamedSettings>& all, std::string_view name) {
  const auto one = std::find_if(all.begin(), all.end(), [name](const auto& named) { return named.name == name; });
  return one == all.end() ? nullptr : &*one;
}

// The names of one section, so that each that a route names is found at once.
struct Names {
  explicit Names(const std::vector<NamedSettings>& named) {
    for (const auto& one : named) all.emplace_back(one.name), known.insert(one.name);
  }
  std::vector<std::string_view> all;
  std::set<std::string_view> known;
  std::size_t unknown = 0;  // how often a route named another
};

void check_names(Fields& fields, std::string_view key, const std::vector<std::string>& names, Names& named,
                 const std::string& noun) {
  constexpr std::size_t suggested = 20;  // comparing with every name takes time
  if (!fields.complete()) return;
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!named.known.contains(names[i])) {
      const auto hint = ++named.unknown <= suggested ? suggestion(names[i], named.all) : std::string();
      fields.fault(key, i, "no " + noun + " is named " + quote(names[i]) + hint);
    } else if (!seen.insert(names[i]).second) {
      fields.fault(key, i, "the " + noun + " " + quote(names[i]) + " is named twice");
    }
  }
}

/// A condition or template that is written and cannot be read is a fault at its key.
template <typename Expression>
void check_expression(Fields& fields, std::string_view key, const std::string& text) {
  if (!fields.given(key) || text.empty()) return;
  const auto parsed = Expression::parse(text);
  if (const auto* fault = std::get_if<expression::Fault>(&parsed)) fields.fault(key, expression::words_of(*fault));
}

void warn_unrouted(Fields& fields, const Settings& settings) {
  std::set<std::string_view> routed;
  for (const auto& route : settings.routes) routed.insert(route.to.begin(), route.to.end());
  for (const auto& sink : settings.sinks) {
    if (!routed.contains(sink.name)) fields.warn("routes", "no route leads to the sink " + quote(sink.name));
  }
}

// For those who list values: a changed password is a change, and is told to nobody.
std::string without_secrets(const std::string& url, std::initializer_list<std::string_view> schemes) {
  if (text::secrets_of(url).empty()) return url;
  std::string wrong;
  const auto parsed = text::parse_url(url, schemes, wrong);
  return std::string(kWithPassword) + std::to_string(std::hash<std::string>{}(url)) + ' ' +
         (parsed ? parsed->shown() : "");
}

// Of the upgrade, some headers are the websocket's own; a line break in another would begin one more.
void check_headers(Fields& fields, const std::map<std::string, Secret>& headers, bool url_authorizes) {
  static constexpr std::array<std::string_view, 5> taken{"host", "upgrade", "connection", "content-length",
                                                         "transfer-encoding"};
  for (const auto& [name, value] : headers) {
    std::string lower(name);
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const bool token = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
             std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
    });
    const bool control =
        value.kind == Secret::Kind::value && std::any_of(value.name.begin(), value.name.end(), [](char c) {
          return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
        });
    if (!token) {
      fields.fault("headers", name, "expected a header's name: letters, digits and !#$%&'*+-.^_`|~");
    } else if (std::find(taken.begin(), taken.end(), lower) != taken.end() || lower.rfind("sec-websocket-", 0) == 0) {
      fields.fault("headers", name, "this header is made by the connector itself");
    } else if (url_authorizes && lower == "authorization") {
      fields.fault("headers", name, "the user in `url` makes this header, too; expected only one of the two");
    } else if (control) {
      fields.fault("headers", name, "expected a value without line breaks or other control characters");
    }
  }
}

}  // namespace

void Tls::describe(Fields& fields) {
  fields.field({.name = "ca_file", .help = "PEM file of trusted authorities; empty: the system's"}, ca_file);
  fields.field({.name = "certificate", .help = "PEM file of our own certificate, with its chain"}, certificate);
  fields.field({.name = "key", .help = "PEM file of its private key"}, key);
  fields.field({.name = "server_name", .help = "name to verify and to send as SNI; empty: the URL's host"},
               server_name);
  fields.field({.name = "insecure", .help = "verify nothing; warned at every dial"}, insecure);
  if (certificate.empty() != key.empty()) {
    fields.fault(certificate.empty() ? "key" : "certificate", "`certificate` and `key` need each other");
  }
  if (insecure) fields.warn("insecure", "the server's certificate is not verified");
}

void Timeouts::describe(Fields& fields) {
  fields.field({.name = "dial", .help = "TCP and TLS, over all addresses", .minimum = 10, .maximum = hour}, dial);
  fields.field({.name = "handshake", .help = "from connected to live", .minimum = 10, .maximum = hour}, handshake);
  fields.field({.name = "pong", .help = "answer to a websocket ping", .minimum = 10, .maximum = hour}, pong);
  fields.field({.name = "heartbeat",
                .help = "silence of the protocol's own heartbeat; 0s: as the protocol says",
                .minimum = 0,
                .maximum = 24 * hour},
               heartbeat);
  fields.field({.name = "idle", .help = "no event at all; 0s: off", .minimum = 0, .maximum = 30 * 24 * hour}, idle);
}

void BackoffSettings::describe(Fields& fields) {
  fields.field({.name = "base", .help = "shortest wait before dialling again", .minimum = 1, .maximum = hour}, base);
  fields.field({.name = "cap", .help = "longest wait", .minimum = 1, .maximum = 24 * hour}, cap);
  fields.field(
      {.name = "reset_after", .help = "live for this long: start again at base", .minimum = 0, .maximum = 24 * hour},
      reset_after);
  if (cap < base) fields.fault("cap", "expected at least `base` (" + format(base) + "), found " + format(cap));
}

void DedupeSettings::describe(Fields& fields) {
  fields.field({.name = "ids", .help = "how many ids are remembered; 0: off", .minimum = 0, .maximum = 16'777'216},
               ids);
  fields.field({.name = "window", .help = "and for how long", .minimum = second, .maximum = 90 * 24 * hour}, window);
}

void RecordSettings::describe(Fields& fields) {
  fields.field({.name = "directory", .help = "made when it is not there; empty: nothing is recorded"}, directory);
  fields.field({.name = "max_size",
                .help = "of this connector's files there together; the oldest is removed",
                .minimum = kibibyte * kibibyte,
                .maximum = 1'024 * 1'024 * kibibyte * kibibyte},
               max_size);
}

bool ConnectorCommon::same_connection(const ConnectorCommon& other) const {
  ConnectorCommon one = other;
  one.record = record;
  return one == *this;
}

void ConnectorCommon::describe(Fields& fields, std::string_view url) {
  fields.group({.name = "tls", .help = "of the upstream's socket"}, tls);
  fields.url({.name = "proxy", .help = "HTTP CONNECT", .example = "http://user@host:3128"}, proxy, {"http"});
  fields.field({.name = "headers",
                .help = "added to the upgrade; values may be secrets",
                .example = "{X-Relay: tributary, X-Key: {env: RELAY_KEY}}"},
               headers);
  if (url.empty()) fields.fault("url", "expected a URL that is not empty: without one nothing can be dialled");
  std::string wrong;
  const auto parsed = text::parse_url(url, {"wss", "ws"}, wrong);
  check_headers(fields, headers, parsed && parsed->has_user_info());
  fields.field({.name = "ping_interval", .help = "websocket pings of ours; 0s: none", .minimum = 0, .maximum = hour},
               ping_interval);
  fields.group({.name = "timeouts", .help = "each ends the connection with a reason of its own"}, timeouts);
  fields.group({.name = "backoff", .help = "waiting between dials"}, backoff);
  fields.field({.name = "frame_limit",
                .help = "a larger frame ends the connection",
                .minimum = kibibyte,
                .maximum = 64 * kibibyte * kibibyte},
               frame_limit);
  fields.group({.name = "dedupe", .help = "events seen before are counted and dropped"}, dedupe);
  fields.group({.name = "record", .help = "keeps every frame in files, without secrets, for `tributary replay`"},
               record);
}

void ChannelRate::describe(Fields& fields) {
  fields.field({.name = "per_second", .help = "messages; more wait, and grow old", .minimum = 0, .maximum = 1'000},
               per_second);
  fields.field({.name = "burst", .help = "that may follow at once after a silence", .minimum = 1, .maximum = 10'000},
               burst);
  if (fields.reading() && per_second <= 0) fields.fault("per_second", "expected more than 0: nothing would be said");
}

void ChannelBreaker::describe(Fields& fields) {
  fields.field({.name = "echo_share",
                .help = "says nothing more once this share of its messages came back; 1: when all did",
                .minimum = 0,
                .maximum = 1},
               echo_share);
  fields.field({.name = "window", .help = "of what was said so long ago at most", .minimum = second, .maximum = hour},
               window);
  fields.field({.name = "open_for", .help = "then one message is tried", .minimum = second, .maximum = 24 * hour},
               open_for);
  if (fields.reading() && echo_share <= 0) fields.fault("echo_share", "expected more than 0: nothing would be said");
}

ChannelCommon::ChannelCommon(Speaks speaks, std::string_view example)
    : format(speaks == Speaks::chat ? ChannelFormat::text : ChannelFormat::envelope),
      words(speaks == Speaks::chat ? "" : "{data.displayName}: {data.message}"),
      speaks_(speaks),
      example_(example) {}

void ChannelCommon::describe(Fields& fields) {
  constexpr std::string_view what = "what is said, with fields of the event in braces";
  fields.field({.name = "connector", .help = "on whose connection it publishes", .required = true, .example = example_},
               connector);
  if (speaks_ == Speaks::chat) {
    fields.choice({.name = "format"}, format, {{ChannelFormat::text, "text"}});
    fields.field({.name = "template",
                  .help = what,
                  .required = true,
                  .example = "\"{data.displayName} tipped {data.amount} {data.currency}\"",
                  .minimum = 1},
                 words);
  } else {
    fields.choice(
        {.name = "format", .help = "envelope: our mark and the event as a string; event: the event; text: `template`"},
        format,
        {{ChannelFormat::envelope, "envelope"}, {ChannelFormat::event, "event"}, {ChannelFormat::text, "text"}});
    fields.field({.name = "template", .help = "for `format: text`: fields of the event in braces", .minimum = 1},
                 words);
  }
  check_expression<expression::Template>(fields, "template", words);
  fields.group({.name = "rate", .help = "how much it may say"}, rate);
  fields.group({.name = "breaker", .help = "against messages that go round and round"}, breaker);
  fields.field({.name = "max_age",
                .help = "an event that waited longer since it came is dropped; 0s: none",
                .minimum = 0,
                .maximum = 24 * hour},
               max_age);
  fields.field({.name = "memory",
                .help = "what waits to be said; at the limit the oldest is dropped",
                .minimum = 64 * kibibyte,
                .maximum = 1'024 * kibibyte * kibibyte},
               memory);
}

void Limits::describe(Fields& fields) {
  fields.field({.name = "memory",
                .help = "what the sinks' `memory` should not exceed together; more is warned of at start",
                .minimum = kibibyte * kibibyte,
                .maximum = 1'024 * 1'024 * kibibyte * kibibyte},
               memory);
  fields.field({.name = "dials_per_second", .help = "of all connectors together", .minimum = 1, .maximum = 10'000},
               dials_per_second);
  fields.field({.name = "pause", .help = "longest pause of reading when sinks are full", .minimum = 0, .maximum = hour},
               pause);
  fields.field({.name = "nesting", .help = "deepest JSON accepted from an upstream", .minimum = 8, .maximum = 256},
               nesting);
}

void Log::describe(Fields& fields) {
  fields.choice({.name = "level"}, level,
                {{Level::trace, "trace"},
                 {Level::debug, "debug"},
                 {Level::info, "info"},
                 {Level::warn, "warn"},
                 {Level::error, "error"}});
  fields.choice({.name = "format", .help = "auto: text on a terminal, json otherwise"}, format,
                {{Format::automatic, "auto"}, {Format::text, "text"}, {Format::json, "json"}});
}

TrustedOrigin trusted_origin(std::string_view name) {
  const auto slash = name.rfind('/');
  if (slash == name.npos) return {name, {}};
  return {name.substr(0, slash), name.substr(slash + 1)};
}

void MarkSettings::describe(Fields& fields, std::string_view instance) {
  fields.field({.name = "signing_key",
                .help = "signs what this relay says; without it nobody can trust that",
                .example = "{file: secrets/mark-key}"},
               signing_key);
  fields.field({.name = "kid", .help = "names the key, so that others can rotate it", .maximum = kid_limit}, kid);
  fields.field({.name = "trusted_origins",
                .help = "instance: key, or instance/kid: key; what they sign is an event here, too",
                .example = "{relay-2: {file: relay-2.key}}"},
               trusted_origins);
  if (!fields.reading()) return;
  if (has_control(kid)) fields.fault("kid", "expected one line without control characters, found " + quote(kid));
  if (!kid.empty() && !signing_key) fields.warn("kid", "not used: there is no `signing_key`");
  for (const auto& [name, key] : trusted_origins) {
    const auto origin = trusted_origin(name).origin;
    if (origin.empty() || has_control(name)) {
      fields.fault("trusted_origins", name, "expected the `instance` of a relay, or instance/kid");
    } else if (origin == instance) {
      fields.fault("trusted_origins", name, "this relay's own `instance`; expected another relay's");
    }
  }
  const auto plain = [](const auto& named) { return named.second.kind == Secret::Kind::value; };
  if (std::any_of(trusted_origins.begin(), trusted_origins.end(), plain)) {
    fields.warn("trusted_origins",
                "a key itself is in this file; a {file: PATH} readable by the service alone is safer");
  }
}

std::string Admin::host() const { return address_of(listen).value_or(Address{}).host; }

std::uint16_t Admin::port() const { return address_of(listen).value_or(Address{}).port; }

bool Admin::on_loopback() const { return host().starts_with("127.") || host() == "::1"; }

void Admin::describe(Fields& fields) {
  fields.field({.name = "listen", .help = "address and port; port 0: a free one; \"\": no admin port"}, listen);
  fields.field({.name = "token", .help = "needed when not on loopback", .example = "{file: secrets/admin}"}, token);
  if (!fields.reading()) return;
  written = fields.given("listen");
  if (off()) return;
  if (!address_of(listen)) {
    return fields.fault("listen", "expected an address and a port, such as 127.0.0.1:9464, found " + quote(listen));
  }
  if (!on_loopback() && !fields.given("token")) {
    fields.fault("listen", "others than this machine reach " + quote(listen) +
                               ": expected `token` beside it, such as {file: secrets/admin}, or 127.0.0.1");
  }
}

void SpoolPlace::describe(Fields& fields) {
  fields.field({.name = "directory", .help = "spools, ids and last-seen times; for one process alone"}, directory);
  if (!fields.reading()) return;
  written = fields.given("directory");
  if (directory.empty()) fields.fault("directory", "expected a directory, found \"\"");
}

void Settings::describe(Fields& fields, const Vocabulary& vocabulary) {
  int version = 1;
  std::optional<std::string> name;
  std::vector<std::string> include;
  fields.choice({.name = "version", .help = "of this format", .required = true, .example = "1"}, version, {{1, "1"}});
  fields.field({.name = "instance",
                .help = "stable name of this relay; default: the host's name",
                .example = "relay-1",
                .minimum = 1,
                .maximum = 255},
               name);
  if (name) instance = *name;
  if (has_control(instance)) {
    fields.fault("instance", "expected a name without control characters, found " + quote(instance));
  }
  fields.field({.name = "include",
                .help = "more files with the same top-level keys, joined; a name twice is a fault",
                .example = "[connectors.d/*.yaml]"},
               include);
  fields.typed({.name = "connectors", .help = "name: settings; a connector is one upstream socket"},
               vocabulary.connectors, connectors, true);
  fields.typed({.name = "sinks", .help = "name: settings"}, vocabulary.sinks, sinks, false);
  check_channels(fields, vocabulary);
  describe_routes(fields);
  fields.group({.name = "marks", .help = "by which relays know what they said on channels"},
               [&] { marks.describe(fields, instance); });
  fields.group({.name = "spool", .help = "what is kept on disk, when a sink has a `spool`"}, spool);
  fields.group({.name = "limits", .help = "of the whole process"}, limits);
  fields.field({.name = "stop_timeout", .help = "to drain the sinks after SIGTERM", .minimum = 0, .maximum = hour},
               stop_timeout);
  fields.group({.name = "admin", .help = "HTTP for operators: metrics, status, events, a page to look at"}, admin);
  fields.not_yet({.name = "cluster"}, "several relays that share the connectors", {.member = "through"});
  fields.group({.name = "log"}, log);
  fields.field({.name = "io_threads", .help = "each owns whole connectors", .minimum = 1, .maximum = 64}, io_threads);
}

// A channel sink needs a connector of its own type that can publish.
void Settings::check_channels(Fields& fields, const Vocabulary& vocabulary) const {
  std::vector<std::string_view> names;
  for (const auto& connector : connectors) names.push_back(connector.name);
  for (const auto& sink : sinks) {
    const auto* common = sink.settings ? sink.settings->channel() : nullptr;
    if (common == nullptr || common->connector.empty()) continue;
    const auto fault = [&](std::string message) { fields.fault("sinks", sink.name, "connector", std::move(message)); };
    const auto* found = connector(common->connector);
    if (found == nullptr) {
      if (fields.complete()) {
        fault("no connector is named " + quote(common->connector) + suggestion(common->connector, names));
      }
      continue;
    }
    if (found->type != sink.type) {
      fault("the connector " + quote(found->name) + " is of type " + found->type + "; expected one of type " +
            sink.type);
      continue;
    }
    const auto type = std::find_if(vocabulary.sinks.begin(), vocabulary.sinks.end(),
                                   [&](const auto& one) { return one.name == sink.type; });
    if (type == vocabulary.sinks.end() || type->channel_fault == nullptr || !found->settings) continue;
    if (auto why = type->channel_fault(*sink.settings, *found->settings); !why.empty()) fault(std::move(why));
  }
}

void Settings::describe_routes(Fields& fields) {
  Names of_sinks(sinks);
  Names of_connectors(connectors);
  fields.items({.name = "routes", .help = "an event goes to every sink of every route that matches it"}, routes,
               [&](Route& route) {
                 fields.field({.name = "to", .help = "sinks", .required = true, .example = "[events]"}, route.to);
                 fields.field({.name = "from", .help = "connectors; empty: all"}, route.from);
                 fields.field({.name = "types", .help = "types of event; empty: all", .example = "[tip, cheer]"},
                              route.types);
                 fields.field({.name = "where",
                               .help = "condition on fields of the event; empty: all",
                               .example = "\"data.amount >= 5\""},
                              route.where);
                 check_expression<expression::Condition>(fields, "where", route.where);
                 check_names(fields, "to", route.to, of_sinks, "sink");
                 check_names(fields, "from", route.from, of_connectors, "connector");
               });
  // A route that could not be read may be the one that leads there; that there is none at all is told elsewhere.
  const bool all_lead = std::all_of(routes.begin(), routes.end(), [](const Route& route) { return !route.to.empty(); });
  if (fields.complete() && !routes.empty() && all_lead && of_sinks.unknown == 0) warn_unrouted(fields, *this);
}

const NamedSettings* Settings::connector(std::string_view name) const { return find(connectors, name); }

const NamedSettings* Settings::sink(std::string_view name) const { return find(sinks, name); }

// --- what the visitors share

void Fields::choice(const Key& key, std::string& value, std::initializer_list<std::string_view> choices) {
  std::vector<std::string_view> names(choices);
  const auto current = std::find(names.begin(), names.end(), value);
  auto index = current == names.end() ? 0 : static_cast<std::size_t>(current - names.begin());
  choose(key, names, index);
  if (reading()) value = names[index];
}

void Fields::url(const Key& key, std::string& value, std::initializer_list<std::string_view> schemes) {
  if (!reading()) {
    std::string shown = without_secrets(value, schemes);
    return field(key, shown);
  }
  field(key, value);
  if (value.empty()) return;
  std::string wrong;
  const auto url = text::parse_url(value, schemes, wrong);
  if (!url) return fault(key.name, wrong);
  if (!url->password.empty()) {
    warn(key.name, "a password is in this file; let the service alone read it");
  }
}

}  // namespace tributary::config
