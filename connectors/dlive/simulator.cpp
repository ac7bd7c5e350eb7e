#include "connectors/dlive/simulator.hpp"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "connectors/dlive/show.hpp"
#include "connectors/dlive/simulator_api.hpp"
#include "connectors/dlive/simulator_settings.hpp"
#include "connectors/simulation/stage.hpp"
#include "event/id.hpp"
#include "text/json.hpp"

namespace tributary::connectors::dlive {
namespace {

constexpr std::string_view demo_streamer = "dbl-lee";

struct Running {
  std::string id, streamer;
  bool chest = false;
};

/// The server's side of one client.
class Subscriber final : public Role {
 public:
  Subscriber(Client& client, boost::asio::io_context& io, const SimulatorSettings& settings)
      : client_(client), settings_(settings), ka_(io) {}

  void opened() override {}
  void heard(std::string_view payload, bool binary) override {
    if (binary) return;
    const auto frame = nlohmann::json::parse(payload, nullptr, false);
    if (!frame.is_object() || !frame.contains("type") || !frame["type"].is_string()) return;
    const auto type = frame["type"].get<std::string>();
    if (type == "connection_init") return init(frame.value("payload", nlohmann::json::object()));
    if (type == "connection_terminate") return client_.close(1000, "terminated");
    if (!acknowledged_ || !frame.contains("id") || !frame["id"].is_string()) return;
    const auto id = frame["id"].get<std::string>();
    if (type == "stop") return stop(id);
    if (type == "start") start(id, frame.value("payload", nlohmann::json::object()));
  }

  const std::vector<Running>& running() const { return running_; }
  void data(const Running& to, const std::string& json) {
    const std::string id = settings_.omit_id ? "" : ",\"id\":\"" + to.id + "\"";
    say("{\"payload\":{" + json + "}" + id + ",\"type\":\"data\"}");
  }
  void complete(const std::string& id) {
    std::erase_if(running_, [&](const Running& each) { return each.id == id; });
    say("{\"id\":\"" + id + "\",\"type\":\"complete\"}");
  }

 private:
  /// gqlgen ends its frames with a line feed.
  void say(const std::string& text) { client_.say(settings_.apollo ? text : text + "\n"); }

  void init(const nlohmann::json& payload) {
    const auto token = payload.is_object() ? payload.value("authorization", nlohmann::json{}) : nlohmann::json{};
    const auto& good = settings_.tokens;
    if (!good.empty() &&
        (!token.is_string() || std::find(good.begin(), good.end(), token.get<std::string>()) == good.end())) {
      say(R"({"type":"connection_error","payload":{"message":"invalid token"}})");
      const int habit = settings_.apollo ? 1011 : 1000;
      return client_.close(settings_.refusal_close != 0 ? settings_.refusal_close : habit, "terminated");
    }
    acknowledged_ = true;
    say(R"({"type":"connection_ack"})");
    if (settings_.mute) return;
    if (settings_.early_ka) say(R"({"type":"ka"})");
    keep_alive();
  }

  void keep_alive() {
    ka_.set(settings_.ka, [this] {
      say(R"({"type":"ka"})");
      keep_alive();
    });
  }

  void start(const std::string& id, const nlohmann::json& payload) {
    const auto query = payload.value("query", std::string{});
    const auto streamer = payload.value("variables", nlohmann::json::object()).value("s", std::string{});
    if (streamer == settings_.failing && (settings_.fail_times == 0 || failed_++ < settings_.fail_times))
      return fail(id);
    running_.push_back({id, streamer, query.find("treasureChest") != std::string::npos});
    client_.come_live();
  }

  void fail(const std::string& id) {
    if (settings_.apollo)
      return say("{\"type\":\"error\",\"id\":\"" + id + R"(","payload":{"message":"no such stream"}})");
    say(R"({"payload":[{"message":"no such stream","extensions":{"code":"GRAPHQL_VALIDATION_FAILED"}}],"id":")" + id +
        R"(","type":"error"})");
    say("{\"id\":\"" + id + R"(","type":"complete"})");
  }

  void stop(const std::string& id) {
    const auto known = std::erase_if(running_, [&](const Running& each) { return each.id == id; });
    if (known != 0 && !settings_.apollo) say("{\"id\":\"" + id + R"(","type":"complete"})");
  }

  Client& client_;
  const SimulatorSettings& settings_;
  Cue ka_;
  bool acknowledged_ = false;
  std::uint64_t failed_ = 0;
  std::vector<Running> running_;
};

class Platform final : public Play {
 public:
  Platform(Stage& stage, const SimulatorSettings& settings)
      : stage_(stage),
        settings_(settings),
        show_(stage.audience()),
        api_(
            stage.io(), settings_, [this] { return "said-" + std::to_string(++said_); },
            [this](const SaidMessage& message) { show_said(message); }) {}

  void start(const SimulatorOptions& options) override { api_.start(options); }
  void stop() override { api_.stop(); }

  net::UpgradeAnswer admit(const net::UpgradeRequest& request) override {
    static_cast<void>(request);
    net::UpgradeAnswer answer;
    answer.subprotocol = "graphql-ws";  // whatever was offered
    return answer;
  }
  std::unique_ptr<Role> cast(Client& client, const net::UpgradeRequest& request) override {
    static_cast<void>(request);
    return std::make_unique<Subscriber>(client, stage_.io(), settings_);
  }

