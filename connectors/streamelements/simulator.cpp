#include "connectors/streamelements/simulator.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <map>
#include <string>
#include <utility>

#include "connectors/streamelements/segmenter.hpp"
#include "connectors/streamelements/show.hpp"
#include "connectors/streamelements/simulator_peer.hpp"
#include "connectors/streamelements/simulator_settings.hpp"
#include "net/websocket.hpp"

namespace tributary::connectors::streamelements {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds tick_interval{5};
constexpr std::size_t unsent_limit = 1u << 20;  ///< a client that does not read gets no more for now
constexpr std::size_t oversize_bytes = 5u << 20;
constexpr double credit_limit_seconds = 0.25;  ///< how much a late tick catches up

event::WallTime wall_now() { return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()); }

/// The value of `name` in the query of a request target.
std::string query_value(std::string_view target, std::string_view name) {
  auto query = target.find('?') == std::string_view::npos ? std::string_view{} : target.substr(target.find('?') + 1);
  while (!query.empty()) {
    const auto pair = query.substr(0, query.find('&'));
    const auto equals = pair.find('=');
    if (pair.substr(0, equals) == name) {
      return equals == std::string_view::npos ? "" : std::string(pair.substr(equals + 1));
    }
    query = pair.size() == query.size() ? std::string_view{} : query.substr(pair.size() + 1);
  }
  return {};
}

class RealtimeSimulator final : public Simulator {
 public:
  RealtimeSimulator(boost::asio::io_context& io, const SimulatorOptions& options)
      : io_(io),
        options_(options),
        settings_(SimulatorSettings::parse(options.behaviours)),
        show_(options.seed, settings_.channel),
        ticker_(io) {
    host_.accepts = [this](std::string_view token) { return accepts(token); };
    host_.live = [this](SimulatorPeer& peer) { came_live(peer); };
    host_.gone = [this](SimulatorPeer& peer) { went(peer); };
  }
  ~RealtimeSimulator() override { halt(); }

  void start() override {
    started_ = Clock::now();
    const bool door = settings_.segment_bytes > 0 || settings_.silence == SimulatorSettings::Silence::tcp;
    net::WebSocketServer::Settings listening;
    listening.host = door ? "127.0.0.1" : options_.host;
    listening.port = door ? std::uint16_t{0} : options_.port;
    listening.tls.certificate = options_.certificate;
    listening.tls.key = options_.key;
    server_ = net::WebSocketServer::listen(
        io_, listening, [this](const net::UpgradeRequest& request) { return answer(request); },
        [this](std::shared_ptr<net::WebSocket> socket, net::WebSocketListener* listener) {
          const auto peer = peers_.find(listener);
          if (peer != peers_.end()) peer->second->attach(std::move(socket));
        });
    if (door) {
      door_ = std::make_unique<Segmenter>(io_, options_.host, options_.port, server_->port(), settings_.segment_bytes);
    }
    last_tick_ = started_;
    tick();
  }

  void stop() override { halt(); }

  std::uint16_t port() const override { return door_ ? door_->port() : server_ ? server_->port() : std::uint16_t{0}; }

  std::string url() const override {
    return (options_.certificate.empty() ? "ws://" : "wss://") + options_.host + ":" + std::to_string(port()) +
           "/socket.io/";
  }

  std::uint64_t events_written() const override { return written_; }

  std::string account() const override {
    std::string line = "connections=" + std::to_string(connections_) + " sessions=" + std::to_string(sessions_) +
                       " frames=" + std::to_string(frames_) + " events=" + std::to_string(written_) +
                       " duplicates=" + std::to_string(duplicates_) + " tests=" + std::to_string(tests_);
    for (const auto& [type, count] : by_type_) line += " " + type + "=" + std::to_string(count);
    return line;
  }

 private:
  using Peers = std::map<net::WebSocketListener*, std::shared_ptr<SimulatorPeer>>;

