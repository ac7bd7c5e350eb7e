// For the tests of this folder: one connector type and two sink types that use every kind of field, a directory of
// files, and faults as the lines an operator reads.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "config/load.hpp"

namespace tributary::config::fixture {

struct Gauge : Described {
  enum class Method : std::uint8_t { jwt, oauth2, apikey };

  std::string url = "wss://gauge.example.org/socket";
  int dialect = 3;
  Method method = Method::jwt;
  Secret token;
  bool test_events = false;
  double share = 0.5;
  std::optional<Duration> nap;
  ConnectorCommon common;

  void describe(Fields& fields) override {
    fields.url({.name = "url", .help = "where to dial", .required = true, .example = "wss://gauge.example.org/socket"},
               url, {"ws", "wss"});
    fields.choice({.name = "dialect", .help = "of the protocol"}, dialect, {{3, "3"}, {4, "4"}});
    fields.group({.name = "auth", .help = "who we are", .required = true}, [&] {
      fields.choice({.name = "method"}, method,
                    {{Method::jwt, "jwt"}, {Method::oauth2, "oauth2"}, {Method::apikey, "apikey"}});
      fields.field({.name = "token", .required = true, .example = "{file: secrets/gauge}"}, token);
    });
    fields.field({.name = "test_events", .help = "accept tests"}, test_events);
    fields.field({.name = "share", .help = "of what", .minimum = 0, .maximum = 1}, share);
    fields.field({.name = "nap", .help = "now and then", .example = "5m"}, nap);
    common.describe(fields, url);
  }
};

struct Broker : Described {
  std::vector<std::string> brokers;
  Duration linger{5};
  Size memory = mib(64);
  std::map<std::string, std::string> properties;
  std::optional<Tls> tls;

  void describe(Fields& fields) override {
    fields.field({.name = "brokers", .help = "host:port of some", .required = true, .example = "[localhost:9092]"},
                 brokers);
    fields.field({.name = "linger", .help = "how long a batch waits", .minimum = 0, .maximum = 60'000}, linger);
    fields.field({.name = "memory", .help = "of its queue", .minimum = 1 << 20}, memory);
    fields.field({.name = "properties", .help = "passed through", .example = "{a.b: c}"}, properties);
    fields.field({.name = "tls", .help = "to the brokers"}, tls);
    fields.not_yet({.name = "spool"}, "the disk spool",
                   {.member = "enabled", .value = "false", .absent_is_off = false});
    for (std::size_t i = 0; i < brokers.size(); ++i) {
      if (brokers[i].find(':') == std::string::npos) fields.fault("brokers", i, "expected host:port");
    }
  }
};

struct Lines : Described {
  Path path = "events.jsonl";
  std::uint16_t keep = 8;

  void describe(Fields& fields) override {
    fields.field({.name = "path", .help = "JSON lines"}, path);
    fields.field({.name = "keep", .help = "old files", .minimum = 1}, keep);
  }
};

inline Vocabulary vocabulary() {
  return {{{"gauge", "a river's gauge", "main", make_settings<Gauge>}, {"sluice", "later"}},
          {{"broker", "a log of records", "events", make_settings<Broker>},
           {"lines", "a file", "archive", make_settings<Lines>},
           {"weir", "later"}}};
}

inline Loaded read(std::string_view text) { return load_text(text, "t.yaml", vocabulary()); }

inline std::vector<std::string> lines(const std::vector<Fault>& faults) {
  std::vector<std::string> all;
  for (const auto& fault : faults) all.push_back(format(fault));
  return all;
}

inline std::vector<std::string> faults(std::string_view text) { return lines(read(text).faults); }

// A fresh directory that is removed with everything in it.
class Directory {
 public:
  Directory() {
    std::string name = (std::filesystem::temp_directory_path() / "tributary-config-XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) path_ = name;
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  ~Directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  std::filesystem::path write(const std::string& name, std::string_view text) const {
    const auto file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
    return file;
  }
  [[nodiscard]] std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace tributary::config::fixture
