// The whole configuration as values, with the defaults of the reference: what load() returns and the composition root
// builds from. The part of every connector and sink is made by the entry of the Vocabulary its `type:` names. Owned by
// whoever loaded it; immutable afterwards. Thread: any.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <typeinfo>
#include <vector>

#include "config/fields.hpp"
#include "config/values.hpp"

namespace tributary::config {

// One line of a registry, as far as the configuration needs it.
struct SettingsType {
  std::string_view name;
  std::string_view summary = {};
  std::string_view example_name = {};              // the entry's name in the reference
  std::unique_ptr<Described> (*make)() = nullptr;  // nullptr: known, but `not yet`
  // Of a channel sink: why it can never publish on that connector, a sentence; "": it can.
  std::string (*channel_fault)(const Described& sink, const Described& connector) = nullptr;
};

// `{"kafka", "…", "events", config::make_settings<KafkaSettings>}`
template <typename T>
std::unique_ptr<Described> make_settings() {
  return std::make_unique<T>();
}

// What a channel sink says of an event.
enum class ChannelFormat : std::uint8_t {
  envelope,  // our mark, and the event as a string
  event,     // the canonical event alone
  text,      // `template`, filled in
};

// How much a channel sink may say.
struct ChannelRate {
  double per_second = 5;
  std::uint32_t burst = 20;

  void describe(Fields& fields);
  bool operator==(const ChannelRate&) const = default;
};

// When a channel sink stops because what it says comes back.
struct ChannelBreaker {
  double echo_share = 0.5;  // of what was said within `window`, 0 to 1
  Duration window = std::chrono::seconds(10);
  Duration open_for = std::chrono::seconds(60);

  void describe(Fields& fields);
  bool operator==(const ChannelBreaker&) const = default;
};

// The keys of every channel sink (`type` is NamedSettings'). A channel sink's settings hold one and call
// `common.describe(fields, …)` at the end of their own describe().
struct ChannelCommon {
  enum class Speaks : std::uint8_t {
    values,  // envelope, event or text
    chat,    // text alone, whose template has no default
  };

  std::string connector;  // on whose connection it publishes
  ChannelFormat format = ChannelFormat::envelope;
  std::string words;  // `template`
  ChannelRate rate;
  ChannelBreaker breaker;
  Duration max_age = std::chrono::seconds(30);  // 0: no limit
  Size memory = mib(4);

  // `example`: a connector as the reference has one of that type; static storage.
  explicit ChannelCommon(Speaks speaks = Speaks::values, std::string_view example = "hall");
  void describe(Fields& fields);

 private:
  Speaks speaks_;
  std::string_view example_;
};

// The types a configuration may name. The daemon fills it from the registries of connectors and sinks.
struct Vocabulary {
  std::vector<SettingsType> connectors;
  std::vector<SettingsType> sinks;
};

struct NamedSettings {
  std::string name;  // [A-Za-z0-9][A-Za-z0-9._-]{0,63}
  std::string type;
  bool enabled = true;
  std::shared_ptr<Described> settings;  // never null after a load without faults; held on to by those who use it

  template <typename T>
  [[nodiscard]] const T& as() const {  // throws std::bad_cast when `type` is another's
    return dynamic_cast<const T&>(*settings);
  }
  template <typename T>
  [[nodiscard]] std::shared_ptr<const T> shared() const {  // null when `type` is another's
    return std::dynamic_pointer_cast<const T>(settings);
  }
};

struct Tls {
  Path ca_file;      // "": the system's
  Path certificate;  // of the client; needs `key`
  Path key;
  std::string server_name;  // "": the host of the URL
  bool insecure = false;

  void describe(Fields& fields);
  bool operator==(const Tls&) const = default;
};

struct Timeouts {
  Duration dial = std::chrono::seconds(10);
  Duration handshake = std::chrono::seconds(10);
  Duration pong = std::chrono::seconds(10);
  Duration heartbeat{0};  // 0: the protocol's own
  Duration idle{0};       // 0: off

  void describe(Fields& fields);
  bool operator==(const Timeouts&) const = default;
};

struct BackoffSettings {
  Duration base = std::chrono::seconds(1);
  Duration cap = std::chrono::seconds(60);
  Duration reset_after = std::chrono::seconds(30);

