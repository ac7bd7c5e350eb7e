#include "tests/conformance/connectors_fixture.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include "config/secret.hpp"
#include "relay/finish.hpp"
#include "schema/embedded.hpp"
#include "schema/schema.hpp"
#include "schema/validator.hpp"

namespace tributary::conformance {

std::vector<Kind> every_kind() {
  std::vector<Kind> kinds;
  for (const auto& entry : connectors::registry()) {
    kinds.push_back({std::string(entry.name), std::string(entry.name), {}, ""});
    // These two let everybody in unless they are told whom.
    if (entry.name == "stagecast") kinds.back().behaviours = {{"tokens", "made-up-token/of=tests"}};
    if (entry.name == "users") kinds.back().behaviours = {{"keys", "made-up-key/of=tests"}};
  }
  kinds.push_back({"streamelements_engine_io_4", "streamelements", {{"engine_io", "4"}}, ", engine_io: 4"});
  return kinds;
}

// ── Witness ─────────────────────────────────────────────────────────────────────────────────────────────────────────

struct Witness::Checker {
  schema::Schema schema = std::get<schema::Schema>(schema::Schema::compile(schema::embedded("event.schema.json")));
  schema::Validator validator;
};

Witness::Witness() : checker_(std::make_shared<Checker>()) {}

bool Witness::accept(event::Draft&& draft, const event::Now& now) {
  relay::Finish finish;
  finish.connector = std::make_shared<const std::string>("conformance");
  finish.run = "01TEST";
  finish.sequence = ++events;
  finish.now = now;
  const std::string source(draft.source);
  const auto event = relay::finish(std::move(draft), finish);
  const std::string text(event->json_text());
  ++ledger.events, ++ledger.accepted;
  types.emplace(event->type_text());
  if (!checker_->validator.parse(text)) {
    invalid.push_back("not JSON: " + text);
  } else if (!checker_->validator.passes(checker_->schema)) {
    const auto violations = checker_->validator.explain(checker_->schema);
    invalid.push_back(violations.front().path + ": " + violations.front().message + " in " + text);
  }
  if (texts_.size() < (64u << 20)) texts_ += text + "\n" + std::string(event->key_text()) + "\n";
  return true;
}

void Witness::changed(const std::string&, const connectors::LinkStatus& status) {
  if (status.state == net::State::live) ++lives;
  words.push_back(status.ending.detail);
}

void Witness::lost(const std::string&, const net::Ending& ending, bool) {
  endings.push_back(ending);
  words.push_back(ending.detail);
}

void Witness::remarked(const std::string&, const connectors::Remark& remark) {
  words.push_back(std::string(remark.code) + " " + remark.subject + " " + remark.detail);
}

std::string Witness::rest_told() const {
  std::string all;
  for (const auto& word : words) all += word + "\n";
  for (const auto& fault : faults) all += fault.reason + " " + fault.detail + " " + fault.frame + "\n";
  for (const auto& note : notices) all += note.type + " " + note.data_json + " " + note.channel + "\n";
  return all;
}

// ── Scene ───────────────────────────────────────────────────────────────────────────────────────────────────────────

namespace {

config::Vocabulary vocabulary() {
  config::Vocabulary words;
  for (const auto& entry : connectors::registry()) {
    words.connectors.push_back({entry.name, entry.summary, entry.example_name, entry.settings});
  }
  return words;
}

/// Settings with nothing but what all connectors have.
struct Bare : connectors::Settings {
  std::string url;
  void describe(config::Fields& fields) override { common.describe(fields, url); }
};

std::size_t secrets_in_schema(std::unique_ptr<config::Described> (*settings)()) {
  config::Vocabulary words;
  words.connectors.push_back({"conformance", "", "conformance", settings});
  const std::string schema = config::json_schema(words);
  std::size_t count = 0;
  for (auto at = schema.find("/secret\""); at != std::string::npos; at = schema.find("/secret\"", at + 1)) ++count;
  return count;
}

/// The simulator of a kind; in words when there is none.
std::unique_ptr<connectors::Simulator> simulator_of(const std::string& type, boost::asio::io_context& io,
                                                    const connectors::SimulatorOptions& options) {
  const auto* const entry = connectors::find_simulator(type);
  if (entry == nullptr) {
    throw std::runtime_error("there is no simulator of " + type + "; expected its line in connectors/simulators.cpp");
  }
  return entry->make(io, options);
}

/// The settings that the simulator gives, by way of the door, without the brace at their end.
std::string through_door(std::string yaml, std::uint16_t simulator, std::uint16_t door) {
  const std::string from = "127.0.0.1:" + std::to_string(simulator);
  const auto at = yaml.find(from);
  if (at == std::string::npos || !yaml.starts_with('{') || !yaml.ends_with('}')) {
    throw std::runtime_error("connector_yaml of the simulator is `" + yaml +
                             "`; expected a flow map {type: …, url: …} " + "whose url has " + from);
  }
  yaml.pop_back();
  return yaml.replace(at, from.size(), "127.0.0.1:" + std::to_string(door));
}

}  // namespace

bool declares_secrets(const std::string& type) {
  return secrets_in_schema(connectors::find(type)->settings) > secrets_in_schema(config::make_settings<Bare>);
}

config::Loaded load(const std::string& settings_yaml) {
  return config::load_text("version: 1\nconnectors:\n  conformance: " + settings_yaml + "\n", "test.yaml",
                           vocabulary());
}

Scene::Scene(boost::asio::io_context& loop, const Kind& what, double rate, std::map<std::string, std::string> more,
             const std::string& settings, std::chrono::milliseconds pause_limit, const Wrap& wrap, std::uint64_t count)
    : io(loop), kind(what) {
  const auto& entry = *connectors::find(kind.type);
  connectors::SimulatorOptions options;
  options.rate = rate;
  options.count = count;
  options.behaviours = kind.behaviours;
  for (auto& [name, value] : more) options.behaviours[name] = value;
  simulator = simulator_of(kind.type, io, options);
  simulator->start();
  door = std::make_unique<support::Door>(io, simulator->port());

  settings_yaml = through_door(simulator->connector_yaml(), simulator->port(), door->port());
  settings_yaml += kind.settings + settings + ", backoff: {base: 1ms, cap: 20ms, reset_after: 100ms}}";
  auto loaded = load(settings_yaml);
  for (const auto& fault : loaded.faults) ADD_FAILURE() << config::format(fault) << "\n" << settings_yaml;
  if (!loaded.settings) {
    throw std::runtime_error(
        "the connector refuses the settings that connector_yaml of its simulator gives, see above");
  }
  const auto read = loaded.settings->connectors.front().shared<connectors::Settings>();

  auto protocol = entry.protocol("conformance", read);
  const config::SecretReader reader;
  for (const auto& secret : protocol->secrets()) {
    auto value = reader.read(secret);
    if (const auto* good = std::get_if<config::SecretValue>(&value)) secrets.emplace_back(good->reveal());
  }
  if (wrap) protocol = wrap(std::move(protocol));
  connectors::LinkSettings link_settings;
  link_settings.connector = "conformance";
  link_settings.source = entry.name;
  link_settings.common = connectors::common_of(read);
  link_settings.pause_limit = pause_limit;
  link_settings.seed = 1;
  link = std::make_unique<connectors::Link>(std::move(link_settings), std::move(protocol),
                                            connectors::LinkSurroundings{io, workers, budget, witness, witness});
}

Scene::~Scene() {
  link.reset();
  door.reset();
  simulator.reset();
  io.restart();
  io.poll();
  workers.join();
}

// ── Connectors ──────────────────────────────────────────────────────────────────────────────────────────────────────

void Connectors::await(const std::function<bool()>& condition, std::string_view what, std::chrono::seconds patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    ASSERT_LT(std::chrono::steady_clock::now(), end)
        << "waited in vain for: " << what << "; last ending " << net::name(scene_->witness.last_reason()) << " "
        << (scene_->witness.endings.empty() ? "" : scene_->witness.endings.back().detail) << "\n"
        << scene_->simulator->account();
    io.restart();
    io.run_one_for(20ms);
  }
}

