#include "connectors/streamelements/simulator_peer.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "connectors/streamelements/socket_io.hpp"

namespace tributary::connectors::streamelements {

using Settings = SimulatorSettings;

SimulatorPeer::SimulatorPeer(boost::asio::io_context& io, const SimulatorSettings& settings, int engine_io,
                             std::uint64_t number, const Host& host)
    : settings_(settings),
      engine_io_(engine_io),
      sid_("simulated-" + std::to_string(number)),
      host_(host),
      liveness_(io),
      goodbye_(io),
      error_(io) {}

bool SimulatorPeer::silent_from(Settings::Silence stage) const {
  return settings_.silence != Settings::Silence::never && settings_.silence <= stage;
}

void SimulatorPeer::after(std::chrono::milliseconds delay, boost::asio::steady_timer& timer,
                          std::function<void()> then) {
  timer.expires_after(delay);
  timer.async_wait([self = weak_from_this(), then = std::move(then)](const boost::system::error_code& error) {
    if (!error && self.lock()) then();
  });
}

void SimulatorPeer::write(std::string_view frame) {
  if (socket_ == nullptr) return;
  ++frames_;
  socket_->send_text(frame);
}

bool SimulatorPeer::say(std::string_view frame) {
  if (!live_ || silent_from(Settings::Silence::live)) return false;
  write(frame);
  return true;
}

void SimulatorPeer::say_binary(std::string_view bytes) {
  if (!live_ || socket_ == nullptr) return;
  ++frames_;
  socket_->send_binary(bytes);
}

void SimulatorPeer::on_open(std::string_view subprotocol) {
  static_cast<void>(subprotocol);
  if (silent_from(Settings::Silence::open)) return;
  nlohmann::json handshake{{"sid", sid_},
                           {"pingInterval", settings_.ping_interval.count()},
                           {"pingTimeout", settings_.ping_timeout.count()}};
  if (settings_.upgrades) handshake["upgrades"] = nlohmann::json::array();
  if (settings_.max_payload) handshake["maxPayload"] = 1'000'000;
  write("0" + handshake.dump());
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
  write(engine_io_ == 3 ? std::string("40") : "40{\"sid\":\"" + sid_ + "-0\"}");
}

/// Engine.IO 3: only what the client sends proves it alive.
void SimulatorPeer::watch_client() {
  after(settings_.ping_interval + settings_.ping_timeout, liveness_, [this] { depart(Settings::Goodbye::close); });
}

/// Engine.IO 4: ask, and give the answer pingTimeout.
void SimulatorPeer::ask_client() {
  after(settings_.ping_interval, liveness_, [this] {
    if (!settings_.mute) write("2");
    after(settings_.ping_timeout, liveness_, [this] { depart(Settings::Goodbye::close); });
  });
}

void SimulatorPeer::on_message(std::string_view payload, bool binary) {
  if (engine_io_ == 3 && !silent_from(Settings::Silence::open)) watch_client();
  if (binary) return;
  const auto packet = Packet::read(payload);
  switch (packet.kind) {
    case Packet::Kind::ping:
      return heartbeat('2', packet.body);
    case Packet::Kind::pong:
      return heartbeat('3', packet.body);
    case Packet::Kind::connect:
      if (joined_) return depart(Settings::Goodbye::close);  // a namespace is joined once
      return join();
    case Packet::Kind::event:
      return authenticate(packet.body);
    case Packet::Kind::disconnect:
      live_ = false;
      return;
    case Packet::Kind::ack:
      return;
    default:
      return depart(Settings::Goodbye::close);
  }
}

void SimulatorPeer::heartbeat(char type, std::string_view data) {
  if (type != (engine_io_ == 3 ? '2' : '3')) return depart(Settings::Goodbye::close);  // the wrong direction
  if (engine_io_ == 4) return ask_client();
  if (settings_.mute || silent_from(Settings::Silence::join)) return;
  write("3" + std::string(data));
}

void SimulatorPeer::authenticate(std::string_view body) {
  if (!joined_ || silent_from(Settings::Silence::authenticate)) return;
  const auto arguments = nlohmann::json::parse(body, nullptr, false);
  if (!arguments.is_array() || arguments.size() < 2 || arguments[0] != "authenticate" || !arguments[1].is_object()) {
    return depart(Settings::Goodbye::close);
  }
  const auto token = arguments[1].value("token", nlohmann::json{});
  if (!token.is_string() || !host_.accepts(token.get_ref<const std::string&>())) return refuse();
  live_ = true;
  const nlohmann::json welcome{
      {"clientId", sid_}, {"channelId", settings_.channel}, {"project", "realtime"}, {"message", "simulated"}};
  write(R"(42["authenticated",)" + welcome.dump() + "]");
  if (settings_.goodbye_after.count() > 0) {
    after(settings_.goodbye_after, goodbye_, [this] { depart(settings_.goodbye); });
  }
  if (settings_.error_after.count() > 0) {
    after(settings_.error_after, error_, [this] { write(R"(44{"message":"simulated error"})"); });
  }
  host_.live(*this);
}

void SimulatorPeer::refuse() {
  write(settings_.refusal_in_words ? R"(42["unauthorized",{"message":"Invalid token"}])" : R"(42["unauthorized"])");
  depart(settings_.after_refusal);
}

void SimulatorPeer::revoke() {
  if (!live_) return;
  live_ = false;
  refuse();
  depart(Settings::Goodbye::leave);
}

void SimulatorPeer::depart(Settings::Goodbye how) {
  if (socket_ == nullptr || how == Settings::Goodbye::none) return;
  live_ = false;
  if (how == Settings::Goodbye::leave) return write("41");
  liveness_.cancel();
  goodbye_.cancel();
  error_.cancel();
  if (how == Settings::Goodbye::close) {
    socket_->close(1000, "");
  } else {
    socket_->abort({net::Reason::stopped, "simulated reset"});
  }
}

void SimulatorPeer::detach() {
  live_ = false;
  if (socket_ != nullptr) socket_->detach();
  socket_.reset();
  liveness_.cancel();
  goodbye_.cancel();
  error_.cancel();
}

void SimulatorPeer::on_end(net::Ending ending) {
  static_cast<void>(ending);
  live_ = false;
  socket_.reset();
  liveness_.cancel();
  goodbye_.cancel();
  error_.cancel();
  host_.gone(*this);
}

}  // namespace tributary::connectors::streamelements
