#include "connectors/stagecast/simulator.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "connectors/simulation/stage.hpp"
#include "connectors/stagecast/show.hpp"
#include "connectors/stagecast/simulator_settings.hpp"
#include "text/json.hpp"
#include "text/percent.hpp"

namespace tributary::connectors::stagecast {
namespace {

using nlohmann::json;

constexpr std::string_view target_begin = "/api/events/";
constexpr std::string_view target_end = "/ws";

/// The channel's segment of a path; "" for another path.
std::string_view segment_of(std::string_view target) {
  target = target.substr(0, target.find('?'));
  if (!target.starts_with(target_begin) || !target.ends_with(target_end)) return {};
  target.remove_prefix(target_begin.size());
  if (target.size() <= target_end.size()) return {};
  target.remove_suffix(target_end.size());
  return target.find('/') == std::string_view::npos ? target : std::string_view{};
}

class Member;

class Hall final : public Play {
 public:
  Hall(Stage& stage, const SimulatorSettings& settings)
      : stage_(stage), settings_(settings), show_(stage.audience(), settings_.channel, settings_.shapes) {}

  net::UpgradeAnswer admit(const net::UpgradeRequest& request) override {
    net::UpgradeAnswer answer;
    if (segment_of(request.target).empty()) answer.status = 404;
    return answer;
  }
  std::unique_ptr<Role> cast(Client& client, const net::UpgradeRequest& request) override;
  void act(event::WallTime now) override {
    std::vector<Client*> listeners;
    for (auto turns = stage_.live().size(); turns != 0 && listeners.empty(); --turns) {
      listeners = stage_.listeners();
      std::erase_if(listeners, [this](Client* client) { return !watches(*client); });
    }
    if (listeners.empty()) return;
    const auto& act = show_.next(now);
    for (auto* client : listeners) client->say(act.frame);
    stage_.wrote(act.kind, act.id, act.json, now);
  }
  std::string connector_yaml(const std::string& url) const override {
    std::string yaml = "{type: stagecast, url: \"" + url + "\", channel: \"" + settings_.channel + "\"";
    if (!settings_.tokens.empty()) {
      yaml += ", auth: {token: {value: \"" + settings_.tokens.front() + "\"}}";
    } else if (!settings_.accounts.empty()) {
      const auto& account = settings_.accounts.front();
      yaml += ", auth: {email: \"" + account.substr(0, account.find(':')) + "\", password: {value: \"" +
              account.substr(account.find(':') + 1) + "\"}}";
    }
    return yaml + "}";
  }
  std::string path() const override { return ""; }
  std::string listener_path() const override {
    return std::string(target_begin).append(text::percent_encoded(settings_.channel)).append(target_end);
  }
  std::string account() const override { return "passed_on=" + std::to_string(passed_on_); }
  void say_binary(Client& client) override;
  std::string garbage() const override { return std::string(200, '['); }

  /// The name of who may send; "" for nobody known.
  std::string recognised(const json& said) const {
    const bool everyone = settings_.accounts.empty() && settings_.tokens.empty();
    if (said.contains("token") && said["token"].is_string()) {
      const std::string token = said["token"];
      const bool good = std::find(settings_.tokens.begin(), settings_.tokens.end(), token) != settings_.tokens.end();
      return good || everyone ? "token:" + token : "";
    }
    if (!said.value("email", json{}).is_string() || !said.value("password", json{}).is_string()) return {};
    const std::string email = said["email"];
    const std::string pair = email + ":" + said["password"].get<std::string>();
    const bool good = std::find(settings_.accounts.begin(), settings_.accounts.end(), pair) != settings_.accounts.end();
    return good || everyone ? email : "";
  }
  /// The show is of one channel; in others only their members are heard.
  bool watches(Client& client) const;
  void welcome(Member& member);
  void pass_on(const Member& from, std::string_view payload);

