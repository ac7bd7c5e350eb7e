#include "sinks/kafka/statistics.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace tributary::sinks::kafka {
namespace {

using nlohmann::json;

constexpr std::size_t most_brokers = 100;

std::uint64_t count_of(const json& broker, const char* name) {
  const auto found = broker.find(name);
  if (found == broker.end() || !found->is_number_integer()) return 0;
  return static_cast<std::uint64_t>(std::max<std::int64_t>(found->get<std::int64_t>(), 0));
}

std::string text_of(const json& broker, const char* name) {
  const auto found = broker.find(name);
  return found != broker.end() && found->is_string() ? found->get<std::string>() : std::string();
}

event::BrokerStanding standing_of(const json& broker) {
  event::BrokerStanding made;
  made.name = text_of(broker, "nodename");
  made.state = text_of(broker, "state");
  made.up = made.state == "UP" || made.state == "UPDATE" || made.state == "REAUTH";
  if (const auto rtt = broker.find("rtt"); rtt != broker.end() && rtt->is_object()) {
    made.round_trip = std::chrono::microseconds(count_of(*rtt, "avg"));
  }
  made.waiting = count_of(broker, "outbuf_cnt");
  made.in_flight = count_of(broker, "waitresp_cnt");
  made.sent = count_of(broker, "tx");
  made.retries = count_of(broker, "txretries");
  made.errors = count_of(broker, "txerrs") + count_of(broker, "rxerrs");
  made.timeouts = count_of(broker, "req_timeouts");
  return made;
}

/// Without what is said of topics: most of the text.
json without_topics(std::string_view text) {
  const auto keep = [](int depth, json::parse_event_t event, const json& value) {
    return !(depth == 1 && event == json::parse_event_t::key && value == "topics");
  };
  return json::parse(text, keep, false);
}

}  // namespace

std::vector<event::BrokerStanding> brokers_in(std::string_view statistics) {
  const auto all = without_topics(statistics);
  if (!all.is_object() || !all.contains("brokers") || !all["brokers"].is_object()) return {};
  std::vector<event::BrokerStanding> learned, configured;
  for (const auto& broker : all["brokers"]) {
    if (!broker.is_object()) continue;
    const auto source = text_of(broker, "source");
    if (source != "learned" && source != "configured") continue;  // internal, or a stand-in for a role
    const auto node = broker.find("nodeid");
    const bool known = node != broker.end() && node->is_number_integer() && node->get<std::int64_t>() >= 0;
    auto standing = standing_of(broker);
    if (!standing.name.empty()) (known ? learned : configured).push_back(std::move(standing));
  }
  auto& chosen = learned.empty() ? configured : learned;
  const auto by_name = [](const auto& a, const auto& b) { return a.name < b.name; };
  std::sort(chosen.begin(), chosen.end(), by_name);
  const auto same = [](const auto& a, const auto& b) { return a.name == b.name; };
  chosen.erase(std::unique(chosen.begin(), chosen.end(), same), chosen.end());
  if (chosen.size() > most_brokers) chosen.resize(most_brokers);
  return std::move(chosen);
}

void Statistics::take(std::string_view text) {
  const std::lock_guard lock(mutex_);
  text_ = text;
}

/// `reading_` is held.
void Statistics::read() const {
  std::string text;
  {
    const std::lock_guard lock(mutex_);
    text = std::exchange(text_, {});
  }
  if (!text.empty()) newest_ = brokers_in(text);
}

void Statistics::begin_anew() {
  const std::lock_guard lock(reading_);
  read();
  auto counted = std::exchange(newest_, {});
  event::add_counts(counted, before_);
  for (const auto& old : before_) {
    const bool there =
        std::any_of(counted.begin(), counted.end(), [&](const auto& one) { return one.name == old.name; });
    if (!there && counted.size() < most_brokers) counted.push_back(old);
  }
  before_ = std::move(counted);
}

std::vector<event::BrokerStanding> Statistics::brokers() const {
  const std::lock_guard lock(reading_);
  read();
  auto all = newest_;
  event::add_counts(all, before_);
  return all;
}

}  // namespace tributary::sinks::kafka
