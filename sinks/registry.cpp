#include "sinks/registry.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "sinks/file/config.hpp"
#include "sinks/file/rotating_file.hpp"
#include "sinks/kafka/check.hpp"
#include "sinks/kafka/config.hpp"
#include "sinks/kafka/producer.hpp"
#include "sinks/lines.hpp"
#include "sinks/stdout/config.hpp"
#include "sinks/stdout/descriptor.hpp"
#include "sinks/write_fault.hpp"

namespace tributary::sinks {
namespace {

Built build_kafka(const config::NamedSettings& sink, SinkObserver& observer, Opening) {
  const auto& settings = sink.as<kafka::Settings>();
  Built built;
  built.handling = {static_cast<std::size_t>(settings.memory.bytes), settings.validation};
  auto properties = kafka::properties_of(settings, {}, built.fault);
  auto events = kafka::TopicTemplate::off();
  if (built.fault.empty() && !settings.topics.events.empty()) {
    events = kafka::TopicTemplate::parse(settings.topics.events, built.fault).value_or(events);
  }
  if (!built.fault.empty()) return built;
  built.downstream = kafka::Producer::make({.properties = std::move(properties),
                                            .events = std::move(events),
                                            .dead_letter = settings.topics.dead_letter,
                                            .relay = settings.topics.relay,
                                            .state = settings.topics.state,
                                            .cloudevents = settings.cloudevents,
                                            .create_topics = kafka::creation_of(settings),
                                            .pace = kafka::pace_of(settings.linger)},
                                           observer, built.fault);
  return built;
}

std::string fault_of_kafka(const config::NamedSettings& sink) {
  return kafka::producer_fault(sink.as<kafka::Settings>());
}

void check_kafka(const config::NamedSettings& sink, std::chrono::milliseconds deadline, const Told& tell) {
  kafka::check_connect(sink.as<kafka::Settings>(), deadline, tell);
}

bool takes_state_kafka(const config::NamedSettings& sink) { return !sink.as<kafka::Settings>().topics.state.empty(); }

bool may_use_kafka(const config::NamedSettings& sink, std::string_view topic) {
  return kafka::may_use(sink.as<kafka::Settings>(), topic);
}

const Spool& spool_of_kafka(const config::NamedSettings& sink) { return sink.as<kafka::Settings>().spool; }

Built build_file(const config::NamedSettings& sink, SinkObserver& observer, Opening opening) {
  const auto& settings = sink.as<file::Settings>();
  auto target = std::make_unique<file::RotatingFile>(
      file::RotatingFile::Settings{settings.path.resolved, settings.rotate.bytes, settings.keep}, observer);
  Built built;
  if (opening == Opening::later) {  // the first write opens it
    built.fault = file::fault_of(settings.path.resolved);
    if (!built.fault.empty()) return built;
  } else if (const int error = target->open()) {
    built.fault = settings.path.resolved.string() + ": " + words_of(error);
    return built;
  }
  built.downstream = std::make_unique<LineSink>(std::move(target), LineSink::Settings{.keeps = true}, observer);
  return built;
}

void check_file(const config::NamedSettings& sink, std::chrono::milliseconds, const Told& tell) {
  const auto& path = sink.as<file::Settings>().path.resolved;
  const auto fault = file::fault_of(path);
  tell(fault.empty() ? Finding{true, path.string() + ": can be written", "path"} : Finding{false, fault, "path"});
}

Built build_stdout(const config::NamedSettings&, SinkObserver& observer, Opening) {
  Built built;
  built.downstream =
      std::make_unique<LineSink>(std::make_unique<standard_output::Descriptor>(STDOUT_FILENO, "standard output"),
                                 LineSink::Settings{.keeps = false}, observer);
  return built;
}

void check_stdout(const config::NamedSettings&, std::chrono::milliseconds, const Told&) {}

const std::array<SinkType, 3> types{{
    {{"kafka", "topics of a Kafka cluster", "events", config::make_settings<kafka::Settings>},
     build_kafka,
     fault_of_kafka,
     check_kafka,
     takes_state_kafka,
     spool_of_kafka,
     may_use_kafka},
    {{"file", "JSON lines in a file that is rotated", "archive", config::make_settings<file::Settings>},
     build_file,
     nullptr,
     check_file},
    {{"stdout", "JSON lines on standard output", "console", config::make_settings<standard_output::Settings>},
     build_stdout,
     nullptr,
     check_stdout},
}};

}  // namespace

std::span<const SinkType> registry() { return types; }

const SinkType* find(std::string_view name) {
  const auto* found =
      std::find_if(types.begin(), types.end(), [&](const SinkType& type) { return type.settings.name == name; });
  return found == types.end() ? nullptr : found;
}

}  // namespace tributary::sinks
