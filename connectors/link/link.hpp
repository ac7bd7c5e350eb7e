#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.hpp"
#include "config/shared.hpp"
#include "connectors/link/conversation.hpp"
#include "connectors/link/input.hpp"
#include "connectors/link/link_secrets.hpp"
#include "connectors/link/posts.hpp"
#include "connectors/link/protocol.hpp"
#include "connectors/link/settings.hpp"
#include "event/ports.hpp"
#include "event/thread_check.hpp"
#include "net/dial_budget.hpp"
#include "net/websocket.hpp"

namespace tributary::connectors {

struct LinkSettings {
  std::string connector;
  std::string_view source;  ///< the registry's name of its kind: static storage
  config::Shared<config::ConnectorCommon> common;
  std::chrono::milliseconds pause_limit{20'000};  ///< `limits.pause`
  std::chrono::milliseconds secret_poll{1'000};   ///< how often a refused or missing secret is looked at
  std::uint64_t seed = 0;                         ///< of the back-off; another one for each connector
  std::optional<event::WallTime> last_seen;       ///< the last message of an earlier life
  event::ConnectorMemory* memory = nullptr;       ///< outlives the Link; null: nothing is remembered
};

/// What a Link lives in; all of it must outlive the Link.
struct LinkSurroundings {
  boost::asio::io_context& io;
  boost::asio::thread_pool& workers;  ///< for secrets: files and commands block. Join it before `io` goes
  net::DialBudget& budget;
  event::Intake& intake;
  LinkObserver& observer;
};

net::TlsSettings tls_settings(const config::Tls& tls);

/// One connector on the network: the I/O that its Conversation asks for, and nothing decided here.
/// Owned by the supervisor; made, called and destroyed on the io thread (or while it does not run). Destruction ends
/// the connection at once, without farewell. Nothing is thrown; a bug in the protocol costs its connection.
///
/// Frames: what arrives until we end the connection is understood and counted. From our close frame or hard end on, the
/// socket delivers nothing any more, and nothing is counted: a stop stops reading.
/// Thread: io.
class Link final : public Input, private net::WebSocketListener, private Transport {
 public:
  Link(LinkSettings settings, std::unique_ptr<Protocol> protocol, const LinkSurroundings& surroundings);
  ~Link() override;

  void start() override;
  /// Farewell and close handshake.
  void stop(std::chrono::milliseconds patience, std::function<void()> stopped) override;

  bool adopt(const std::shared_ptr<const connectors::Settings>& settings) override;
  bool can_adopt(const connectors::Settings& settings) const override { return protocol_->can_adopt(settings); }

  void attach(const event::OutboundPtr& outbound) override;
  void detach(event::Outbound& outbound) override;

  void record(std::shared_ptr<Tape> tape) override;

  LinkStatus status() const override { return conversation_.status(); }
  std::optional<event::WallTime> missed_since() const override { return conversation_.missed_since(); }
  Protocol& protocol() { return *protocol_; }
  std::vector<ChannelActivity> activity() const override { return conversation_.activity(); }

 private:
  // net::WebSocketListener
  void on_open(std::string_view subprotocol) override;
  void on_message(std::string_view payload, bool binary) override;
  void on_pong() override;
  void on_read_end() override;
  void on_drained() override;
  void on_end(net::Ending ending) override;

  // Transport
  void prepare() override;
  void connect(net::DialTarget target) override;
  bool send(std::string_view payload, bool binary) override;
  bool room() override;
  void post(Post post) override;
  void ping() override;
  void close(const net::Ending& ending) override;
  void abort(const net::Ending& ending) override;
  void drop() override;
  void pause_reading(bool paused) override;
  void await_room() override;
  void stopped() override;
  void fetch(net::HttpRequest request) override;

  template <class Action>
  void guarded(Action&& action);
  template <class Later>
  void later(Later&& later_on);
  void read_secrets();
  void take_secrets(SecretsRead read);
  void end_without_socket();
  void watch_clock();
  void on_timer();
  void look_at_secrets(event::SteadyTime now);

  [[no_unique_address]] event::ThreadCheck thread_;
  LinkSettings settings_;
  std::unique_ptr<Protocol> protocol_;
  LinkSurroundings around_;
  std::vector<std::string> header_names_;   ///< whose values are the last secrets
  std::vector<std::string> header_values_;  ///< between reading and dialling only
  std::size_t protocol_secrets_ = 0;
  LinkSecrets secrets_;
  std::shared_ptr<Tape> tape_;
  Conversation conversation_;
  std::unique_ptr<Posts> posts_;  ///< made for the first message that needs it
  std::vector<event::OutboundPtr> outbounds_;
  std::shared_ptr<net::WebSocket> socket_;
  std::shared_ptr<net::HttpExchange> fetch_;  ///< under way
  boost::asio::steady_timer timer_;
  std::vector<std::function<void()>> on_stopped_;
  std::optional<event::Now> read_moment_;                    ///< one moment for all messages of a read
  event::SteadyTime armed_ = event::SteadyTime::max();       ///< when the timer fires
  event::SteadyTime turn_ = event::SteadyTime::max();        ///< ours to dial, says the budget
  event::SteadyTime secrets_by_ = event::SteadyTime::max();  ///< until the reading is given up
  event::SteadyTime look_at_ = event::SteadyTime::max();
  std::shared_ptr<Link*> self_;  ///< held weakly by what is called later
};

}  // namespace tributary::connectors