  void halt() {
    ticker_.cancel();
    *alive_ = false;
    alive_ = std::make_shared<bool>(true);
    for (auto& [listener, peer] : peers_) frames_ += peer->frames(), peer->detach();
    peers_.clear();
    live_.clear();
    if (door_) door_->stop();
    if (server_) server_->stop();
  }

  net::UpgradeAnswer answer(const net::UpgradeRequest& request) {
    net::UpgradeAnswer answer;
    const std::string asked = query_value(request.target, "EIO");
    const std::string served = std::to_string(settings_.engine_io);
    const bool known = asked == "3" || asked == "4";
    if (!request.target.starts_with("/socket.io/")) {
      answer.status = 404;
    } else if (query_value(request.target, "transport") != "websocket") {
      answer.status = 400, answer.body = R"({"code":0,"message":"Transport unknown"})";
    } else if (!known || (settings_.engine_io != 0 && asked != served)) {
      answer.status = 400, answer.body = R"({"code":5,"message":"Unsupported protocol version"})";
    }
    answer.content_type = "application/json";
    if (answer.status != 101) return answer;
    ++connections_;
    const int engine_io = settings_.deaf ? 3 : asked[0] - '0';
    auto peer = std::make_shared<SimulatorPeer>(io_, settings_, engine_io, connections_, host_);
    answer.listener = peer.get();
    peers_.emplace(peer.get(), std::move(peer));
    return answer;
  }

  bool accepts(std::string_view token) const {
    if (settings_.token_lifetime.count() > 0 && Clock::now() - started_ >= settings_.token_lifetime) return false;
    return settings_.tokens.empty() ||
           std::find(settings_.tokens.begin(), settings_.tokens.end(), token) != settings_.tokens.end();
  }

  void came_live(SimulatorPeer& peer) {
    ++sessions_;
    live_.push_back(&peer);
  }

  void went(SimulatorPeer& peer) {
    std::erase(live_, &peer);
    frames_ += peer.frames();
    const auto found = peers_.find(&peer);
    if (found == peers_.end()) return;
    // It is in the midst of a call: let it go from the event loop.
    boost::asio::post(io_, [kept = std::move(found->second)] {});
    peers_.erase(found);
  }

  void tick() {
    ticker_.expires_after(tick_interval);
    ticker_.async_wait([this, alive = alive_](const boost::system::error_code& error) {
      if (error || !*alive) return;
      expire_tokens();
      perform();
      tick();
    });
  }

  void expire_tokens() {
    if (expired_ || settings_.token_lifetime.count() == 0 || Clock::now() - started_ < settings_.token_lifetime) return;
    expired_ = true;
    const auto sessions = live_;
    for (auto* peer : sessions) peer->revoke();
    std::erase_if(live_, [](const auto* peer) { return !peer->live(); });
  }

  /// Writes as many events as are due.
  void perform() {
    const auto now = Clock::now();
    const double seconds = std::chrono::duration<double>(now - last_tick_).count();
    last_tick_ = now;
    std::erase_if(live_, [](const auto* peer) { return !peer->live(); });
    if (options_.rate <= 0 || live_.empty()) return;
    const double pace = settings_.people ? show_.pace() : 1.0;
    credit_ = std::min(credit_ + seconds * options_.rate * pace,
                       std::max(options_.rate * credit_limit_seconds * 4, 1.0 + static_cast<double>(settings_.burst)));
    const auto group = static_cast<double>(std::max<std::uint64_t>(settings_.burst, 1));
    while (credit_ >= group) {
      for (double done = 0; done < group; ++done, --credit_) {
        if (options_.count != 0 && written_ >= options_.count) return;
        if (!write_event()) return;
      }
    }
  }

