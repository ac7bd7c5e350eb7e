#pragma once

#include <chrono>
#include <string>
#include <utility>

#include "admin/snapshot.hpp"

namespace tributary::admin::samples {

using namespace std::chrono_literals;

inline const event::WallTime noon{std::chrono::sys_days{std::chrono::year{2026} / 10 / 1} + 12h};

inline ConnectorView live_connector(std::string name, std::uint64_t events = 0) {
  ConnectorView one;
  one.name = std::move(name);
  one.type = "dlive";
  one.state = net::State::live;
  one.state_for = 90s;
  one.event_age = 2s;
  one.frame_age = 1s;
  one.ledger.connections = 1;
  one.ledger.events = one.ledger.accepted = one.ledger.frames = one.ledger.carrying = events;
  return one;
}

inline ConnectorView waiting_connector(std::string name, net::Reason reason, std::string detail) {
  ConnectorView one = live_connector(std::move(name));
  one.state = net::State::waiting;
  one.reason = reason;
  one.detail = std::move(detail);
  one.dial_in = 11'500ms;
  return one;
}

inline SinkView healthy_sink(std::string name, std::uint64_t delivered = 0) {
  SinkView one;
  one.name = std::move(name);
  one.type = "kafka";
  one.memory = 64u << 20;
  one.ledger.offered = one.ledger.delivered = delivered;
  return one;
}

/// A quiet relay without connectors and sinks.
inline Snapshot quiet_snapshot(event::WallTime taken = noon) {
  Snapshot snapshot;
  snapshot.taken = taken;
  snapshot.started = noon - 1h;
  snapshot.version = "0.1.0";
  snapshot.run = "01K9ZB4T";
  snapshot.instance = "stage-left";
  snapshot.file = "/etc/tributary/tributary.yaml";
  return snapshot;
}

}  // namespace tributary::admin::samples
