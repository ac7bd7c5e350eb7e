#include "connectors/users/simulator.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "connectors/simulation/stage.hpp"
#include "connectors/users/show.hpp"
#include "connectors/users/simulator_settings.hpp"
#include "text/json.hpp"

namespace tributary::connectors::users {
namespace {

/// The 101 is out by then.
constexpr std::chrono::milliseconds drop_delay{5};

class Server;

/// One client's side: refused right after the upgrade, deaf for a while, then heard and told everything.
class Peer final : public Role {
 public:
  /// `handlers`: how often everything is said to it; 0: refused.
  Peer(Server& server, Client& client, boost::asio::io_context& io, std::uint64_t handlers)
      : server_(server), client_(client), handlers_(handlers), hearing_(io) {}

  void opened() override;
  void heard(std::string_view payload, bool binary) override;
  void tell(std::string_view frame, std::uint64_t times) const {
    for (std::uint64_t i = 0; i < times; ++i) client_.say(frame);
  }
  void tell(std::string_view frame) const { tell(frame, handlers_); }

 private:
  Server& server_;
  Client& client_;
  std::uint64_t handlers_;
  Cue hearing_;
  bool hears_ = false;
};

class Server final : public Play {
 public:
  Server(Stage& stage, const SimulatorSettings& settings)
      : stage_(stage), settings_(settings), show_(stage.audience(), settings_) {}

  net::UpgradeAnswer admit(const net::UpgradeRequest& request) override {
    static_cast<void>(request);  // it never refuses an upgrade
    return {};
  }
  std::unique_ptr<Role> cast(Client& client, const net::UpgradeRequest& request) override {
    const auto& keys = settings_.keys;
    const bool known =
        keys.empty() || std::find(keys.begin(), keys.end(), request.header("users-api-key")) != keys.end();
    const std::uint64_t handlers = known ? settings_.handlers(request.header("Origin")) : 0;
    return std::make_unique<Peer>(*this, client, stage_.io(), handlers);
  }
  void act(event::WallTime now) override {
    const auto listeners = stage_.listeners();
    if (listeners.empty()) return;
    const auto& act = show_.next(now);
    for (auto* client : listeners) static_cast<const Peer&>(client->role()).tell(act.frame);
    for (const auto& told : act.told) stage_.wrote(act.kind, told.id, told.json, now);
  }
  std::string connector_yaml(const std::string& url) const override {
    std::string origin = settings_.origins.empty() ? "trusted-host" : settings_.origins.front();
    std::erase(origin, '*');
    std::string yaml =
        "{type: users, url: \"" + url + "\", origin: \"" + origin + "\", label: \"" + settings_.label + "\"";
    if (!settings_.keys.empty()) yaml += ", api_key: {value: \"" + settings_.keys.front() + "\"}";
    return yaml + "}";
  }
  std::string path() const override { return ""; }
  std::string listener_path() const override { return "/"; }
  std::string account() const override {
    return "refused=" + std::to_string(refused_) + " unheard=" + std::to_string(unheard_) +
           " echoes=" + std::to_string(echoes_);
  }

  /// The server takes `message` from an echo and nothing else; what it does not understand it does not answer.
  void echo(const Peer& from, std::uint64_t handlers, std::string_view payload) {
    const auto said = nlohmann::json::parse(payload, nullptr, false);
    const auto type = said.is_object() ? said.value("eventType", nlohmann::json{}) : nlohmann::json{};
    const bool understood = settings_.form != SimulatorSettings::Form::newer && (type == 10 || type == "10") &&
                            said.contains("message") && said["message"].is_string();
    const bool broadcast = said.is_object() && said.value("broadcast", nlohmann::json{}) == true;
    const bool lost = understood && broadcast && settings_.lose_every != 0 && ++broadcasts_ % settings_.lose_every == 0;
    if (!understood || lost) {
      ++unheard_;
      return;
    }
    ++echoes_;
    std::string frame = "{\"eventType\":10,\"message\":";
    text::append_quoted(frame, said["message"].get_ref<const std::string&>());
    frame += '}';
    if (!broadcast) return from.tell(frame, handlers);
    for (auto* client : stage_.live()) static_cast<const Peer&>(client->role()).tell(frame, handlers);
  }

 private:
  friend class Peer;
  Stage& stage_;
  SimulatorSettings settings_;
  Show show_;
  std::uint64_t refused_ = 0, unheard_ = 0, echoes_ = 0, broadcasts_ = 0;
};

void Peer::opened() {
  if (handlers_ == 0) {
    ++server_.refused_;
    return hearing_.set(drop_delay, [this] { client_.drop(); });
  }
  const auto hear = [this] {
    hears_ = true;
    client_.come_live();
  };
  // a server that is not deaf hears also what comes right behind the upgrade: not even a timer of 0 may stand between
  if (server_.settings_.deaf.count() == 0) return hear();
  hearing_.set(server_.settings_.deaf, hear);
}

void Peer::heard(std::string_view payload, bool binary) {
  if (!hears_ || binary) {
    ++server_.unheard_;
    return;
  }
  server_.echo(*this, handlers_, payload);
}

}  // namespace

std::unique_ptr<Simulator> make_simulator(boost::asio::io_context& io, const SimulatorOptions& options) {
  const auto settings = SimulatorSettings::parse(options.behaviours);
  return std::make_unique<Stage>(io, options, settings,
                                 [&settings](Stage& stage) { return std::make_unique<Server>(stage, settings); });
}

std::vector<BehaviourDescription> simulator_behaviours() { return SimulatorSettings::descriptions(); }

}  // namespace tributary::connectors::users
