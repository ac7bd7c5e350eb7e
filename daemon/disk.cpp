#include "daemon/disk.hpp"

#include <algorithm>
#include <system_error>
#include <utility>
#include <variant>

#include "sinks/registry.hpp"
#include "spool/inspect.hpp"

namespace tributary::daemon {
namespace {

/// May it keep anything on disk?
const sinks::Spool* spool_of(const config::NamedSettings& sink) {
  const auto* type = sinks::find(sink.type);
  return type == nullptr || type->spool == nullptr ? nullptr : &type->spool(sink);
}

std::uint64_t records_in(const std::filesystem::path& file) {
  const auto opened = spool::Inspection::open(file);
  const auto* inspection = std::get_if<std::unique_ptr<spool::Inspection>>(&opened);
  if (inspection == nullptr) return 0;
  std::vector<spool::Inspection::Lane> lanes;
  static_cast<void>((*inspection)->lanes(lanes));  // of a damaged file what can be read
  std::uint64_t records = 0;
  for (const auto& lane : lanes) records += lane.records;
  return records;
}

}  // namespace

bool Disk::needed(const config::Settings& settings) {
  return std::any_of(settings.sinks.begin(), settings.sinks.end(), [](const auto& sink) {
    const auto* spool = spool_of(sink);
    return spool != nullptr && spool->enabled;
  });
}

std::string Disk::fault_of(const config::Settings& settings) {
  return spool::Directory::fault_of(settings.spool.directory.resolved);
}

std::vector<std::string> Disk::faults_of_files(const config::Settings& settings) {
  std::vector<std::string> sinks;
  for (const auto& sink : settings.sinks) {
    if (const auto* spool = spool_of(sink); spool != nullptr && spool->enabled) sinks.push_back(sink.name);
  }
  return spool::Memory::faults_of(settings.spool.directory.resolved, sinks);
}

std::string Disk::holder_of(const config::Settings& settings) {
  return spool::Directory::holder_of(settings.spool.directory.resolved);
}

void Disk::let_go() {
  if (!before_) return;
  done_without_ = std::move(before_->done_without);
  if (!before_->open) {
    memory_.reset();
  } else {
    memory_->keep_only(before_->tails);
  }
  before_.reset();
}

std::string Disk::prepare(const config::Settings& settings) {
  before_ = Before{done_without_, memory_ ? memory_->tails() : std::set<std::string>(), memory_ != nullptr};
  if (!needed(settings)) return {};
  const auto& directory = settings.spool.directory.resolved;
  if (memory_) {
    std::error_code gone;
    if (std::filesystem::equivalent(directory, memory_->directory().path(), gone)) return {};
    return "spool.directory: it cannot change while the program runs, and is " + memory_->directory().path().string() +
           "; change it back, or restart";
  }
  if (directory == done_without_) return {};
  if (!settings.spool.written) {
    if (const auto fault = fault_of(settings); !fault.empty()) {
      done_without_ = directory;
      telemetry_.emit(LogEvent::spool_failing, "",
                      fault +
                          ": nothing is kept on disk, so that a crash loses what Kafka has not acknowledged; make "
                          "the directory for this user, name another one (`spool.directory`), or write "
                          "`spool: {enabled: false}` into each kafka sink");
      return {};
    }
  }
  try {
    auto opened = spool::Memory::open(
        directory, [this](const std::string& sink) -> auto& { return observer(sink); });
    if (auto* fault = std::get_if<std::string>(&opened)) return "spool.directory: " + *fault;
    memory_ = std::get<std::unique_ptr<spool::Memory>>(std::move(opened));
  } catch (const std::system_error& refused) {
    return "spool.directory: " + directory.string() + ": no thread can be made for it: " + refused.what();
  }
  return {};
}

spool::Observer& Disk::observer(const std::string& sink) {
  auto& known = reporters_[sink];
  if (!known) known = std::make_unique<SpoolReporter>(telemetry_, sink);
  return *known;
}

void Disk::report_left(const config::Settings& settings) const {
  const bool may_have = std::any_of(settings.sinks.begin(), settings.sinks.end(),
                                    [](const auto& sink) { return spool_of(sink) != nullptr; });
  if (!may_have) return;
  const auto& directory = settings.spool.directory.resolved;
  for (const auto& sink : spool::Directory::sinks_in(directory)) {
    if (memory_ && memory_->tail(sink) != nullptr) continue;
    const auto file = spool::Directory::file_in(directory, sink);
    const auto records = records_in(file);
    if (records == 0) continue;
    const auto* there = settings.sink(sink);
    telemetry_.emit(LogEvent::spool_left, sink,
                    file.string() + " holds " + std::to_string(records) +
                        (records == 1 ? " record that nobody delivers: " : " records that nobody delivers: ") +
                        (there == nullptr              ? "no sink has that name now"
                         : spool_of(*there) == nullptr ? "the sink of that name has no spool"
                                                       : "`spool.enabled` of that sink is false") +
                        "; `tributary spool FILE --export` prints them, a sink of that name with its spool delivers "
                        "them first",
                    {{"records", records}});
  }
}

}  // namespace tributary::daemon
