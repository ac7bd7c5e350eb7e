#include "admin/health.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

namespace tributary::admin {
namespace {

using namespace std::chrono_literals;

/// A dial and a handshake may take so long before somebody should look.
constexpr std::chrono::milliseconds patience_to_connect = 25s;
/// An event that a healthy sink has not finished for so long is late.
constexpr std::chrono::milliseconds late_after = 30s;
/// So long without a broker is no change of connections any more.
constexpr std::chrono::milliseconds soon_after = 3s;
constexpr std::size_t most_named = 4;

std::string number_of(std::size_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

std::string in_seconds(std::chrono::milliseconds time) {
  return std::to_string(std::chrono::ceil<std::chrono::seconds>(time).count()) + " s";
}

std::string words_of(const ConnectorView& one) {
  std::string words = one.detail.empty() ? std::string(net::name(one.reason)) : one.detail;
  if (one.needs_person) words += "; it will not recover by itself";
  if (one.dial_in) words += (words.ends_with('?') ? " Next" : "; next") + (" attempt in " + in_seconds(*one.dial_in));
  return words;
}

std::optional<Trouble> trouble_of(const ConnectorView& one) {
  const auto trouble = [&](std::string_view reason, std::string words, bool person = false) {
    return Trouble{Trouble::Kind::connector, one.name, std::string(reason), std::move(words), person};
  };
  switch (one.state) {
    case net::State::waiting:
    case net::State::parked:
      return trouble(one.reason == net::Reason::none ? net::name(one.state) : net::name(one.reason), words_of(one),
                     one.needs_person || one.state == net::State::parked);
    case net::State::dialing:
    case net::State::handshaking:
      if (one.reason != net::Reason::none) return trouble(net::name(one.reason), words_of(one), one.needs_person);
      if (one.state_for < patience_to_connect) return {};
      return trouble(net::name(one.state), "not connected after " + in_seconds(one.state_for));
    case net::State::live:
      if (!one.paused) return {};
      return trouble("paused", "it is not read: a sink that it feeds is full");
    case net::State::idle:
    case net::State::draining:
      return {};
  }
  return {};
}

std::string topics_of(const std::vector<std::string>& topics) {
  std::string text;
  for (const auto& topic : topics) text += (text.empty() ? "" : ", ") + topic;
  return text;
}

/// A client that has nothing to send may hold no connection.
bool out_of_reach(const SinkView& one) {
  return !one.brokers.empty() && one.oldest_age && *one.oldest_age >= soon_after &&
         std::none_of(one.brokers.begin(), one.brokers.end(), [](const auto& broker) { return broker.up; });
}

std::string states_of(const std::vector<BrokerView>& brokers) {
  std::string text;
  for (const auto& broker : brokers) text += (text.empty() ? "" : ", ") + broker.name + " (" + broker.state + ")";
  return text;
}

std::optional<Trouble> trouble_of(const SinkView& one) {
  const auto trouble = [&](std::string_view reason, std::string words, bool person = false) {
    return Trouble{Trouble::Kind::sink, one.name, std::string(reason), std::move(words), person};
  };
  if (!one.failing.empty()) return trouble("failing", one.failing);
  if (!one.parked.empty()) {
    return trouble("parked", "the broker refuses " + topics_of(one.parked) + ": is it there, and may we write to it?",
                   true);
  }
  if (out_of_reach(one)) return trouble("unreachable", "no broker can be reached: " + states_of(one.brokers));
  if (one.full) return trouble("full", "its memory is full: " + number_of(one.ledger.in_flight, "event") + " in it");
  if (one.breaker == "open") return trouble("breaker_open", "what it says comes back, so it says nothing for a while");
  if (one.oldest_age && *one.oldest_age >= late_after) {
    return trouble("late", "its oldest event has waited for " + in_seconds(*one.oldest_age));
  }
  return {};
}

void add_program(const Snapshot& snapshot, std::vector<Trouble>& troubles) {
  for (const auto& loop : snapshot.stalled) {
    troubles.push_back({Trouble::Kind::program, "", "stalled",
                        "the loop " + loop + " does not advance; what it runs is not shown", true});
  }
  if (snapshot.reload && !snapshot.reload->applied) {
    troubles.push_back({Trouble::Kind::program, "", "reload_refused",
                        "the configuration was not reloaded, the old one goes on: " + snapshot.reload->words, true});
  }
}

template <class View>
void add(const std::vector<View>& views, std::vector<Trouble>& troubles) {
  const auto first = static_cast<std::ptrdiff_t>(troubles.size());
  for (const auto& one : views) {
    if (auto found = trouble_of(one)) troubles.push_back(*std::move(found));
  }
  std::stable_partition(troubles.begin() + first, troubles.end(), [](const auto& one) { return one.needs_person; });
}

/// `2 of 5 upstreams need attention: hall (connect_refused), arcade (parked)`; "" where there is none.
std::string attention(const std::vector<Trouble>& troubles, Trouble::Kind kind, std::size_t all,
                      std::string_view noun) {
  std::string names;
  std::size_t count = 0;
  for (const auto& one : troubles) {
    if (one.kind != kind) continue;
    if (count < most_named) names += (count == 0 ? "" : ", ") + one.name + " (" + one.reason + ")";
    ++count;
  }
  if (count == 0) return {};
  if (count > most_named) names += " and " + std::to_string(count - most_named) + " more";
  return std::to_string(count) + " of " + number_of(all, noun) + (count == 1 ? " needs" : " need") +
         " attention: " + names;
}

std::string trouble_headline(const Snapshot& snapshot, const std::vector<Trouble>& troubles) {
  std::string text;
  const auto append = [&](const std::string& part) {
    if (!part.empty()) text += (text.empty() ? "" : "; ") + part;
  };
  if (!snapshot.stalled.empty()) append("the program is stuck in " + topics_of(snapshot.stalled));
  append(attention(troubles, Trouble::Kind::connector, snapshot.connectors.size(), "upstream"));
  append(attention(troubles, Trouble::Kind::sink, snapshot.sinks.size(), "sink"));
  if (snapshot.reload && !snapshot.reload->applied) append("the last reload was refused");
  return text;
}

std::size_t connecting(const Snapshot& snapshot) {
  return static_cast<std::size_t>(std::count_if(
      snapshot.connectors.begin(), snapshot.connectors.end(),
      [](const auto& one) { return one.state == net::State::dialing || one.state == net::State::handshaking; }));
}

std::string live_words(const Snapshot& snapshot) {
  const auto live = live_connectors(snapshot), all = snapshot.connectors.size();
  if (all == 0) return "no upstream is configured";
  const std::string count = live == all ? std::to_string(live) : std::to_string(live) + " of " + std::to_string(all);
  return count + (all == 1 ? " upstream is live" : " upstreams are live");
}

std::string stopping_headline(const Snapshot& snapshot) {
  std::uint64_t left = 0;
  for (const auto& one : snapshot.sinks) left += one.ledger.in_flight;
  return "stopping: " + number_of(left, "event") + (left == 1 ? " is" : " are") + " still to be delivered";
}

}  // namespace

std::string_view name(HealthLevel level) noexcept {
  switch (level) {
    case HealthLevel::well:
      return "well";
    case HealthLevel::starting:
      return "starting";
    case HealthLevel::stopping:
      return "stopping";
    case HealthLevel::trouble:
      return "trouble";
  }
  return "trouble";
}

std::string_view name(Trouble::Kind kind) noexcept {
  switch (kind) {
    case Trouble::Kind::program:
      return "program";
    case Trouble::Kind::connector:
      return "connector";
    case Trouble::Kind::sink:
      return "sink";
  }
  return "program";
}

Health health_of(const Snapshot& snapshot) {
  Health health;
  if (snapshot.stopping) {
    health.level = HealthLevel::stopping;
    health.headline = stopping_headline(snapshot);
    return health;
  }
  add_program(snapshot, health.troubles);
  add(snapshot.connectors, health.troubles);
  add(snapshot.sinks, health.troubles);
  const auto now_connecting = connecting(snapshot);
  if (!health.troubles.empty()) {
    health.level = HealthLevel::trouble;
    health.headline = trouble_headline(snapshot, health.troubles);
  } else if (now_connecting != 0) {
    health.level = HealthLevel::starting;
    health.headline = "starting: " + std::to_string(now_connecting) + " of " +
                      number_of(snapshot.connectors.size(), "upstream") + (now_connecting == 1 ? " is" : " are") +
                      " being connected";
  } else {
    health.headline = "all is well: " + live_words(snapshot);
    if (!snapshot.sinks.empty()) {
      health.headline +=
          ", " + number_of(snapshot.sinks.size(), "sink") + (snapshot.sinks.size() == 1 ? " keeps up" : " keep up");
    }
  }
  return health;
}

}  // namespace tributary::admin
