#include "admin/status_json.hpp"

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "admin/health.hpp"
#include "event/counts.hpp"
#include "text/time.hpp"

namespace tributary::admin {
namespace {

using Json = nlohmann::ordered_json;

/// Three decimals: milliseconds.
double rounded(double value) { return std::round(value * 1000) / 1000; }

double decimal_seconds(std::chrono::milliseconds time) { return static_cast<double>(time.count()) / 1000; }

Json seconds_or_null(const std::optional<std::chrono::milliseconds>& time) {
  return time ? Json(decimal_seconds(*time)) : Json(nullptr);
}

Json text_or_null(std::string_view text) { return text.empty() ? Json(nullptr) : Json(std::string(text)); }

Json time_or_null(const std::optional<event::WallTime>& time) {
  return time ? Json(text::to_text(*time)) : Json(nullptr);
}

Json endings_of(const std::vector<std::uint64_t>& endings) {
  Json all = Json::object();
  for (std::size_t i = 0; i < endings.size(); ++i) {
    if (endings[i] != 0) all[std::string(net::name(static_cast<net::Reason>(i)))] = endings[i];
  }
  return all;
}

Json channels_of(const std::vector<ChannelView>& channels) {
  Json all = Json::array();
  for (const auto& one : channels) all.push_back({{"channel", one.channel}, {"silence", decimal_seconds(one.silence)}});
  return all;
}

/// Every count: those of the book below `ledger`, the relay's own events below `notices`, others beside them.
template <class Ledger>
void add_counts(Json& json, const Ledger& ledger) {
  constexpr std::string_view notices = "notices";
  for (const auto& count : event::counts_of(ledger)) {
    std::string name(count.name);
    Json* place = count.beside ? &json : &json["ledger"];
    if (count.name.starts_with(notices)) {
      place = &json[std::string(notices)];
      name = count.name == notices ? "offered" : name.substr(notices.size() + 1);
    }
    Json& at = (*place)[name];
    (count.reason.empty() ? at : at[std::string(count.reason)]) = count.value;
  }
}

Json json_of(const ConnectorView& one, const RateHistory& rates) {
  Json history = Json::array();
  for (const double count : rates.events(one.name)) history.push_back(rounded(count));
  Json json;
  json["name"] = one.name;
  json["type"] = one.type;
  json["state"] = net::name(one.state);
  json["state_for"] = decimal_seconds(one.state_for);
  json["reason"] = one.reason == net::Reason::none ? Json(nullptr) : Json(net::name(one.reason));
  json["detail"] = text_or_null(one.detail);
  json["needs_person"] = one.needs_person;
  json["paused"] = one.paused;
  json["next_attempt_in"] = seconds_or_null(one.dial_in);
  json["upstream"] = text_or_null(one.upstream);
  json["last_frame_age"] = seconds_or_null(one.frame_age);
  json["last_event_age"] = seconds_or_null(one.event_age);
  json["events_per_second"] = rounded(rates.rate(one.name));
  json["history"] = {{"step", RateHistory::step.count()}, {"events", std::move(history)}};
  json["channels"] = channels_of(one.channels);
  json["credential_expires"] = time_or_null(one.credential_expires);
  json["dials"] = one.dials;
  json["endings"] = endings_of(one.endings);
  add_counts(json, one.ledger);
  return json;
}

/// The bound of the histogram under which `share` of all lie; null above the last one, or without any.
Json quantile(const HistogramView& all, double share) {
  const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(all.count)));
  for (std::size_t i = 0; all.count != 0 && i < all.bounds.size() && i < all.counts.size(); ++i) {
    if (all.counts[i] >= wanted) return all.bounds[i];
  }
  return nullptr;
}

Json json_of(const HistogramView& all) {
  return {{"count", all.count},
          {"mean", all.count == 0 ? Json(nullptr) : Json(all.sum / static_cast<double>(all.count))},
          {"p50", quantile(all, 0.5)},
          {"p99", quantile(all, 0.99)}};
}

