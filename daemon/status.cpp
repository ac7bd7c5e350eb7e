#include "daemon/status.hpp"

#include <algorithm>
#include <string_view>

namespace tributary::daemon {
namespace {

using sinks::channel::BreakerState;

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

std::string seconds(std::chrono::steady_clock::duration time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time).count()) + " s";
}

std::string words_of(const ConnectorStanding& one) {
  std::string text = one.name + " " + std::string(word_of(one.state));
  if (one.state != net::State::live && one.reason != net::Reason::none) {
    text += " (" + std::string(net::name(one.reason)) + ")";
  }
  if (one.paused) text += ", not reading: a sink is full";
  text += ", " + counted(one.events, "event");
  if (one.unrouted != 0) text += " (" + std::to_string(one.unrouted) + " unrouted)";
  if (one.malformed != 0) text += ", " + counted(one.malformed, "malformed frame");
  if (one.quiet) text += ", the last " + seconds(*one.quiet) + " ago";
  if (!one.silent_channel.empty()) text += ", silent for longest: " + one.silent_channel + ", " + seconds(one.silence);
  return text;
}

/// Most sinks only deliver, or only send.
std::string words_of(const SinkStanding& one) {
  const bool sends = one.channel || one.sent != 0;
  std::string text = one.name;
  if (one.delivered != 0 || !sends) text += " " + std::to_string(one.delivered) + " delivered,";
  if (sends) text += " " + std::to_string(one.sent) + " sent,";
  text += " " + std::to_string(one.waiting) + " waiting";
  if (one.copies != 0) text += ", repeated there " + counted(one.copies, "time");
  if (one.breaker == BreakerState::open) text += ", breaker open";
  if (one.breaker == BreakerState::half_open) text += ", breaker half open";
  return text;
}

template <class Standing>
std::string listed(const std::vector<Standing>& all) {
  std::string text;
  for (std::size_t i = 0; i < all.size() && i < most_listed; ++i) text += (i == 0 ? "" : "; ") + words_of(all[i]);
  if (all.size() > most_listed) text += "; and " + std::to_string(all.size() - most_listed) + " more";
  return text;
}

bool is_live(const ConnectorStanding& one) { return one.state == net::State::live; }

std::size_t live_among(const std::vector<ConnectorStanding>& all) {
  return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), is_live));
}

}  // namespace

std::string counted(std::size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string headline(const std::vector<ConnectorStanding>& connectors) {
  return std::to_string(live_among(connectors)) + " of " + std::to_string(connectors.size()) +
         (connectors.size() == 1 ? " connector is live" : " connectors are live");
}

std::string status_line(const std::vector<ConnectorStanding>& connectors, const std::vector<SinkStanding>& sinks) {
  auto ordered = connectors;
  std::stable_partition(ordered.begin(), ordered.end(), [](const auto& one) { return !is_live(one); });
  std::string text = headline(connectors);
  if (!ordered.empty()) text += ": " + listed(ordered);
  if (!sinks.empty()) text += " | sinks: " + listed(sinks);
  return text;
}

void report(Telemetry& telemetry, const std::vector<ConnectorStanding>& connectors,
            const std::vector<SinkStanding>& sinks) {
  std::uint64_t events = 0, malformed = 0, unrouted = 0, delivered = 0, waiting = 0, sent = 0, breakers = 0;
  for (const auto& one : connectors) events += one.events, malformed += one.malformed, unrouted += one.unrouted;
  for (const auto& one : sinks) delivered += one.delivered, waiting += one.waiting, sent += one.sent;
  for (const auto& one : sinks) breakers += one.breaker == BreakerState::closed ? 0U : 1U;
  telemetry.emit(LogEvent::status, "", status_line(connectors, sinks),
                 {{"connectors", connectors.size()},
                  {"live", live_among(connectors)},
                  {"events", events},
                  {"malformed", malformed},
                  {"unrouted", unrouted},
                  {"delivered", delivered},
                  {"waiting", waiting},
                  {"sent", sent},
                  {"breakers_open", breakers}});
}

}  // namespace tributary::daemon
