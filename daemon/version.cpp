#include <openssl/crypto.h>
#include <simdjson.h>
#include <spdlog/version.h>

#include <CLI/Version.hpp>
#include <boost/version.hpp>
#include <nlohmann/json.hpp>
#include <websocketpp/version.hpp>

#include "daemon/commands.hpp"
#include "sinks/kafka/client.hpp"
#include "spool/database.hpp"

namespace tributary::daemon {

std::string_view version() { return TRIBUTARY_VERSION; }

std::string version_text() {
  const auto dotted = [](int a, int b, int c) {
    return std::to_string(a) + "." + std::to_string(b) + "." + std::to_string(c);
  };
  std::string text = "tributary " TRIBUTARY_VERSION "\n";
  text += "  librdkafka    " + std::string(sinks::kafka::librdkafka_version()) + "\n";
  text += "  openssl       " + std::string(OpenSSL_version(OPENSSL_VERSION_STRING)) + "\n";
  text += "  boost         " + dotted(BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100) + "\n";
  text += "  websocketpp   " +
          dotted(websocketpp::major_version, websocketpp::minor_version, websocketpp::patch_version) + "\n";
  text +=
      "  simdjson      " +
      dotted(simdjson::SIMDJSON_VERSION_MAJOR, simdjson::SIMDJSON_VERSION_MINOR, simdjson::SIMDJSON_VERSION_REVISION) +
      " (" + simdjson::get_active_implementation()->name() + ")\n";
  text += "  sqlite        " + std::string(spool::database_version()) + "\n";
  text += "  nlohmann/json " +
          dotted(NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR, NLOHMANN_JSON_VERSION_PATCH) + "\n";
  text += "  spdlog        " + dotted(SPDLOG_VER_MAJOR, SPDLOG_VER_MINOR, SPDLOG_VER_PATCH) + "\n";
  text += "  prometheus    " PROMETHEUS_CPP_VERSION "\n";
  text += "  cli11         " CLI11_VERSION;
  return text;
}

}  // namespace tributary::daemon
