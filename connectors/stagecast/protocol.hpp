#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/shared.hpp"
#include "connectors/link/protocol.hpp"
#include "connectors/link/said_lately.hpp"
#include "connectors/stagecast/codec.hpp"
#include "connectors/stagecast/config.hpp"

namespace tributary::connectors::stagecast {

/// The conversation with one event channel.
///
///   open ──auth──► asked ──ok──► live         without auth: open is live
///
/// Everything else is the channel's content, also before `ok`. There is no known reply of refusal: a close, a binary
/// frame other than `ok`, or silence for timeouts.handshake is one (the README says why).
/// Owner: the connector's Link. Thread: its owner's. Failure: every end is an Ending in the Outcome; no text but the
/// first frame holds a secret.
class StagecastProtocol final : public Protocol {
 public:
  StagecastProtocol(const std::string& connector, config::Shared<Config> config);

  std::vector<config::Secret> secrets() const override;
  std::variant<net::DialTarget, net::Ending> dial(const std::vector<std::string>& secrets,
                                                  const event::Now& now) override;
  void open(std::uint64_t connection, const event::Now& now, Outcome& outcome) override;
  void frame(std::string_view payload, bool binary, const event::Now& now, Outcome& outcome) override;
  event::SteadyTime deadline() const override { return answer_by_; }
  void tick(const event::Now& now, Outcome& outcome) override;
  void paused(bool paused, const event::Now& now, Outcome& outcome) override;
  void explain(net::Ending& ending) const override;
  std::vector<std::string> channels() const override { return {config_->channel}; }
  Admission admission() const override;
  void say(const event::Message& message, const event::Now& now, Outcome& outcome) override;

 private:
  enum class Phase : std::uint8_t { dialled, asked, live, over };

  std::string auth_frame() const;
  void look_for_echo(const event::Now& now, Outcome& outcome);
  void come_live(Outcome& outcome);
  void on_binary(std::string_view payload, Outcome& outcome);
  void refused(std::string detail, Outcome& outcome);
  std::string clean(std::string_view words) const;

  config::Shared<Config> config_;
  Codec codec_;
  SaidLately said_;
  Phase phase_ = Phase::dialled;
  bool paused_ = false;
  std::string secret_;  ///< of this dial
  event::SteadyTime answer_by_ = event::SteadyTime::max();
  event::SteadyTime::duration answer_left_{0};  ///< kept over a pause
  event::SteadyTime paused_at_{};
};

}  // namespace tributary::connectors::stagecast
