#include "daemon/account.hpp"

#include <array>
#include <string_view>

#include "event/counts.hpp"

namespace tributary::daemon {
namespace {

template <class Reason>
constexpr std::size_t index(Reason reason) {
  return static_cast<std::size_t>(reason);
}

struct IgnoredWords {
  event::Ignored reason;
  std::string_view one, many;
};
constexpr std::array<IgnoredWords, index(event::Ignored::count)> ignored_words{{
    {event::Ignored::test, "test left out", "tests left out"},
    {event::Ignored::state, "session state left out", "session states left out"},
    {event::Ignored::own_echo, "echo of our own left out", "echoes of our own left out"},
    {event::Ignored::loop, "event that came from here left out", "events that came from here left out"},
}};

struct DroppedWords {
  event::Dropped reason;
  std::string_view words;
};
constexpr std::array<DroppedWords, index(event::Dropped::count)> dropped_words{{
    {event::Dropped::validation, "dropped by validation"},
    {event::Dropped::dead_letter_off, "dropped because dead letters are off"},
    {event::Dropped::dead_letter_failed, "dropped with their dead letters"},
    {event::Dropped::stopped, "not delivered before the end"},
    {event::Dropped::limit, "dropped because the sink was full"},
    {event::Dropped::write_failed, "that could not be written"},
    {event::Dropped::topic_off, "dropped because their topic is off"},
    {event::Dropped::denied, "for a topic that is missing or forbidden"},
    {event::Dropped::expired, "too old before they could be said"},
    {event::Dropped::refused, "that the upstream refused"},
    {event::Dropped::empty, "of which the template makes an empty text"},
    {event::Dropped::breaker, "dropped because what is said comes back"},
    {event::Dropped::spool_lost, "destroyed on disk"},
}};
static_assert(!dropped_words.back().words.empty() && !ignored_words.back().one.empty(), "a reason has no words");

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
  const auto tell = [&out](std::uint64_t count, std::string_view one, std::string_view many) {
    if (count == 0) return;
    out += (out.empty() ? "" : ", ") + std::to_string(count) + " ";
    out += count == 1 ? one : many;
  };
  tell(in.carrying, "frame with events", "frames with events");
  tell(in.control, "frame of the protocol", "frames of the protocol");
  tell(in.unknown, "of a kind that is not known", "of a kind that is not known");
  tell(in.malformed, "malformed frame", "malformed frames");
  tell(in.duplicate, "duplicate", "duplicates");
  for (const auto& [reason, one, many] : ignored_words) tell(in.ignored[index(reason)], one, many);
  tell(in.unrouted, "event that no route takes", "events that no route takes");
  tell(in.updates, "update", "updates");
  tell(in.repaired, "byte repaired", "bytes repaired");
  for (const auto& [reason, words] : dropped_words) tell(to.dropped[index(reason)], words, words);
  tell(to.replayed, "record sent again", "records sent again");
  tell(to.clamped, "record with its time brought into the broker's window",
       "records with their times brought into the broker's window");
  tell(to.dead_letter_failed, "dead letter lost", "dead letters lost");
  tell(to.notices_dropped, "notice lost", "notices lost");
  return out;
}

std::vector<std::pair<std::string, std::uint64_t>> counts(const Account& account) {
  std::vector<std::pair<std::string, std::uint64_t>> all;
  const auto add_all = [&all](const std::vector<event::Count>& counts) {
    for (const auto& count : counts) {
      if (count.value == 0) continue;
      all.emplace_back(std::string(count.name) + (count.reason.empty() ? "" : ".") + std::string(count.reason),
                       count.value);
    }
  };
  add_all(event::counts_of(account.connectors));
  add_all(event::counts_of(account.sinks));
  return all;
}

std::string how_it_ended(const Account& account) {
  const auto lost = account.lost();
  const auto& dropped = account.sinks.dropped;
  const auto limited = dropped[index(event::Dropped::limit)] + dropped[index(event::Dropped::expired)] +
                       dropped[index(event::Dropped::breaker)];
  std::string out = lost == 0   ? limited == 0 ? "ended; no event was lost"
                                               : "ended; no event was lost but those that the sinks' limits dropped"
                    : lost == 1 ? "ended; 1 event was lost"
                                : "ended; " + std::to_string(lost) + " events were lost";
  if (const auto spooled = account.sinks.spooled; spooled != 0) {
    out += spooled == 1 ? "; 1 event waits on disk for the next start"
                        : "; " + std::to_string(spooled) + " events wait on disk for the next start";
  }
  if (const auto counts = details(account); !counts.empty()) out += " (" + counts + ")";
  return out;
}

}  // namespace tributary::daemon