Json brokers_of(const std::vector<BrokerView>& brokers) {
  Json all = Json::array();
  for (const auto& one : brokers) {
    all.push_back({{"name", one.name},
                   {"up", one.up},
                   {"state", one.state},
                   {"round_trip", static_cast<double>(one.round_trip.count()) / 1'000'000},
                   {"waiting", one.waiting},
                   {"in_flight", one.in_flight},
                   {"sent", one.sent},
                   {"retries", one.retries},
                   {"errors", one.errors},
                   {"timeouts", one.timeouts}});
  }
  return all;
}

Json json_of(const SinkView& one, std::string_view state) {
  Json json;
  json["name"] = one.name;
  json["type"] = one.type;
  json["state"] = state;
  json["connector"] = text_or_null(one.connector);
  json["failing"] = text_or_null(one.failing);
  json["parked"] = one.parked;
  json["full"] = one.full;
  json["breaker"] = text_or_null(one.breaker);
  const auto waiting = one.ledger.in_flight + one.ledger.spooled;
  json["waiting"] = waiting;
  json["oldest_age"] = waiting == 0 ? Json() : seconds_or_null(one.oldest_age);  // it was finished meanwhile
  json["held"] = one.held;
  json["memory"] = one.memory;
  json["spool"] = one.spool_bytes ? Json{{"bytes", *one.spool_bytes}, {"size", one.spool_size.value_or(0)}} : Json();
  json["lost"] = one.ledger.lost() - one.ledger.in_flight;  // those are not lost yet
  json["copies"] = one.copies;
  json["latency"] = json_of(one.latency);
  json["brokers"] = brokers_of(one.brokers);
  add_counts(json, one.ledger);
  return json;
}

Json json_of(const Trouble& one) {
  return {{"kind", name(one.kind)},
          {"name", text_or_null(one.name)},
          {"reason", one.reason},
          {"words", one.words},
          {"needs_person", one.needs_person}};
}

Json reload_of(const std::optional<ReloadView>& reload) {
  if (!reload) return nullptr;
  return {{"at", text::to_text(reload->at)}, {"applied", reload->applied}, {"words", reload->words}};
}

std::string_view state_of(const SinkView& sink, const Health& health) {
  for (const auto& one : health.troubles) {
    if (one.kind == Trouble::Kind::sink && one.name == sink.name) return one.reason;
  }
  return "ok";
}

}  // namespace

std::string status_json(const Snapshot& snapshot, const RateHistory& rates) {
  const Health health = health_of(snapshot);
  Json json;
  json["level"] = name(health.level);
  json["headline"] = health.headline;
  json["troubles"] = Json::array();
  for (const auto& one : health.troubles) json["troubles"].push_back(json_of(one));
  json["taken"] = text::to_text(snapshot.taken);
  json["started"] = text::to_text(snapshot.started);
  json["uptime"] = decimal_seconds(snapshot.taken - snapshot.started);
  json["version"] = snapshot.version;
  json["run"] = snapshot.run;
  json["instance"] = snapshot.instance;
  json["file"] = snapshot.file;
  json["stopping"] = snapshot.stopping;
  json["stalled"] = snapshot.stalled;
  json["reload"] = reload_of(snapshot.reload);
  json["connectors"] = Json::array();
  for (const auto& one : snapshot.connectors) json["connectors"].push_back(json_of(one, rates));
  json["sinks"] = Json::array();
  for (const auto& one : snapshot.sinks) json["sinks"].push_back(json_of(one, state_of(one, health)));
  json["log_events"] = Json::object();
  for (const auto& one : snapshot.log_events) {  // of all levels together
    Json& count = json["log_events"][one.word];
    count = (count.is_null() ? 0 : count.get<std::uint64_t>()) + one.count;
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace tributary::admin
