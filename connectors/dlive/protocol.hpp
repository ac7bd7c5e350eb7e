#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/shared.hpp"
#include "connectors/dlive/codec.hpp"
#include "connectors/dlive/config.hpp"
#include "connectors/dlive/publishing.hpp"
#include "connectors/dlive/subscriptions.hpp"
#include "connectors/link/protocol.hpp"

namespace tributary::connectors::dlive {

/// The conversation with the subscription socket: init, acknowledgement, two subscriptions for each streamer, liveness.
/// Live at `connection_ack`: see this folder's README.
/// Owner: the connector's Link. Thread: its owner's.
class DLiveProtocol final : public Protocol {
 public:
  DLiveProtocol(const std::string& connector, config::Shared<Config> config);

  std::vector<config::Secret> secrets() const override;
  std::variant<net::DialTarget, net::Ending> dial(const std::vector<std::string>& secrets,
                                                  const event::Now& now) override;
  void open(std::uint64_t connection, const event::Now& now, Outcome& outcome) override;
  void frame(std::string_view payload, bool binary, const event::Now& now, Outcome& outcome) override;
  event::SteadyTime deadline() const override;
  void tick(const event::Now& now, Outcome& outcome) override;
  void paused(bool paused, const event::Now& now, Outcome& outcome) override;
  std::vector<std::string> channels() const override { return config_->streamers; }
  Admission admission() const override;
  bool can_adopt(const Settings& settings) const override;
  void adopt(const std::shared_ptr<const Settings>& settings, const event::Now& now, Outcome& outcome) override;
  std::vector<Lookup> lookups(const std::vector<std::string>& secrets) const override;
  std::vector<Backfill> backfill(const std::string& channel, event::WallTime from, event::WallTime to,
                                 const std::vector<std::string>& secrets) const override;
  event::SteadyTime may_say_at() const override { return publishing_.may_say_at(); }
  void say(const event::Message& message, const event::Now& now, Outcome& outcome) override;
  void answered(std::uint64_t number, const std::variant<net::HttpAnswer, net::Ending>& result, const event::Now& now,
                Outcome& outcome) override;

 private:
  void on_ack(const event::Now& now, Outcome& outcome);
  void pass_on(const std::string& streamer, const event::Now& now, Outcome& outcome);
  void on_data(const Packet& packet, const event::Now& now, Outcome& outcome);
  void of_nobody(const Packet& packet, Outcome& outcome) const;
  void on_end(const Packet& packet, std::string_view words, const event::Now& now, Outcome& outcome);
  std::chrono::milliseconds silence_limit() const;

  const std::string connector_;
  config::Shared<Config> config_;
  Codec codec_;
  Subscriptions subscriptions_;
  Publishing publishing_;
  std::string token_;
  bool acknowledged_ = false;
  bool paused_ = false;
  event::SteadyTime silent_by_ = event::SteadyTime::max();
};

}  // namespace tributary::connectors::dlive
