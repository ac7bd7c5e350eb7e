#include "connectors/streamelements/simulator_peer.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "connectors/streamelements/socket_io.hpp"

namespace tributary::connectors::streamelements {

using Settings = SimulatorSettings;

SimulatorPeer::SimulatorPeer(Client& client, boost::asio::io_context& io, const SimulatorSettings& settings,
                             int engine_io, std::function<bool(std::string_view token)> accepts)
    : client_(client),
      settings_(settings),
      engine_io_(engine_io),
      sid_("simulated-" + std::to_string(client.number())),
      accepts_(std::move(accepts)),
      liveness_(io),
      farewell_(io),
      error_(io) {}

bool SimulatorPeer::silent_from(Settings::Silence stage) const {
  return settings_.silence != Settings::Silence::never && settings_.silence <= stage;
}

void SimulatorPeer::opened() {
  if (silent_from(Settings::Silence::open)) return;
  nlohmann::json handshake{{"sid", sid_},
                           {"pingInterval", settings_.ping_interval.count()},
                           {"pingTimeout", settings_.ping_timeout.count()}};
  if (settings_.upgrades) handshake["upgrades"] = nlohmann::json::array();
  if (settings_.max_payload) handshake["maxPayload"] = 1'000'000;
  client_.say("0" + handshake.dump());
  if (engine_io_ == 3) {
    watch_client();
    join();
  } else {
    ask_client();
  }
}

void SimulatorPeer::join() {
  if (silent_from(Settings::Silence::join)) return;
  joined_ = true;
  client_.say(engine_io_ == 3 ? std::string("40") : "40{\"sid\":\"" + sid_ + "-0\"}");
}

/// Engine.IO 3: only what the client sends proves it alive.
void SimulatorPeer::watch_client() {
  liveness_.set(settings_.ping_interval + settings_.ping_timeout, [this] { depart(Settings::Farewell::close); });
}

/// Engine.IO 4: ask, and give the answer pingTimeout.
void SimulatorPeer::ask_client() {
  liveness_.set(settings_.ping_interval, [this] {
    if (!settings_.mute && !fallen_silent_) client_.say("2");
    liveness_.set(settings_.ping_timeout, [this] { depart(Settings::Farewell::close); });
  });
}

void SimulatorPeer::heard(std::string_view payload, bool binary) {
  if (departed_) return;
  if (engine_io_ == 3 && !silent_from(Settings::Silence::open)) watch_client();
  if (binary) return;
  const auto packet = Packet::read(payload);
  switch (packet.kind) {
    case Packet::Kind::ping:
      return heartbeat('2', packet.body);
    case Packet::Kind::pong:
      return heartbeat('3', packet.body);
    case Packet::Kind::connect:
      if (joined_) return depart(Settings::Farewell::close);  // a namespace is joined once
      return join();
    case Packet::Kind::event:
      return authenticate(packet.body);
    case Packet::Kind::disconnect:
      client_.leave_show();
      return;
    case Packet::Kind::ack:
      return;
    default:
      return depart(Settings::Farewell::close);
  }
}

void SimulatorPeer::heartbeat(char type, std::string_view data) {
  if (type != (engine_io_ == 3 ? '2' : '3')) return depart(Settings::Farewell::close);  // the wrong direction
  if (engine_io_ == 4) return ask_client();
  if (settings_.mute || fallen_silent_ || silent_from(Settings::Silence::join)) return;
  client_.say("3" + std::string(data));
}

void SimulatorPeer::authenticate(std::string_view body) {
  if (!joined_ || silent_from(Settings::Silence::authenticate)) return;
  const auto arguments = nlohmann::json::parse(body, nullptr, false);
  if (!arguments.is_array() || arguments.size() < 2 || arguments[0] != "authenticate" || !arguments[1].is_object()) {
    return depart(Settings::Farewell::close);
  }
  const auto token = arguments[1].value("token", nlohmann::json{});
  if (!token.is_string() || !accepts_(token.get_ref<const std::string&>())) return refuse();
  const nlohmann::json welcome{
      {"clientId", sid_}, {"channelId", settings_.channel}, {"project", "realtime"}, {"message", "simulated"}};
  client_.say(R"(42["authenticated",)" + welcome.dump() + "]");
  if (settings_.farewell_after.count() > 0) {
    farewell_.set(settings_.farewell_after, [this] { depart(settings_.farewell); });
  }
  if (settings_.error_after.count() > 0) {
    error_.set(settings_.error_after, [this] { client_.say(R"(44{"message":"simulated error"})"); });
  }
  fallen_silent_ = silent_from(Settings::Silence::live);
  if (!fallen_silent_) client_.come_live();
}

void SimulatorPeer::refuse() {
  client_.say(settings_.refusal_in_words ? R"(42["unauthorized",{"message":"Invalid token"}])"
                                         : R"(42["unauthorized"])");
  depart(settings_.after_refusal);
}

void SimulatorPeer::revoke() {
  if (!client_.live()) return;
  client_.leave_show();
  refuse();
  depart(Settings::Farewell::leave);
}

void SimulatorPeer::depart(Settings::Farewell how) {
  if (!client_.open() || departed_ || how == Settings::Farewell::none) return;
  client_.leave_show();
  if (how == Settings::Farewell::leave) return client_.say("41");
  departed_ = true;
  liveness_.cancel();
  farewell_.cancel();
  error_.cancel();
  if (how == Settings::Farewell::close) {
    client_.close(1000);
  } else {
    farewell_.set(std::chrono::milliseconds(10), [this] { client_.drop(); });  // what was said gets out before
  }
}

}  // namespace tributary::connectors::streamelements
