#pragma once

#include <cstdint>
#include <string>

#include "config/fields.hpp"
#include "config/values.hpp"
#include "connectors/link/settings.hpp"

namespace tributary::connectors::streamelements {

/// How the upstream is to recognise us; the word is sent as it is.
enum class Method : std::uint8_t { jwt, oauth2, apikey };
const char* name(Method method) noexcept;

/// `connectors.<name>` of `type: streamelements`. A value; immutable once read. Thread: any.
struct Config : connectors::Settings {
  std::string url = "wss://realtime.streamelements.com/socket.io/";  ///< without EIO and transport
  int engine_io = 3;                                                 ///< 3 or 4
  Method method = Method::jwt;
  config::Secret token;        ///< read again at every dial
  std::string channel;         ///< "": whatever `authenticated` says
  bool test_events = false;    ///< event:test and isMock
  bool state_updates = false;  ///< event:update and event:reset

  /// What was missed is read back from the activities API.
  struct Backfill {
    bool enabled = false;
    std::string api_url = "https://api.streamelements.com";
    std::uint32_t limit = 500;  ///< activities of one request
    bool operator==(const Backfill&) const = default;
  };
  Backfill backfill;

  void describe(config::Fields& fields) override;

  /// `url` with EIO and transport in its query.
  std::string dial_url() const;

 private:
  void check_backfill(config::Fields& fields) const;
};

}  // namespace tributary::connectors::streamelements
