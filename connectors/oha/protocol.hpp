#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/shared.hpp"
#include "connectors/link/protocol.hpp"
#include "connectors/link/redaction.hpp"
#include "connectors/oha/codec.hpp"
#include "connectors/oha/config.hpp"
#include "connectors/oha/publishing.hpp"

namespace tributary::connectors::oha {

/// The conversation with one stream's socket.
///
///   open ──(our token, when it goes in a message)──► the server says who it takes us for ──► live
///
/// Nothing is said before the verdict. A refused token costs only the sending: we stay and listen. The verdict is the
/// answer after our token was heard; when the token goes in a message, the server has answered once before that, or has
/// not. Owner: the connector's Link. Thread: its owner's. Failure: every end is an Ending in the Outcome; no text but
/// the request and the first frame holds a secret.
class OhaProtocol final : public Protocol {
 public:
  OhaProtocol(const std::string& connector, config::Shared<Config> config);

  std::vector<config::Secret> secrets() const override;
  std::variant<net::DialTarget, net::Ending> dial(const std::vector<std::string>& secrets,
                                                  const event::Now& now) override;
  void open(std::uint64_t connection, const event::Now& now, Outcome& outcome) override;
  void frame(std::string_view payload, bool binary, const event::Now& now, Outcome& outcome) override;
  event::SteadyTime deadline() const override { return std::min(verdict_by_, publishing_.deadline()); }
  void tick(const event::Now& now, Outcome& outcome) override;
  void paused(bool paused, const event::Now& now, Outcome& outcome) override;
  void explain(net::Ending& ending) const override;
  void explain_refusal(net::Ending& ending) const override;
  std::vector<std::string> channels() const override { return {config_->label}; }
  Admission admission() const override;

  event::SteadyTime may_say_at() const override;
  void say(const event::Message& message, const event::Now& now, Outcome& outcome) override;

  /// We may speak on this connection.
  bool authenticated() const { return authenticated_; }

 private:
  void on_chat(const event::Now& now, Outcome& outcome);
  void on_answer(bool authenticated, const event::Now& now, Outcome& outcome);
  void judge(bool authenticated, std::string_view words, Outcome& outcome);

  config::Shared<Config> config_;
  Codec codec_;
  Redaction redaction_;
  Publishing publishing_;
  std::string token_, username_, odd_expiry_;
  bool live_ = false, paused_ = false, authenticated_ = false;
  bool judged_ = false;  ///< the verdict on our token is known
  event::SteadyTime verdict_by_ = event::SteadyTime::max();
};

}  // namespace tributary::connectors::oha
