#include "daemon/spool_reporter.hpp"

#include <array>

#include "daemon/status.hpp"

namespace tributary::daemon {
namespace {

using spool::Sign;

/// In the order of Sign.
constexpr std::array<LogEvent, static_cast<std::size_t>(Sign::count)> log_events{
    LogEvent::spool_failing, LogEvent::spool_failing,        LogEvent::spool_works,
    LogEvent::spool_full,    LogEvent::spool_has_room,       LogEvent::spool_dropped,
    LogEvent::spool_damaged, LogEvent::spool_record_corrupt, LogEvent::spool_not_committed};
static_assert(log_events[static_cast<std::size_t>(Sign::works_again)] == LogEvent::spool_works &&
              log_events[static_cast<std::size_t>(Sign::room)] == LogEvent::spool_has_room &&
              log_events[static_cast<std::size_t>(Sign::set_aside)] == LogEvent::spool_damaged &&
              log_events.back() == LogEvent::spool_not_committed);

}  // namespace

void SpoolReporter::on_news(const spool::News& news) {
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

void report_found(Telemetry& telemetry, const std::string& sink, const std::string& file, std::uint64_t records) {
  if (records == 0) return;
  telemetry.emit(LogEvent::spool_found, sink,
                 file + " holds " + counted(records, "record") + " of an earlier run; " +
                     (records == 1 ? "it goes first" : "they go first, in order"),
                 {{"records", records}});
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
