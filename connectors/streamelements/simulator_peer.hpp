#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "connectors/simulation/stage.hpp"
#include "connectors/streamelements/simulator_settings.hpp"

namespace tributary::connectors::streamelements {

/// The simulated socket's side of one client: handshake, authentication, heartbeat and ends.
/// Owned by its Client. Thread: its owner's.
class SimulatorPeer final : public Role {
 public:
  /// `accepts`: whether a token is good now.
  SimulatorPeer(Client& client, boost::asio::io_context& io, const SimulatorSettings& settings, int engine_io,
                std::function<bool(std::string_view token)> accepts);

  /// The token is good no longer.
  void revoke();
  int engine_io() const { return engine_io_; }

  void opened() override;
  void heard(std::string_view payload, bool binary) override;

 private:
  void join();
  void heartbeat(char type, std::string_view data);
  void authenticate(std::string_view body);
  void refuse();
  void depart(SimulatorSettings::Farewell how);
  void watch_client();
  void ask_client();
  bool silent_from(SimulatorSettings::Silence stage) const;

  Client& client_;
  const SimulatorSettings& settings_;
  int engine_io_;
  std::string sid_;
  std::function<bool(std::string_view token)> accepts_;
  Cue liveness_, farewell_, error_;
  bool joined_ = false;
  bool fallen_silent_ = false;
  bool departed_ = false;
};

}  // namespace tributary::connectors::streamelements