 private:
  friend class Member;
  Stage& stage_;
  SimulatorSettings settings_;
  Show show_;
  std::uint64_t passed_on_ = 0;
};

/// One socket's side: listens from its opening on; sends when it is recognised.
class Member final : public Role {
 public:
  Member(Hall& hall, Client& client, std::string segment)
      : hall_(hall), client_(client), segment_(std::move(segment)), ok_(hall.stage_.io()) {}

  void opened() override { client_.come_live(); }
  void heard(std::string_view payload, bool binary) override {
    static_cast<void>(binary);  // the server does not look at it
    if (!name_.empty()) return hall_.pass_on(*this, payload);
    const auto said = json::parse(payload, nullptr, false);
    name_ = said.is_object() ? hall_.recognised(said) : "";
    if (name_.empty()) return refuse();
    ok_.set(hall_.settings_.ok_delay, [this] { hall_.welcome(*this); });
  }

 private:
  friend class Hall;
  void refuse() {
    using Refusal = SimulatorSettings::Refusal;
    switch (hall_.settings_.refusal) {
      case Refusal::silence:
        return;
      case Refusal::close:
        return client_.close(1008, "not authorised");
      case Refusal::drop:
        return client_.drop();
      case Refusal::binary:
        return client_.say_binary("invalid credentials");
    }
  }

  Hall& hall_;
  Client& client_;
  std::string segment_;
  std::string name_;  ///< the account, once recognised
  bool welcomed_ = false;
  Cue ok_;
};

std::unique_ptr<Role> Hall::cast(Client& client, const net::UpgradeRequest& request) {
  return std::make_unique<Member>(*this, client, std::string(segment_of(request.target)));
}

/// Whoever waits for its `ok` would take it for the answer.
void Hall::say_binary(Client& client) {
  const bool everyone = settings_.accounts.empty() && settings_.tokens.empty();
  if (everyone || static_cast<const Member&>(client.role()).welcomed_) Play::say_binary(client);
}

void Hall::welcome(Member& member) {
  for (std::uint64_t i = 0; i < settings_.early; ++i) {
    const std::string frame = R"({"from":"203.0.113.7","msg":"early )" + std::to_string(i) + "\"}";
    member.client_.say(frame);
    stage_.wrote("early", "", frame, std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()));
  }
  member.welcomed_ = true;
  settings_.binary_ok ? member.client_.say_binary("ok") : member.client_.say("ok");
}

bool Hall::watches(Client& client) const {
  const auto& segment = static_cast<const Member&>(client.role()).segment_;
  return segment == settings_.channel || segment == text::percent_encoded(settings_.channel);
}

/// A broadcast goes to every other socket of the channel, also to another one of the same account; `to` and `message`
/// make it a direct message to the sockets of that account.
void Hall::pass_on(const Member& from, std::string_view payload) {
  const auto said = json::parse(payload, nullptr, false);
  const bool direct = said.is_object() && said.contains("to") && said.contains("message") && said["to"].is_string();
  const std::string to = direct ? said["to"].get<std::string>() : "";
  std::string value =
      direct ? said["message"].dump(-1, ' ', false, json::error_handler_t::replace) : std::string(payload);
  if (settings_.wrap) {
    if (said.is_discarded()) {
      value.clear();
      text::append_quoted(value, payload);
    }
    value = "{\"from\":\"203.0.113.7\",\"msg\":" + value + "}";
  }
  for (auto* client : std::vector<Client*>(stage_.live())) {
    const auto& member = static_cast<const Member&>(client->role());
    if (&member == &from || member.segment_ != from.segment_ || (direct && member.name_ != to)) continue;
    client->say(value);
    ++passed_on_;
  }
}

}  // namespace

std::unique_ptr<Simulator> make_simulator(boost::asio::io_context& io, const SimulatorOptions& options) {
  const auto settings = SimulatorSettings::parse(options.behaviours);
  return std::make_unique<Stage>(io, options, settings,
                                 [&settings](Stage& stage) { return std::make_unique<Hall>(stage, settings); });
}

std::vector<BehaviourDescription> simulator_behaviours() { return SimulatorSettings::descriptions(); }

}  // namespace tributary::connectors::stagecast
