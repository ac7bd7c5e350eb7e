#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "connectors/streamelements/simulator_settings.hpp"
#include "net/websocket.hpp"

namespace tributary::connectors::streamelements {

/// One client of the simulated socket: handshake, authentication, heartbeat and ends of the server's side.
/// Owned by the simulator through a shared_ptr (its timers keep it a moment longer). Thread: io.
class SimulatorPeer final : public net::WebSocketListener, public std::enable_shared_from_this<SimulatorPeer> {
 public:
  struct Host {
    std::function<bool(std::string_view token)> accepts;
    std::function<void(SimulatorPeer&)> live;
    std::function<void(SimulatorPeer&)> gone;  ///< the socket has ended; the peer may be let go of, not at once
  };

  SimulatorPeer(boost::asio::io_context& io, const SimulatorSettings& settings, int engine_io, std::uint64_t number,
                const Host& host);

  void attach(std::shared_ptr<net::WebSocket> socket) { socket_ = std::move(socket); }
  bool live() const { return live_; }
  std::uint64_t frames() const { return frames_; }
  /// A text frame, when the session is live and not silent.
  bool say(std::string_view frame);
  void say_binary(std::string_view bytes);
  std::size_t unsent_bytes() const { return socket_ ? socket_->unsent_bytes() : 0; }
  /// The token is good no longer.
  void revoke();
  /// No call-backs any more.
  void detach();

  void on_open(std::string_view subprotocol) override;
  void on_message(std::string_view payload, bool binary) override;
  void on_pong() override {}
  void on_end(net::Ending ending) override;

 private:
  void write(std::string_view frame);
  void join();
  void heartbeat(char type, std::string_view data);
  void authenticate(std::string_view body);
  void refuse();
  void depart(SimulatorSettings::Goodbye how);
  void watch_client();
  void ask_client();
  void after(std::chrono::milliseconds delay, boost::asio::steady_timer& timer, std::function<void()> then);
  bool silent_from(SimulatorSettings::Silence stage) const;

  const SimulatorSettings& settings_;
  int engine_io_;
  std::string sid_;
  const Host& host_;
  std::shared_ptr<net::WebSocket> socket_;
  boost::asio::steady_timer liveness_;
  boost::asio::steady_timer goodbye_;
  boost::asio::steady_timer error_;
  bool joined_ = false;
  bool live_ = false;
  std::uint64_t frames_ = 0;
};

}  // namespace tributary::connectors::streamelements
