#include "daemon/spool_reporter.hpp"

#include <array>

#include "daemon/status.hpp"

namespace tributary::daemon {
namespace {

using spool::SpoolSign;

constexpr std::size_t most_streams_named = 5;

/// In the order of SpoolSign.
constexpr std::array<LogEvent, static_cast<std::size_t>(SpoolSign::count)> log_events{
    LogEvent::spool_failing, LogEvent::spool_failing,        LogEvent::spool_works,
    LogEvent::spool_full,    LogEvent::spool_has_room,       LogEvent::spool_dropped,
    LogEvent::spool_damaged, LogEvent::spool_record_corrupt, LogEvent::spool_not_committed};
static_assert(log_events[static_cast<std::size_t>(SpoolSign::works_again)] == LogEvent::spool_works &&
              log_events[static_cast<std::size_t>(SpoolSign::room)] == LogEvent::spool_has_room &&
              log_events[static_cast<std::size_t>(SpoolSign::set_aside)] == LogEvent::spool_damaged &&
              log_events.back() == LogEvent::spool_not_committed);

}  // namespace

void SpoolReporter::on_news(const spool::SpoolNews& news) {
  Telemetry::Fields fields{{"reason", std::string(name(news.sign))}};
  if (!news.file.empty()) fields.push_back({"file", std::string(news.file)});
  if (!news.code.empty()) fields.push_back({"code", std::string(news.code)});
  if (news.records != 0) fields.push_back({"records", news.records});
  if (news.lost != 0) fields.push_back({"lost", news.lost});
  if (news.lasted.count() != 0) {
    fields.push_back({"lasted_ms", static_cast<std::uint64_t>(news.lasted.count())});
  }
  telemetry_.emit(log_events[static_cast<std::size_t>(news.sign)], sink_, news.text, std::move(fields));
}

void report_found(Telemetry& telemetry, const std::string& sink, const std::string& file,
                  const std::map<std::string, std::uint64_t>& streams,
                  const std::function<bool(const std::string& stream)>& may_use) {
  if (streams.empty()) return;
  std::uint64_t records = 0;
  std::string names;
  std::size_t named = 0;
  for (const auto& [stream, count] : streams) {
    records += count;
    if (named++ < most_streams_named) names += (names.empty() ? "" : ", ") + stream;
  }
  if (named > most_streams_named) names += " and " + std::to_string(named - most_streams_named) + " more";
  telemetry.emit(LogEvent::spool_found, sink,
                 file + " holds " + counted(records, "record") + " of an earlier run, for " +
                     (streams.size() == 1 ? "topic " : "topics ") + names + "; " +
                     (records == 1 ? "it goes first" : "they go first, in order"),
                 {{"records", records}});
  for (const auto& [stream, count] : streams) {
    if (may_use(stream)) continue;
    telemetry.emit(LogEvent::spool_found, Level::warn, sink,
                   counted(count, "record") + " of these " + (count == 1 ? "is" : "are") + " for topic " + stream +
                       ", which this sink does not name any more: " + (count == 1 ? "it goes" : "they go") +
                       " there where it exists, and wait on disk otherwise. Make that topic, name it again under "
                       "`topics`, or print them with `tributary spool " +
                       file + " --export`",
                   {{"reason", "topic_unused"}, {"records", count}});
  }
}

void report_waiting(Telemetry& telemetry, const std::string& sink, const std::string& file,
                    const event::SinkLedger& ledger) {
  if (ledger.spooled == 0) return;
  telemetry.emit(LogEvent::spool_waits, sink,
                 counted(ledger.spooled, "event") + (ledger.spooled == 1 ? " waits" : " wait") + " on disk, in " +
                     file + ": the next start delivers " + (ledger.spooled == 1 ? "it" : "them") + " first",
                 {{"events", ledger.spooled}});
}

}  // namespace tributary::daemon
