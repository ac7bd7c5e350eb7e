#include "admin/readiness.hpp"

#include <algorithm>

namespace tributary::admin {
namespace {

std::string why_away(const ConnectorView& connector) {
  std::string words = "connector " + connector.name + " is " + std::string(net::name(connector.state));
  if (connector.reason != net::Reason::none) words += ": " + std::string(net::name(connector.reason));
  return words;
}

void look_at(const SinkView& sink, Readiness& readiness) {
  if (!sink.connector.empty()) return;
  const std::string name = "sink " + sink.name;
  if (sink.full) {
    readiness.why_not.push_back(name + " is full: the connectors that feed it do not read");
    return;
  }
  if (sink.failing.empty()) return;
  const bool keeps = sink.spool_size.has_value();
  const bool delivered = sink.ledger.delivered + sink.ledger.notices_delivered != 0;
  const std::string words = name + " writes nothing: " + sink.failing;
  if (!delivered) {
    readiness.why_not.push_back(words + "; it has delivered nothing since the start");
  } else if (!keeps) {
    readiness.why_not.push_back(words + "; it has no spool");
  } else {
    readiness.degraded.push_back(words + "; the spool keeps its events");
  }
}

void look_at(const std::vector<ConnectorView>& connectors, Readiness& readiness) {
  std::vector<std::string> away;
  bool live = false;
  for (const auto& connector : connectors) {
    if (connector.state == net::State::idle) continue;
    live = live || connector.state == net::State::live;
    if (connector.state != net::State::live) away.push_back(why_away(connector));
  }
  auto& told = live ? readiness.degraded : readiness.why_not;
  if (!live && away.size() > 1) told.push_back("no connector is live");
  told.insert(told.end(), away.begin(), away.end());
}

}  // namespace

Readiness readiness(const Snapshot& snapshot) {
  Readiness readiness;
  if (snapshot.stopping) readiness.why_not.emplace_back("the program is stopping");
  for (const auto& loop : snapshot.stalled) readiness.why_not.push_back("the loop " + loop + " does not advance");
  for (const auto& sink : snapshot.sinks) look_at(sink, readiness);
  look_at(snapshot.connectors, readiness);
  return readiness;
}

}  // namespace tributary::admin