  void describe(Fields& fields);
  bool operator==(const BackoffSettings&) const = default;
};

struct DedupeSettings {
  std::uint32_t ids = 65'536;
  Duration window = std::chrono::hours(24);

  void describe(Fields& fields);
  bool operator==(const DedupeSettings&) const = default;
};

// Where a connector's frames are kept, for `replay`.
struct RecordSettings {
  Path directory;  // "": nowhere
  Size max_size = mib(256);

  void describe(Fields& fields);
  bool operator==(const RecordSettings&) const = default;
};

// The keys of every connector (`type` and `enabled` are NamedSettings'). A connector's settings hold one and call
// `common.describe(fields, url)` at the end of their own describe().
struct ConnectorCommon {
  Tls tls;
  std::string proxy;                                  // "" or http://[user[:password]@]host:port
  std::map<std::string, Secret> headers;              // added to the upgrade
  Duration ping_interval = std::chrono::seconds(20);  // 0: none
  Timeouts timeouts;
  BackoffSettings backoff;
  Size frame_limit = mib(4);
  DedupeSettings dedupe;
  RecordSettings record;

  // `url`: where the connector dials; what it says must not contradict these keys.
  void describe(Fields& fields, std::string_view url);
  // Whether a connection that was made with one serves the other: recording does not touch it.
  [[nodiscard]] bool same_connection(const ConnectorCommon& other) const;
  bool operator==(const ConnectorCommon&) const = default;
};

struct Route {
  std::vector<std::string> from;   // connectors; empty: all
  std::vector<std::string> types;  // empty: all
  std::string where;               // a condition as expression/ reads it, without a fault after a load; empty: all
  std::vector<std::string> to;     // sinks, at least one
};

struct Limits {
  Size memory = mib(256);
  std::uint32_t dials_per_second = 20;
  Duration pause = std::chrono::seconds(20);
  std::uint32_t nesting = 64;

  void describe(Fields& fields);
};

struct Log {
  enum class Level : std::uint8_t { trace, debug, info, warn, error };
  enum class Format : std::uint8_t { automatic, text, json };

  Level level = Level::info;
  Format format = Format::automatic;  // text on a terminal, json otherwise

  void describe(Fields& fields);
};

// How this relay marks what it says on channels, and whose marks it believes.
struct MarkSettings {
  std::optional<Secret> signing_key;              // none: our marks are not signed
  std::string kid;                                // names the key, "": no name
  std::map<std::string, Secret> trusted_origins;  // `instance` or `instance/kid` → its key

  // `instance`: our own.
  void describe(Fields& fields, std::string_view instance);
};

// An entry of `trusted_origins`: what stands behind the last `/` is the kid.
struct TrustedOrigin {
  std::string_view origin;
  std::string_view kid;  // "": any
};
TrustedOrigin trusted_origin(std::string_view name);

// HTTP for operators.
struct Admin {
  std::string listen = "127.0.0.1:9464";  // "": no admin port
  bool written = false;                   // `listen` stands in the file: then the port must be had
  std::optional<Secret> token;

  [[nodiscard]] bool off() const { return listen.empty(); }
  [[nodiscard]] std::string host() const;  // an address, without brackets
  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] bool on_loopback() const;

  void describe(Fields& fields);
};

// Where sinks keep what Kafka has not acknowledged, and connectors what they must know again after a restart.
struct SpoolPlace {
  Path directory = "/var/lib/tributary";
  bool written = false;  // `directory` stands in the file: then it must be usable

  void describe(Fields& fields);
};

struct Settings {
  std::string instance;                   // never empty after load: the host's name when not given
  std::vector<NamedSettings> connectors;  // in the order of the files
  std::vector<NamedSettings> sinks;
  std::vector<Route> routes;
  MarkSettings marks;
  SpoolPlace spool;
  Limits limits;
  Duration stop_timeout = std::chrono::seconds(25);
  Admin admin;
  Log log;
  std::uint32_t io_threads = 1;

  void describe(Fields& fields, const Vocabulary& vocabulary);

  [[nodiscard]] const NamedSettings* connector(std::string_view name) const;  // nullptr: none of that name
  [[nodiscard]] const NamedSettings* sink(std::string_view name) const;

 private:
  void describe_routes(Fields& fields);
  void check_channels(Fields& fields, const Vocabulary& vocabulary) const;
};

}  // namespace tributary::config
