#include "daemon/status.hpp"

#include <algorithm>
#include <string_view>

namespace tributary::daemon {
namespace {

using admin::ConnectorView;
using admin::SinkView;

constexpr std::size_t most_listed = 20;

std::string_view word_of(net::State state) {
  switch (state) {
    case net::State::idle:
      return "idle";
    case net::State::dialing:
      return "dialling";
    case net::State::handshaking:
      return "connected, not yet let in";
    case net::State::live:
      return "live";
    case net::State::draining:
      return "leaving";
    case net::State::waiting:
      return "waiting to dial again";
    case net::State::parked:
      return "parked";
  }
  return "idle";
}

std::string seconds(std::chrono::milliseconds time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time).count()) + " s";
}

/// Of its channels the one that is silent for longest.
const admin::ChannelView* most_silent(const ConnectorView& one) {
  const auto found = std::max_element(one.channels.begin(), one.channels.end(),
                                      [](const auto& a, const auto& b) { return a.silence < b.silence; });
  return found == one.channels.end() ? nullptr : &*found;
}

std::string words_of(const ConnectorView& one) {
  std::string text = one.name + " " + std::string(word_of(one.state));
  if (one.state != net::State::live && one.reason != net::Reason::none) {
    text += " (" + std::string(net::name(one.reason)) + ")";
  }
  if (one.paused) text += ", not reading: a sink is full";
  text += ", " + counted(one.ledger.events, "event");
  if (one.ledger.unrouted != 0) text += " (" + std::to_string(one.ledger.unrouted) + " unrouted)";
  if (one.ledger.malformed != 0) text += ", " + counted(one.ledger.malformed, "malformed frame");
  if (one.event_age) text += ", the last " + seconds(*one.event_age) + " ago";
  if (const auto* silent = most_silent(one)) {
    text += ", silent for longest: " + silent->channel + ", " + seconds(silent->silence);
  }
  return text;
}

std::uint64_t waiting(const SinkView& one) { return one.ledger.in_flight + one.ledger.spooled; }

/// Most sinks only deliver, or only send.
std::string words_of(const SinkView& one) {
  const bool sends = !one.connector.empty() || one.ledger.sent != 0;
  std::string text = one.name;
  if (one.ledger.delivered != 0 || !sends) text += " " + std::to_string(one.ledger.delivered) + " delivered,";
  if (sends) text += " " + std::to_string(one.ledger.sent) + " sent,";
  text += " " + std::to_string(waiting(one)) + " waiting";
  if (one.copies != 0) text += ", repeated there " + counted(one.copies, "time");
  if (one.breaker == "open") text += ", breaker open";
  if (one.breaker == "half_open") text += ", breaker half open";
  return text;
}

template <class View>
std::string listed(const std::vector<View>& all) {
  std::string text;
  for (std::size_t i = 0; i < all.size() && i < most_listed; ++i) text += (i == 0 ? "" : "; ") + words_of(all[i]);
  if (all.size() > most_listed) text += "; and " + std::to_string(all.size() - most_listed) + " more";
  return text;
}

bool is_live(const ConnectorView& one) { return one.state == net::State::live; }

std::size_t live_among(const std::vector<ConnectorView>& all) {
  return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), is_live));
}

}  // namespace

std::string counted(std::size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string headline(const std::vector<ConnectorView>& connectors) {
  return std::to_string(live_among(connectors)) + " of " + std::to_string(connectors.size()) +
         (connectors.size() == 1 ? " connector is live" : " connectors are live");
}

std::string status_line(const std::vector<ConnectorView>& connectors, const std::vector<SinkView>& sinks) {
  auto ordered = connectors;
  std::stable_partition(ordered.begin(), ordered.end(), [](const auto& one) { return !is_live(one); });
  std::string text = headline(connectors);
  if (!ordered.empty()) text += ": " + listed(ordered);
  if (!sinks.empty()) text += " | sinks: " + listed(sinks);
  return text;
}

void report(Telemetry& telemetry, const std::vector<ConnectorView>& connectors, const std::vector<SinkView>& sinks) {
  std::uint64_t events = 0, malformed = 0, unrouted = 0, delivered = 0, waits = 0, sent = 0, breakers = 0;
  for (const auto& one : connectors) {
    events += one.ledger.events, malformed += one.ledger.malformed, unrouted += one.ledger.unrouted;
  }
  for (const auto& one : sinks) {
    delivered += one.ledger.delivered, waits += waiting(one), sent += one.ledger.sent;
    breakers += one.breaker.empty() || one.breaker == "closed" ? 0U : 1U;
  }
  telemetry.emit(LogEvent::status, "", status_line(connectors, sinks),
                 {{"connectors", connectors.size()},
                  {"live", live_among(connectors)},
                  {"events", events},
                  {"malformed", malformed},
                  {"unrouted", unrouted},
                  {"delivered", delivered},
                  {"waiting", waits},
                  {"sent", sent},
                  {"breakers_open", breakers}});
}

}  // namespace tributary::daemon
