#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/shared.hpp"
#include "connectors/json/json_parts.hpp"
#include "connectors/json/json_text.hpp"
#include "connectors/link/credential.hpp"
#include "connectors/link/protocol.hpp"
#include "connectors/streamelements/backfill.hpp"
#include "connectors/streamelements/codec.hpp"
#include "connectors/streamelements/config.hpp"
#include "connectors/streamelements/heartbeat.hpp"
#include "connectors/streamelements/socket_io.hpp"

namespace tributary::connectors::streamelements {

/// The conversation with the realtime socket: handshake, authentication, heartbeat, events, ends.
///
///   dialled ──0{…}──► opened ──40──► joined ──authenticated──► live
///                     (EIO4: we say 40 first, and the answer carries a sid)
///
/// Owner: the connector's Link. Thread: its owner's. Failure: every end is an Ending in the Outcome; no text of it, of
/// a notice or of a malformed detail holds the token.
class StreamElementsProtocol final : public Protocol {
 public:
  StreamElementsProtocol(std::string connector, config::Shared<Config> config);

  std::vector<config::Secret> secrets() const override;
  std::variant<net::DialTarget, net::Ending> dial(const std::vector<std::string>& secrets,
                                                  const event::Now& now) override;
  void open(std::uint64_t connection, const event::Now& now, Outcome& outcome) override;
  void frame(std::string_view payload, bool binary, const event::Now& now, Outcome& outcome) override;
  event::SteadyTime deadline() const override;
  void tick(const event::Now& now, Outcome& outcome) override;
  void paused(bool paused, const event::Now& now, Outcome& outcome) override;
  void farewell(Outcome& outcome) override;
  void explain(net::Ending& ending) const override;
  std::vector<std::string> channels() const override;
  std::vector<Backfill> backfill(const std::string& channel, event::WallTime from, event::WallTime to,
                                 const std::vector<std::string>& secrets) const override;
  std::vector<Lookup> lookups(const std::vector<std::string>& secrets) const override;

 private:
  enum class Phase : std::uint8_t { dialled, opened, joined, live, over };

  void on_open_packet(std::string_view body, const event::Now& now, Outcome& outcome);
  void on_ping(const Packet& packet, Outcome& outcome);
  void on_connect(const Packet& packet, Outcome& outcome);
  void on_goodbye(std::string_view what, const Packet& packet, Outcome& outcome);
  void on_error(const Packet& packet, Outcome& outcome);
  void on_event(const Packet& packet, const event::Now& now, Outcome& outcome);
  void on_authenticated(const event::Now& now, Outcome& outcome);
  void on_unauthorized(Outcome& outcome);
  void on_binary(std::string_view payload, Outcome& outcome);
  void watch_expiry(const event::Now& now, Outcome& outcome);
  std::string words_of(std::string_view said);
  void end(net::Reason reason, std::string_view detail, Outcome& outcome);
  static void unknown(Outcome& outcome) { outcome.unknown = true; }
  static void malformed(std::string_view reason, std::string_view detail, Outcome& outcome);

  std::optional<Activities> activities(const std::string& channel, const std::vector<std::string>& secrets) const;

  config::Shared<Config> config_;
  Codec::Settings codec_settings_;
  Codec codec_;
  JsonText json_;  ///< of what the server says to us
  JsonParts parts_;
  Heartbeat heartbeat_;
  Phase phase_ = Phase::dialled;
  std::string token_;  ///< of this dial
  TokenClaims claims_;
  event::SteadyTime warn_at_ = event::SteadyTime::max();  ///< credentialExpiring is due
  std::string channel_;                                   ///< `channelId` of the last `authenticated`
  bool pinged_ = false;            ///< it has pinged a live session of Engine.IO 3, and answered no ping of ours since
  std::uint32_t attachments_ = 0;  ///< binary frames still to come of a binary event
};

}  // namespace tributary::connectors::streamelements