  /// The next session in turn that reads what it gets, or null.
  SimulatorPeer* next_session() {
    for (std::size_t tried = 0; tried < live_.size(); ++tried) {
      turn_ = (turn_ + 1) % live_.size();
      if (live_[turn_]->live() && live_[turn_]->unsent_bytes() < unsent_limit) return live_[turn_];
    }
    return nullptr;
  }

  void say(SimulatorPeer& peer, std::string_view frame) {
    if (!settings_.broadcast) {
      peer.say(frame);
      return;
    }
    for (auto* each : live_) each->say(frame);
  }

  bool write_event() {
    auto* const peer = next_session();
    if (peer == nullptr) return false;
    const auto now = wall_now();
    const auto& activity = show_.next(now);
    const std::uint64_t number = written_ + 1;
    const auto every = [number](std::uint64_t n) { return n != 0 && number % n == 0; };
    frame_ = every(settings_.ack_every) ? "42" + std::to_string(number) : "42";
    frame_ += "[\"event\",";
    frame_ += activity.json;
    frame_ += ',';
    const std::size_t emission_at = frame_.size();
    frame_ += show_.emission(now);
    frame_ += ']';
    say(*peer, frame_);
    ++written_;
    ++by_type_[activity.type];
    if (options_.written) options_.written({activity.id, activity.json, now});
    if (every(settings_.duplicate_every)) {
      frame_.resize(emission_at);
      frame_ += show_.emission(now);
      frame_ += ']';
      say(*peer, frame_);
      ++duplicates_;
    }
    if (settings_.updates && activity.type == "subscriber") write_updates(*peer, activity.id);
    write_oddities(*peer, number, now);
    return true;
  }

  void write_updates(SimulatorPeer& peer, const std::string& activity_id) {
    for (int i = 0; i < 9; ++i) say(peer, "42[\"event:update\"," + show_.update(activity_id, i) + "]");
  }

  void write_oddities(SimulatorPeer& peer, std::uint64_t number, event::WallTime now) {
    const auto every = [number](std::uint64_t n) { return n != 0 && number % n == 0; };
    if (every(settings_.mock_every)) {
      say(peer, "42[\"event\"," + show_.mock(now) + "," + show_.emission(now) + "]");
      ++tests_;
    }
    if (every(settings_.test_every)) {
      say(peer, "42[\"event:test\"," + show_.test() + "," + show_.emission(now) + "]");
      ++tests_;
    }
    if (every(settings_.binary_every)) {
      peer.say(R"(451-["bin",{"raw":{"_placeholder":true,"num":0}}])");
      peer.say_binary(std::string_view("\x04\x01\x02\x03\xFA", 5));
    }
    if (every(settings_.garbage_every)) peer.say("42[\"event\",{\"_id\":");
    if (settings_.oversize_after == number)
      peer.say("42[\"event\",{\"x\":\"" + std::string(oversize_bytes, 'x') + "\"}]");
  }

  boost::asio::io_context& io_;
  SimulatorOptions options_;
  SimulatorSettings settings_;
  Show show_;
  SimulatorPeer::Host host_;
  boost::asio::steady_timer ticker_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::unique_ptr<net::WebSocketServer> server_;
  std::unique_ptr<Segmenter> door_;
  Peers peers_;
  std::vector<SimulatorPeer*> live_;
  std::size_t turn_ = 0;
  Clock::time_point started_{};
  Clock::time_point last_tick_{};
  double credit_ = 0;
  bool expired_ = false;
  std::string frame_;
  std::uint64_t connections_ = 0, sessions_ = 0, frames_ = 0, written_ = 0, duplicates_ = 0, tests_ = 0;
  std::map<std::string, std::uint64_t> by_type_;
};

}  // namespace

std::unique_ptr<Simulator> make_simulator(boost::asio::io_context& io, const SimulatorOptions& options) {
  return std::make_unique<RealtimeSimulator>(io, options);
}

std::vector<BehaviourDescription> simulator_behaviours() { return SimulatorSettings::descriptions(); }

}  // namespace tributary::connectors::streamelements
