#include "connectors/oha/simulator.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "connectors/json/json_lexis.hpp"
#include "connectors/link/credential.hpp"
#include "connectors/oha/simulator_settings.hpp"
#include "connectors/simulation/stage.hpp"
#include "text/percent.hpp"

namespace tributary::connectors::oha {
namespace {

constexpr std::string_view streams_path = "/ws/streams/";
constexpr std::string_view demo_stream = "demo-stream-key";
constexpr std::string_view bearer = "Bearer ";

std::string chat_message(std::string_view user, std::string_view words) {
  std::string json = "{";
  json_member(json, "type", "chat");
  json_raw_member(json, "data", "{");
  json_member(json, "user", user);
  json_member(json, "message", words);
  return json + "}}";
}

/// The key in `/ws/streams/KEY/`, "" when the target is none of these: a slash in the key is a slash, however written.
std::string key_of(std::string_view target) {
  const std::string path = text::percent_decoded_leniently(target.substr(0, target.find('?')));
  if (!path.starts_with(streams_path) || !path.ends_with('/') || path.size() <= streams_path.size()) return {};
  const std::string key = path.substr(streams_path.size(), path.size() - streams_path.size() - 1);
  return key.find('/') == std::string::npos ? key : std::string();
}

/// What a client says in the chat of a stream.
struct Saying {
  std::string key, user, words;
  std::uint64_t by = 0;  ///< the client's number
  bool known = false;    ///< it is authenticated
};
using Group = std::function<void(Saying saying)>;

class Listener final : public Role {
 public:
  Listener(Client& client, boost::asio::io_context& io, const SimulatorSettings& settings, std::string key,
           std::string token, Group group)
      : client_(client),
        settings_(settings),
        key_(std::move(key)),
        token_(std::move(token)),
        group_(std::move(group)),
        ping_(io),
        pong_(io) {}

  void opened() override {
    authenticated_ = knows(token_);
    if (settings_.greet) say_auth();
    client_.come_live();
    ping_later();
  }

  void heard(std::string_view payload, bool binary) override {
    ping_later();  // only who is silent is pinged
    const auto frame = nlohmann::json::parse(payload, nullptr, false);
    // Bad JSON, a binary or an empty frame is an exception in the consumer.
    if (binary || !frame.is_object() || !frame.contains("type")) return client_.close(1011);
    const auto data = frame.value("data", nlohmann::json::object());
    const auto text = [&](const char* key) {
      return data.is_object() && data.contains(key) && data[key].is_string() ? data[key].get<std::string>()
                                                                             : std::string{};
    };
    if (frame["type"] == "auth") {
      token_ = text("token");
      authenticated_ = knows(token_);
      return say_auth();
    }
    if (frame["type"] != "chat") return say_error("unknown_type");
    const auto user = claims_of(token_).username;
    group_({key_, user.empty() ? "relay" : user, text("message"), client_.number(), authenticated_});
  }

  void pinged_back() override {
    pong_.cancel();
    awaited_ = false;
  }

  const std::string& key() const { return key_; }
  void say_error(std::string_view code) {
    client_.say(R"({"type":"error","data":{"error_code":")" + std::string(code) + R"(","message":"simulated"}})");
  }
  void wrote() {
    if (settings_.exception_after != 0 && ++written_ >= settings_.exception_after) client_.close(1011);
  }

 private:
  bool knows(const std::string& token) const {
    if (token.empty()) return false;
    return settings_.tokens.empty() ||
           std::find(settings_.tokens.begin(), settings_.tokens.end(), token) != settings_.tokens.end();
  }
  void say_auth() {
    client_.say(std::string(R"({"type":"auth","data":{"authenticated":)") + (authenticated_ ? "true" : "false") + "}}");
  }
  void ping_later() {
    if (settings_.ping_interval.count() == 0) return;
    ping_.set(settings_.ping_interval, [this] {
      client_.ping();
      if (!std::exchange(awaited_, true)) pong_.set(settings_.pong_timeout, [this] { client_.drop(); });
      ping_later();
    });
  }

  Client& client_;
  const SimulatorSettings& settings_;
  std::string key_, token_;
  Group group_;
  Cue ping_, pong_;
  bool awaited_ = false;  ///< a pong
  bool authenticated_ = false;
  std::uint64_t written_ = 0;
};

class Classroom final : public Play {
 public:
  Classroom(Stage& stage, const SimulatorSettings& settings) : stage_(stage), settings_(settings), later_(stage.io()) {}

  net::UpgradeAnswer admit(const net::UpgradeRequest& request) override {
    net::UpgradeAnswer answer;
    const auto key = key_of(request.target);
    const auto& live = settings_.streams;
    if (settings_.refuse != 0) {
      answer.status = settings_.refuse;
    } else if (key.empty()) {
      answer.status = 500;  // no route: also without the slash at the end
    } else if (!live.empty() && std::find(live.begin(), live.end(), key) == live.end()) {
      answer.status = 403;
    }
    return answer;
  }

