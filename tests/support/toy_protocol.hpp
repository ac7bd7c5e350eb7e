#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "connectors/link/protocol.hpp"

namespace tributary::support {

struct ToySettings {
  std::string url = "ws://127.0.0.1:1/toy?key=hidden";
  std::vector<config::Secret> secrets;
  std::chrono::milliseconds beat{0};  ///< 0: no heartbeat
  std::string archive;                ///< http://…, where missed events are; "": nowhere
};

/// The smallest protocol that has everything a Conversation can meet, in words a person can type:
///
///   C hello TOKEN                     at open
///   S welcome CHANNEL                 live, on that channel
///   S event ID [ID…]   S test   S state NAME   S odd (unknown)   S echo TEXT (answered)   anything else: not_json
///   S no (credential_refused)   S wrong (wrong_channel)   S bye (disconnected)   S throw   S expiring (a notice)
/// What was missed is at GET ARCHIVE?channel=…&from=…&to=…&page=N with the token: ids, parted by spaces; a line `more`
/// says that there is another page, `later MS` that it is to be asked for after so long, any other status than 200
/// refuses.
///   C beat every `beat`, S beat within half of it, else heartbeat_timeout; C bye as farewell
class ToyProtocol : public connectors::Protocol {
 public:
  explicit ToyProtocol(ToySettings settings) : settings_(std::move(settings)) {}

  std::vector<config::Secret> secrets() const override { return settings_.secrets; }
  std::variant<net::DialTarget, net::Ending> dial(const std::vector<std::string>& secrets,
                                                  const event::Now& now) override;
  void open(std::uint64_t connection, const event::Now& now, connectors::Outcome& outcome) override;
  void frame(std::string_view payload, bool binary, const event::Now& now, connectors::Outcome& outcome) override;
  event::SteadyTime deadline() const override;
  void tick(const event::Now& now, connectors::Outcome& outcome) override;
  void paused(bool paused, const event::Now& now, connectors::Outcome& outcome) override;
  void farewell(connectors::Outcome& outcome) override;
  std::vector<std::string> channels() const override;
  std::vector<connectors::Backfill> backfill(const std::string& channel, event::WallTime from, event::WallTime to,
                                             const std::vector<std::string>& secrets) const override;

 private:
  connectors::Backfill page(std::string url, unsigned number, std::string token) const;
  void event_line(std::string_view id, const event::Now& now, connectors::Outcome& outcome) const;

  ToySettings settings_;
  std::string token_;
  std::string channel_;
  event::SteadyTime beat_at_ = event::SteadyTime::max();
  event::SteadyTime answer_by_ = event::SteadyTime::max();
  bool paused_ = false;
};

}  // namespace tributary::support
