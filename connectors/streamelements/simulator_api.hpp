#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <string>
#include <string_view>

#include "connectors/simulation/api_door.hpp"
#include "connectors/simulation/history.hpp"
#include "connectors/simulation/simulator.hpp"
#include "connectors/streamelements/simulator_settings.hpp"

namespace tributary::connectors::streamelements {

/// The activities API beside a simulated socket: what it has said, also while nobody was there, the newest first and
/// page by page, for who has a token. Owned by the simulator, ends before its io_context. Thread: its owner's.
class SimulatorApi {
 public:
  using Accepts = std::function<bool(std::string_view token)>;

  /// `settings` must outlive it. `accepts`: as the socket does.
  SimulatorApi(boost::asio::io_context& io, const SimulatorSettings& settings, Accepts accepts);

  void start(const SimulatorOptions& options);
  void stop() { door_.stop(); }
  std::string url() const { return door_.url(); }  ///< "" before the start
  void said(std::string_view json, event::WallTime at) { history_.add(settings_.channel, json, at); }
  std::string account() const { return "asked=" + std::to_string(history_.asked()); }

 private:
  net::ServedReply activities(const net::ServedRequest& request) const;

  const SimulatorSettings& settings_;
  Accepts accepts_;
  ApiDoor door_;
  History history_;
};

}  // namespace tributary::connectors::streamelements