  std::unique_ptr<Role> cast(Client& client, const net::UpgradeRequest& request) override {
    std::string token;
    if (const auto header = request.header("Authorization"); header.starts_with(bearer))
      token = header.substr(bearer.size());
    if (const auto at = request.target.find("?token="); at != std::string::npos)
      token = text::percent_decoded_leniently(request.target.substr(at + 7));
    return std::make_unique<Listener>(client, stage_.io(), settings_, key_of(request.target), std::move(token),
                                      [this](Saying saying) { hear(std::move(saying)); });
  }

  void act(event::WallTime now) override {
    const auto listeners = stage_.listeners();
    if (listeners.empty()) return;
    const std::uint64_t number = ++acts_;
    const auto every = [number](std::uint64_t n) { return n != 0 && number % n == 0; };
    const bool strange = every(settings_.unknown_every);
    const std::string frame = strange ? status() : talk();
    for (auto* client : listeners) client->say(frame);
    stage_.wrote(strange ? "status" : "chat", "", frame, now);
    for (auto* client : listeners) {
      if (every(settings_.error_every)) listener(*client).say_error("slow_mode");
      listener(*client).wrote();
    }
  }

  std::string path() const override { return "/ws"; }
  std::string account() const override {
    return "said=" + std::to_string(said_) + " refused=" + std::to_string(refused_);
  }
  std::string connector_yaml(const std::string& url) const override {
    return "{type: oha, url: \"" + url + "\", stream: {value: \"" +
           std::string(settings_.streams.empty() ? demo_stream : std::string_view(settings_.streams.front())) +
           "\"}, label: maths-101, auth: {token: {value: \"" +
           (settings_.tokens.empty() ? "demo-token" : settings_.tokens.front()) + "\"}}}";
  }

 private:
  void hear(Saying saying) {
    if (settings_.chat_delay.count() == 0) return pass_on(saying);
    waiting_.emplace_back(std::chrono::steady_clock::now() + settings_.chat_delay, std::move(saying));
    if (waiting_.size() == 1) wait();
  }
  void wait() {
    const auto left = waiting_.front().first - std::chrono::steady_clock::now();
    later_.set(std::max(std::chrono::ceil<std::chrono::milliseconds>(left), std::chrono::milliseconds(0)), [this] {
      pass_on(waiting_.front().second);
      waiting_.pop_front();
      if (!waiting_.empty()) wait();
    });
  }
  /// To everybody who listens to that stream, the sender included, who may have gone meanwhile.
  void pass_on(const Saying& saying) {
    const auto everybody = stage_.live();
    const bool refused =
        saying.known && settings_.refuse_chat_every != 0 && ++asked_ % settings_.refuse_chat_every == 0;
    if (refused || !saying.known) {
      ++refused_;
      for (auto* each : everybody) {
        if (each->number() == saying.by) listener(*each).say_error(refused ? "slow_mode" : "not_authenticated");
      }
      return;
    }
    ++said_;
    const std::string frame = chat_message(saying.user, saying.words);
    for (auto* each : everybody) {
      if (listener(*each).key() != saying.key || (!settings_.echo && each->number() == saying.by)) continue;
      each->say(frame);
    }
  }
  static Listener& listener(Client& client) { return static_cast<Listener&>(client.role()); }

  /// Somebody says something; now and then everybody answers the teacher at once.
  std::string talk() {
    auto& people = stage_.audience();
    if (answers_left_ == 0 && people.chance(3)) answers_left_ = 5 + people.below(25);
    const std::string user = people.someone().login;
    if (answers_left_ == 0) return chat_message(user, people.chat());
    --answers_left_;
    return chat_message(user, std::to_string(people.below(4)));
  }

  std::string status() {
    std::string json = "{";
    json_member(json, "type", "status");
    json_raw_member(json, "data", "{");
    json_member(json, "users", stage_.audience().below(400));
    return json + "}}";
  }

  Stage& stage_;
  SimulatorSettings settings_;
  Cue later_;
  std::deque<std::pair<std::chrono::steady_clock::time_point, Saying>> waiting_;
  std::uint64_t acts_ = 0, answers_left_ = 0;
  std::uint64_t asked_ = 0, said_ = 0, refused_ = 0;  ///< messages of clients
};

}  // namespace

std::unique_ptr<Simulator> make_simulator(boost::asio::io_context& io, const SimulatorOptions& options) {
  const auto settings = SimulatorSettings::parse(options.behaviours);
  return std::make_unique<Stage>(io, options, settings,
                                 [&settings](Stage& stage) { return std::make_unique<Classroom>(stage, settings); });
}

std::vector<BehaviourDescription> simulator_behaviours() { return SimulatorSettings::descriptions(); }

}  // namespace tributary::connectors::oha
