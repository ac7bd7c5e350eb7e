#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>

#include "connectors/dlive/simulator_settings.hpp"
#include "connectors/simulation/api_door.hpp"
#include "connectors/simulation/history.hpp"
#include "connectors/simulation/simulator.hpp"

namespace tributary::connectors::dlive {

/// A message that a user said over the API, as the subscriptions show it.
struct SaidMessage {
  std::string id, streamer, username, words;
};

/// The API beside a simulated socket: `userByDisplayName`, where everybody's display name is the username,
/// `sendStreamchatMessage` with each way in which it can fail, and the last messages of a `user`, the oldest first.
/// Owned by the simulator, ends before its io_context. Thread: its owner's.
class SimulatorApi {
 public:
  using Show = std::function<void(const SaidMessage& message)>;
  using NewId = std::function<std::string()>;

  /// `settings` must outlive it. `show` has the subscriptions tell a message.
  SimulatorApi(boost::asio::io_context& io, const SimulatorSettings& settings, NewId new_id, Show show);

  void start(const SimulatorOptions& options);
  void stop() { door_.stop(); }
  std::string url() const { return door_.url(); }  ///< "" before the start
  /// A message with an id, for the history of that chat.
  void said(std::string_view streamer, std::string_view json, event::WallTime at) { history_.add(streamer, json, at); }
  std::string account() const;

 private:
  using Fault = SimulatorSettings::ApiFault;

  void serve(const net::ServedRequest& request, const net::HttpServer::Reply& reply);
  net::ServedReply look_up(const nlohmann::json& variables) const;
  void say(const nlohmann::json& variables, const std::string& token, const net::HttpServer::Reply& reply);
  Fault fault_of_next();
  std::string refusal(const SaidMessage& message);
  net::ServedReply last_messages(const nlohmann::json& variables, const std::string& query,
                                 const std::string& token) const;
  void answer(net::ServedReply what, const net::HttpServer::Reply& reply) { door_.answer(std::move(what), reply); }

  boost::asio::io_context& io_;
  const SimulatorSettings& settings_;
  NewId new_id_;
  Show show_;
  ApiDoor door_;
  History history_;
  std::map<std::string, std::chrono::steady_clock::time_point> last_;  ///< of each user's message
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);         ///< for what is to be shown later
  std::uint64_t asked_ = 0, said_ = 0, refused_ = 0;
};

}  // namespace tributary::connectors::dlive
