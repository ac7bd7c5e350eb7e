#include "connectors/streamelements/simulator.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "connectors/simulation/stage.hpp"
#include "connectors/streamelements/show.hpp"
#include "connectors/streamelements/simulator_api.hpp"
#include "connectors/streamelements/simulator_peer.hpp"
#include "connectors/streamelements/simulator_settings.hpp"

namespace tributary::connectors::streamelements {
namespace {

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

class Realtime final : public Play {
 public:
  Realtime(Stage& stage, const SimulatorSettings& settings)
      : stage_(stage),
        settings_(settings),
        show_(stage.audience(), settings_.channel),
        api_(stage.io(), settings_, [this](std::string_view token) { return accepts(token); }),
        expiry_(stage.io()) {
    if (settings_.token_lifetime.count() > 0) expiry_.set(settings_.token_lifetime, [this] { expire_tokens(); });
  }

  void start(const SimulatorOptions& options) override { api_.start(options); }
  void stop() override { api_.stop(); }

  net::UpgradeAnswer admit(const net::UpgradeRequest& request) override {
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
    return answer;
  }

  std::unique_ptr<Role> cast(Client& client, const net::UpgradeRequest& request) override {
    const int engine_io = settings_.deaf ? 3 : query_value(request.target, "EIO")[0] - '0';
    return std::make_unique<SimulatorPeer>(client, stage_.io(), settings_, engine_io,
                                           [this](std::string_view token) { return accepts(token); });
  }

  void act(event::WallTime now) override {
    const auto listeners = stage_.listeners();
    if (listeners.empty() && !settings_.unattended) return;
    const auto& activity = show_.next(now);
    api_.said(activity.json, now);
    const std::uint64_t number = ++acts_;
    const auto every = [number](std::uint64_t n) { return n != 0 && number % n == 0; };
    std::string frame = every(settings_.ack_every) ? "42" + std::to_string(number) : "42";
    frame += "[\"event\",";
    frame += activity.json;
    frame += ',';
    const std::size_t emission_at = frame.size();
    frame += show_.emission(now);
    frame += ']';
    say(listeners, frame);
    stage_.wrote(activity.type, activity.id, activity.json, now);
    if (every(settings_.duplicate_every)) {
      frame.resize(emission_at);
      frame += show_.emission(now);
      frame += ']';
      say(listeners, frame);
      ++duplicates_;
    }
    if (settings_.updates && activity.type == "subscriber") {
      for (int i = 0; i < 9; ++i) say(listeners, "42[\"event:update\"," + show_.update(activity.id, i) + "]");
    }
    if (every(settings_.mock_every)) {
      say(listeners, "42[\"event\"," + show_.mock(now) + "," + show_.emission(now) + "]");
      ++tests_;
    }
    if (every(settings_.test_every)) {
      say(listeners, "42[\"event:test\"," + show_.test() + "," + show_.emission(now) + "]");
      ++tests_;
    }
  }

  std::string path() const override { return "/socket.io/"; }
  std::string connector_yaml(const std::string& url) const override {
    return "{type: streamelements, url: \"" + url + "\", auth: {method: jwt, token: {value: \"" +
           (settings_.tokens.empty() ? "demo-token" : settings_.tokens.front()) + "\"}}, backfill: {api_url: \"" +
           api_.url() + "\"}}";
  }
  std::string account() const override {
    return "duplicates=" + std::to_string(duplicates_) + " tests=" + std::to_string(tests_) + " " + api_.account();
  }
  void say_binary(Client& client) override {
    client.say(R"(451-["bin",{"raw":{"_placeholder":true,"num":0}}])");
    // Engine.IO 3 puts the type of the packet before the bytes.
    client.say_binary(std::string_view("\x04\x01\x02\x03\xFA", 5).substr(peer_of(client).engine_io() == 3 ? 0 : 1));
  }
  std::string garbage() const override { return "42[\"event\",{\"_id\":"; }
  std::string oversized(std::size_t bytes) const override {
    return "42[\"event\",{\"x\":\"" + std::string(bytes, 'x') + "\"}]";
  }

 private:
  static SimulatorPeer& peer_of(Client& client) { return static_cast<SimulatorPeer&>(client.role()); }

  static void say(const std::vector<Client*>& listeners, std::string_view frame) {
    for (auto* client : listeners) client->say(frame);
  }

  bool accepts(std::string_view token) const {
    if (expired_) return false;
    return settings_.tokens.empty() ||
           std::find(settings_.tokens.begin(), settings_.tokens.end(), token) != settings_.tokens.end();
  }

  void expire_tokens() {
    expired_ = true;
    const auto sessions = stage_.live();
    for (auto* client : sessions) peer_of(*client).revoke();
  }

  Stage& stage_;
  SimulatorSettings settings_;
  Show show_;
  SimulatorApi api_;
  Cue expiry_;
  bool expired_ = false;
  std::uint64_t acts_ = 0, duplicates_ = 0, tests_ = 0;
};

}  // namespace

std::unique_ptr<Simulator> make_simulator(boost::asio::io_context& io, const SimulatorOptions& options) {
  const auto settings = SimulatorSettings::parse(options.behaviours);
  return std::make_unique<Stage>(io, options, settings,
                                 [&settings](Stage& stage) { return std::make_unique<Realtime>(stage, settings); });
}

std::vector<BehaviourDescription> simulator_behaviours() { return SimulatorSettings::descriptions(); }

}  // namespace tributary::connectors::streamelements