void Connectors::run_for(std::chrono::milliseconds time) {
  io.restart();
  io.run_for(time);
}

void Connectors::hurry() {
  if (hurrying_ || scene_->live() || scene_->link->status().wait <= 1s) return;
  hurrying_ = true;
  scene_->link->stop(1s, [this] {
    hurrying_ = false;
    scene_->link->start();
  });
}

Scene& Connectors::start(double rate, std::map<std::string, std::string> more, const std::string& settings,
                         const Scene::Wrap& wrap) {
  scene_.reset();
  scene_ = std::make_unique<Scene>(io, GetParam(), rate, std::move(more), settings, 20s, wrap);
  scene_->link->start();
  return *scene_;
}

Scene& Connectors::start_show(double rate, std::uint64_t count, std::map<std::string, std::string> more) {
  scene_.reset();
  scene_ = std::make_unique<Scene>(io, GetParam(), rate, std::move(more), "", 20s, Scene::Wrap{}, count);
  scene_->link->start();
  return *scene_;
}

Scene& Connectors::start_live(double rate, std::map<std::string, std::string> more, const std::string& settings,
                              const Scene::Wrap& wrap) {
  start(rate, std::move(more), settings, wrap);
  await([&] { return scene_->live(); }, "live");
  return *scene_;
}

}  // namespace tributary::conformance