  void act(event::WallTime now) override {
    const auto listeners = stage_.listeners();
    std::vector<Running> heard;  // who is subscribed to at all
    for (auto* client : listeners) {
      for (const Running& each : subscriber(*client).running()) {
        if (exists(each.streamer)) heard.push_back(each);
      }
    }
    if (heard.empty() && !settings_.unattended) return;
    const std::string streamer = heard.empty() ? somebody() : heard[stage_.audience().below(heard.size())].streamer;
    const auto of = [&](bool chest) {
      return std::any_of(heard.begin(), heard.end(),
                         [&](const Running& each) { return each.chest == chest && each.streamer == streamer; });
    };
    if (!of(false) && !settings_.unattended) return;
    const auto& message = show_.next(of(true), now);
    if (message.chest && !of(true)) return;
    const std::uint64_t number = ++acts_;
    const auto every = [number](std::uint64_t n) { return n != 0 && number % n == 0; };
    const std::string field = message.chest ? "treasureChestMessageReceived" : "streamMessageReceived";
    std::string value = message.json;
    if (!message.chest) value = every(settings_.null_every) ? "[null," + value + ",null]" : "[" + value + "]";
    const std::string data = "\"data\":{\"" + field + "\":" + value + "}";
    for (auto* client : listeners) {
      const auto running = subscriber(*client).running();
      for (const Running& each : running) {
        if (each.streamer != streamer || each.chest != message.chest) continue;
        subscriber(*client).data(each, data);
        if (every(settings_.duplicate_every)) subscriber(*client).data(each, data), ++duplicates_;
        if (every(settings_.error_every)) {
          subscriber(*client).data(each, R"("errors":[{"message":"internal system error"}],"data":null)");
        }
        if (every(settings_.complete_every)) subscriber(*client).complete(each.id);
      }
    }
    if (!message.id.empty()) api_.said(streamer, message.json, now);
    const std::string id =
        message.id.empty() ? std::string{} : event::derived_id({"dlive", streamer, message.type_name, message.id});
    stage_.wrote(message.type_name, id, message.json, now);
  }

  std::string connector_yaml(const std::string& url) const override {
    std::string streamers;
    for (const auto& streamer : settings_.streamers) streamers += (streamers.empty() ? "" : ", ") + streamer;
    if (streamers.empty()) streamers = demo_streamer;
    return "{type: dlive, url: \"" + url + "\", api_url: \"" + api_.url() + "\", streamers: [" + streamers +
           "], auth: {token: {value: \"" + (settings_.tokens.empty() ? "demo-token" : settings_.tokens.front()) +
           "\"}}}";
  }
  std::string account() const override { return "duplicates=" + std::to_string(duplicates_) + " " + api_.account(); }
  std::string garbage() const override { return R"({"payload":{"data":{"streamMessageReceived":[{"__typename":)"; }

 private:
  /// What was said over the API, on each subscription of that streamer.
  void show_said(const SaidMessage& message) {
    const auto now = std::chrono::system_clock::now();
    const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(now.time_since_epoch());
    const nlohmann::json value = {{"__typename", "ChatText"},
                                  {"type", "Message"},
                                  {"id", message.id},
                                  {"content", message.words},
                                  {"createdAt", std::to_string(nanoseconds.count())},
                                  {"sender",
                                   {{"__typename", "StreamchatUser"},
                                    {"id", "streamchatuser:" + message.username},
                                    {"username", message.username},
                                    {"displayname", message.username},
                                    {"avatar", nullptr},
                                    {"partnerStatus", "NONE"},
                                    {"badges", nlohmann::json::array()}}},
                                  {"role", "None"},
                                  {"roomRole", "Member"},
                                  {"subscribing", false}};
    api_.said(message.streamer, value.dump(), std::chrono::floor<std::chrono::milliseconds>(now));
    const std::string data = "\"data\":{\"streamMessageReceived\":[" + value.dump() + "]}";
    for (Client* client : stage_.live()) {
      const auto running = subscriber(*client).running();
      for (const Running& each : running) {
        if (!each.chest && each.streamer == message.streamer) subscriber(*client).data(each, data);
      }
    }
  }

  /// To whom something happens while nobody listens.
  std::string somebody() {
    if (settings_.streamers.empty()) return std::string(demo_streamer);
    return settings_.streamers[stage_.audience().below(settings_.streamers.size())];
  }

  static Subscriber& subscriber(Client& client) { return static_cast<Subscriber&>(client.role()); }
  bool exists(const std::string& streamer) const {
    return settings_.streamers.empty() ||
           std::find(settings_.streamers.begin(), settings_.streamers.end(), streamer) != settings_.streamers.end();
  }

  Stage& stage_;
  SimulatorSettings settings_;
  Show show_;
  SimulatorApi api_;
  std::uint64_t acts_ = 0, duplicates_ = 0, said_ = 0;
};

}  // namespace

std::unique_ptr<Simulator> make_simulator(boost::asio::io_context& io, const SimulatorOptions& options) {
  const auto settings = SimulatorSettings::parse(options.behaviours);
  return std::make_unique<Stage>(io, options, settings,
                                 [&settings](Stage& stage) { return std::make_unique<Platform>(stage, settings); });
}

std::vector<BehaviourDescription> simulator_behaviours() { return SimulatorSettings::descriptions(); }

}  // namespace tributary::connectors::dlive
