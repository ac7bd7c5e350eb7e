#include "event/ledger.hpp"

namespace tributary::event {

std::string_view name(Ignored reason) noexcept {
  switch (reason) {
    case Ignored::test:
      return "test";
    case Ignored::state:
      return "state";
    case Ignored::own_echo:
      return "own_echo";
    case Ignored::loop:
      return "loop";
    case Ignored::count:
      break;
  }
  return "none";
}

std::string_view name(Dropped reason) noexcept {
  switch (reason) {
    case Dropped::validation:
      return "validation";
    case Dropped::dead_letter_off:
      return "dead_letter_off";
    case Dropped::dead_letter_failed:
      return "dead_letter_failed";
    case Dropped::stopped:
      return "stopped";
    case Dropped::limit:
      return "limit";
    case Dropped::write_failed:
      return "write_failed";
    case Dropped::topic_off:
      return "topic_off";
    case Dropped::denied:
      return "denied";
    case Dropped::expired:
      return "expired";
    case Dropped::refused:
      return "refused";
    case Dropped::empty:
      return "empty";
    case Dropped::breaker:
      return "breaker";
    case Dropped::spool_lost:
      return "spool_lost";
    case Dropped::count:
      break;
  }
  return "none";
}

bool is_loss(Dropped reason) noexcept {
  switch (reason) {
    case Dropped::validation:
    case Dropped::dead_letter_off:
    case Dropped::limit:
    case Dropped::topic_off:
    case Dropped::expired:
    case Dropped::empty:
    case Dropped::breaker:
    case Dropped::count:
      return false;
    case Dropped::dead_letter_failed:
    case Dropped::stopped:
    case Dropped::write_failed:
    case Dropped::denied:
    case Dropped::refused:
    case Dropped::spool_lost:
      break;
  }
  return true;
}

ConnectorLedger& ConnectorLedger::operator+=(const ConnectorLedger& other) {
  frames += other.frames, control += other.control, malformed += other.malformed, carrying += other.carrying;
  events += other.events, duplicate += other.duplicate, unrouted += other.unrouted, accepted += other.accepted;
  for (std::size_t i = 0; i < ignored.size(); ++i) ignored[i] += other.ignored[i];
  unknown += other.unknown, updates += other.updates, repaired += other.repaired, connections += other.connections;
  gaps += other.gaps;
  return *this;
}

std::uint64_t SinkLedger::lost() const {
  std::uint64_t total = in_flight;
  for (std::size_t i = 0; i < dropped.size(); ++i) {
    if (is_loss(static_cast<Dropped>(i))) total += dropped[i];
  }
  return total;
}

SinkLedger& SinkLedger::operator+=(const SinkLedger& other) {
  offered += other.offered, recovered += other.recovered, delivered += other.delivered, sent += other.sent;
  dead_lettered += other.dead_lettered, in_flight += other.in_flight, spooled += other.spooled;
  for (std::size_t i = 0; i < dropped.size(); ++i) dropped[i] += other.dropped[i];
  notices += other.notices, notices_delivered += other.notices_delivered, notices_dropped += other.notices_dropped;
  replayed += other.replayed, clamped += other.clamped, dead_letter_failed += other.dead_letter_failed;
  return *this;
}

}  // namespace tributary::event
