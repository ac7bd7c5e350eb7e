#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "daemon/telemetry.hpp"
#include "event/ledger.hpp"
#include "relay/alert.hpp"

namespace tributary::daemon {

/// What the words about a sink need to know of it beside the news. A value.
struct SinkFacts {
  std::uint64_t memory = 0;    ///< bytes at which it is full
  std::size_t connectors = 0;  ///< how many have a route to it
};

/// What a topic's refusal with this code means, and what to do; `code` is the downstream's own name of the fault.
std::string refusal_of(std::string_view stream, std::string_view code);

/// Puts what a sink wants a person to know into the log; `told`: that its topic is missing, and what to do, stands
/// there already. Thread: sink.
void report(Telemetry& telemetry, const std::string& sink, const SinkFacts& facts, const relay::SinkAlert& alert,
            bool told = false);

/// At the end: puts what the sink did not deliver although it should into the log, events and notices apart; nothing
/// when there is nothing. `stuck`: why it could not write at the stop, "" if it could.
void report(Telemetry& telemetry, const std::string& sink, const event::SinkLedger& ledger, std::string_view stuck);

}  // namespace tributary::daemon
