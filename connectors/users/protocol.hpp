#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/shared.hpp"
#include "connectors/link/protocol.hpp"
#include "connectors/link/said_lately.hpp"
#include "connectors/users/codec.hpp"
#include "connectors/users/config.hpp"
#include "connectors/users/own_echoes.hpp"

namespace tributary::connectors::users {

/// The conversation with a Users server.
///
///   open ──probe, probe…──► probing ──an echo of ours──► live
///                                   └─none in 10 s─────► live, listen-only, and probing goes on slowly
///
/// The server hears us late, so a probe is repeated until it is answered. How often it is answered is how often the
/// server writes everything on this connection: identical adjacent frames are collapsed in groups of so many.
///
/// What is published is broadcast as an Echo, and comes back to us, too: that confirms it.
/// Owner: the connector's Link. Thread: its owner's. Failure: ends come from the socket; `explain` gives them words.
class UsersProtocol final : public Protocol {
 public:
  UsersProtocol(const std::string& connector, config::Shared<Config> config);

  std::vector<config::Secret> secrets() const override;
  std::variant<net::DialTarget, net::Ending> dial(const std::vector<std::string>& secrets,
                                                  const event::Now& now) override;
  void open(std::uint64_t connection, const event::Now& now, Outcome& outcome) override;
  void frame(std::string_view payload, bool binary, const event::Now& now, Outcome& outcome) override;
  event::SteadyTime deadline() const override;
  void tick(const event::Now& now, Outcome& outcome) override;
  void paused(bool paused, const event::Now& now, Outcome& outcome) override;
  void explain(net::Ending& ending) const override;
  std::vector<std::string> channels() const override { return {label_}; }
  Admission admission() const override;
  event::SteadyTime may_say_at() const override;
  void say(const event::Message& message, const event::Now& now, Outcome& outcome) override;

  static constexpr std::uint32_t copies_limit = 32;  ///< more answers than this to one probe teach nothing
  static constexpr int slow_probes = 30;             ///< probe intervals between probes once listen-only
  /// After a pause the echoes that have come meanwhile are read first; only then is anything said again.
  static constexpr std::chrono::seconds say_after_pause{1};

 private:
  void probe(const event::Now& now, Outcome& outcome);
  void on_echo(std::string_view payload, const event::Now& now, Outcome& outcome);
  void on_answer(const event::Now& now, Outcome& outcome);
  bool is_copy(std::string_view payload, const event::Now& now);
  void remember(std::string_view payload, const event::Now& now);

  std::string connector_;
  config::Shared<Config> config_;
  std::string label_;  ///< never empty: the connector's name when the settings give none
  Codec codec_;

  bool open_ = false, live_ = false, paused_ = false;
  bool heard_ = false;     ///< any frame on this connection
  bool answered_ = false;  ///< any probe of this connection
  event::SteadyTime next_probe_{}, listen_only_at_{};
  event::SteadyTime::duration listen_only_left_{0};  ///< kept over a pause
  event::SteadyTime paused_at_{}, say_at_ = event::SteadyTime::min();
  OwnEchoes own_;  ///< also of earlier connections: the server may be late
  SaidLately lately_;
  std::string probe_base_;  ///< of this connection: everything but the number
  std::uint64_t probes_ = 0;

  std::uint32_t copies_ = 1;  ///< how often the server writes each frame, as far as we know
  std::string answer_;        ///< the probe being answered just now; "" when another frame came between
  event::SteadyTime answer_at_{};
  std::uint32_t answers_ = 0;
  std::string last_;            ///< the last frame that was an event, where copies are to be known
  event::SteadyTime group_at_;  ///< its first copy
  std::uint32_t group_ = 0;     ///< copies of it so far
};

}  // namespace tributary::connectors::users
