#include "event/counts.hpp"

namespace tributary::event {
namespace {

template <class Reason>
void add_reasons(std::vector<Count>& counts, std::string_view counter, const Tally<Reason>& tally,
                 std::string_view help) {
  for (std::size_t i = 0; i < tally.size(); ++i)
    counts.push_back({counter, name(static_cast<Reason>(i)), tally[i], help});
}

}  // namespace

std::vector<Count> counts_of(const ConnectorLedger& ledger) {
  std::vector<Count> counts{
      {"frames", "", ledger.frames, "Messages received."},
      {"control", "", ledger.control, "Messages of the protocol itself, without events."},
      {"malformed", "", ledger.malformed, "Messages that could not be understood."},
      {"carrying", "", ledger.carrying, "Messages that carried events."},
      {"events", "", ledger.events, "Events in these messages."},
      {"duplicate", "", ledger.duplicate, "Events that were there before."},
      {"unrouted", "", ledger.unrouted, "Events that no route takes."},
      {"accepted", "", ledger.accepted, "Events given to at least one sink."},
  };
  add_reasons<Ignored>(counts, "ignored", ledger.ignored, "Events that are not to be passed on.");
  counts.insert(
      counts.end(),
      {
          {"unknown", "", ledger.unknown, "Of control: of a kind that is not known.", true},
          {"updates", "", ledger.updates, "Of accepted: newer states of an earlier event.", true},
          {"repaired", "", ledger.repaired, "Bytes of invalid UTF-8 that were replaced.", true},
          {"connections", "", ledger.connections, "Times the upstream was live.", true},
          {"gaps", "", ledger.gaps,
           "Times that events may have been missed, one for each channel; also where they were read back afterwards.",
           true},
      });
  return counts;
}

std::vector<Count> counts_of(const SinkLedger& ledger) {
  std::vector<Count> counts{
      {"offered", "", ledger.offered, "Events and dead letters given to the sink."},
      {"recovered", "", ledger.recovered, "Found on disk at the start."},
      {"delivered", "", ledger.delivered, "Acknowledged by the downstream."},
      {"sent", "", ledger.sent, "Handed to a downstream that acknowledges nothing."},
      {"dead_lettered", "", ledger.dead_lettered, "Delivered as dead letters."},
      {"in_flight", "", ledger.in_flight, "Not finished yet."},
      {"spooled", "", ledger.spooled, "On disk only."},
  };
  add_reasons<Dropped>(counts, "dropped", ledger.dropped, "Let go without delivery.");
  counts.insert(
      counts.end(),
      {
          {"notices", "", ledger.notices, "The relay's own events given to the sink, beside the book.", true},
          {"notices_delivered", "", ledger.notices_delivered, "Of notices: acknowledged.", true},
          {"notices_dropped", "", ledger.notices_dropped, "Of notices: let go.", true},
          {"replayed", "", ledger.replayed, "Records sent again.", true},
          {"clamped", "", ledger.clamped, "Records whose time was brought within the broker's window.", true},
          {"dead_letter_failed", "", ledger.dead_letter_failed, "Dead letters that could not be delivered.", true},
      });
  return counts;
}

}  // namespace tributary::event
