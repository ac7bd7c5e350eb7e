#include "daemon/account.hpp"

namespace tributary::daemon {
namespace {

void add(std::string& out, std::string_view name, std::uint64_t value, bool always) {
  if (value == 0 && !always) return;
  if (!out.empty() && out.back() != ' ') out += ' ';
  out.append(name).append("=").append(std::to_string(value));
}

}  // namespace

std::string to_line(const Account& account) {
  const auto& in = account.connectors;
  const auto& to = account.sinks;
  std::string out = "account: ";
  add(out, "frames", in.frames, true);
  add(out, "events", in.events, true);
  add(out, "accepted", in.accepted, true);
  add(out, "unrouted", in.unrouted, true);
  out += " | ";
  add(out, "offered", to.offered, true);
  add(out, "recovered", to.recovered, true);
  add(out, "delivered", to.delivered, true);
  add(out, "sent", to.sent, true);
  add(out, "dead_lettered", to.dead_lettered, true);
  add(out, "dropped", event::sum(to.dropped), true);
  add(out, "in_flight", to.in_flight, true);
  add(out, "spooled", to.spooled, true);
  return out;
}

std::string details(const Account& account) {
  const auto& in = account.connectors;
  const auto& to = account.sinks;
  std::string out;
  add(out, "control", in.control, false);
  add(out, "carrying", in.carrying, false);
  add(out, "malformed", in.malformed, false);
  add(out, "unknown", in.unknown, false);
  add(out, "duplicate", in.duplicate, false);
  for (std::size_t i = 0; i < in.ignored.size(); ++i) {
    add(out, "ignored." + std::string(name(static_cast<event::Ignored>(i))), in.ignored[i], false);
  }
  add(out, "updates", in.updates, false);
  add(out, "repaired", in.repaired, false);
  for (std::size_t i = 0; i < to.dropped.size(); ++i) {
    add(out, "dropped." + std::string(name(static_cast<event::Dropped>(i))), to.dropped[i], false);
  }
  add(out, "replayed", to.replayed, false);
  add(out, "clamped", to.clamped, false);
  add(out, "dead_letter_failed", to.dead_letter_failed, false);
  add(out, "notices_dropped", to.notices_dropped, false);
  return out;
}

std::string how_it_ended(const Account& account) {
  const auto lost = account.lost();
  std::string out = lost == 0   ? "ended; no event was lost"
                    : lost == 1 ? "ended; 1 event was lost"
                                : "ended; " + std::to_string(lost) + " events were lost";
  if (const auto counts = details(account); !counts.empty()) out += " (" + counts + ")";
  return out;
}

}  // namespace tributary::daemon
