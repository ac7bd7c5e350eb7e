#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "config/load.hpp"
#include "connectors/registry.hpp"
#include "daemon/commands.hpp"
#include "daemon/marks_of.hpp"
#include "daemon/replayer.hpp"
#include "daemon/sink_set.hpp"
#include "daemon/status.hpp"
#include "daemon/transcript_writer.hpp"
#include "daemon/vocabulary.hpp"
#include "event/counts.hpp"
#include "event/mark_holder.hpp"
#include "relay/pipeline.hpp"
#include "relay/where.hpp"
#include "sinks/registry.hpp"
#include "text/printable.hpp"

namespace tributary::daemon {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t longest_line = std::size_t{512} << 20U;

/// What is wrong with the command's files or configuration: a sentence.
struct ReplayFault : std::runtime_error {
  using std::runtime_error::runtime_error;
};

void note(const std::string& line) { std::fprintf(stderr, "%s\n", text::printable(line).c_str()); }

std::string place(const std::string& file, std::uint64_t line) { return file + ":" + std::to_string(line) + ": "; }

/// Reads one recording line by line. What a crash cut off in the midst of the last line is left out.
class RecordingFile {
 public:
  explicit RecordingFile(const std::string& name) : name_(name), lines_(name, std::ios::binary) {
    std::string line;
    if (!lines_) throw ReplayFault(name + ": cannot be read");
    if (!next_line(line)) throw ReplayFault(place(name, 1) + "this is no recording: it has no whole line");
    auto head = read_head(line);
    if (auto* fault = std::get_if<std::string>(&head)) throw ReplayFault(place(name, 1) + *fault);
    head_ = std::get<RecordingHead>(std::move(head));
  }

  const RecordingHead& head() const { return head_; }
  bool cut_off() const { return cut_off_; }
  std::uint64_t line() const { return number_; }
  bool next(Recorded& recorded) {
    std::string line;
    if (!next_line(line)) return false;
    auto read = read_recorded(line);
    if (auto* fault = std::get_if<std::string>(&read)) throw ReplayFault(place(name_, number_) + *fault);
    recorded = std::get<Recorded>(std::move(read));
    return true;
  }

 private:
  bool next_line(std::string& line) {
    if (!std::getline(lines_, line)) return false;
    ++number_;
    if (line.size() > longest_line) throw ReplayFault(place(name_, number_) + "longer than a recorded line can be");
    cut_off_ = lines_.eof();
    return !cut_off_;
  }

  std::string name_;
  std::ifstream lines_;
  RecordingHead head_;
  std::uint64_t number_ = 0;
  bool cut_off_ = false;
};

/// Nothing is sent before every line has been read.
RecordingHead verified(const std::vector<std::string>& files) {
  RecordingHead first;
  for (const auto& name : files) {
    RecordingFile file(name);
    Recorded recorded;
    while (file.next(recorded)) {
    }
    if (file.cut_off()) note("replay: " + place(name, file.line()) + "the last line is cut off, and left out");
    if (&name == &files.front()) first = file.head();
    if (file.head().connector != first.connector || file.head().type != first.type) {
      throw ReplayFault(place(name, 1) + "a recording of the connector " + file.head().connector + ", type " +
                        file.head().type + "; expected " + first.connector + ", type " + first.type +
                        ", as the first file has it");
    }
  }
  return first;
}

/// The configuration that is replayed with: the one that was named, or what the recording says of its connector.
config::Settings settings_for(const ReplayOptions& options, const RecordingHead& head) {
  const bool own = options.configuration.empty();
  auto loaded =
      own ? config::load_text("version: 1\n" + head.settings, "recording", vocabulary(), config::Includes::refused)
          : config::load(options.configuration, vocabulary());
  if (loaded.settings) return *std::move(loaded.settings);
  if (own) {
    throw ReplayFault(place(options.files.front(), 1) +
                      "the connector's settings in it are not of this version: " + loaded.faults.front().path + ": " +
                      loaded.faults.front().message + "; give a configuration with -c");
  }
  std::string all;
  for (const auto& fault : loaded.faults) all += (all.empty() ? "" : "\n") + config::format(fault);
  throw ReplayFault(all);
}

const config::NamedSettings& connector_for(const ReplayOptions& options, const RecordingHead& head,
                                           const config::Settings& settings) {
  const auto& name = options.connector.empty() || options.configuration.empty() ? head.connector : options.connector;
  const auto* found = settings.connector(name);
  if (found == nullptr) {
    throw ReplayFault("no connector is named `" + name + "` in " + options.configuration + ": name one of the type " +
                      head.type + " with --connector");
  }
  if (found->type != head.type) {
    throw ReplayFault("the connector `" + name + "` is of type " + found->type + "; the recording is of type " +
                      head.type);
  }
  return *found;
}

/// What all printing outlets share: an event that several sinks get is printed once.
struct Printed {
  const event::Event* last = nullptr;
  std::uint64_t events = 0;
  std::map<std::string, std::uint64_t> letters;  ///< by reason
};

/// A sink that prints instead. Thread: one.
class PrintingOutlet final : public event::Outlet {
 public:
  PrintingOutlet(std::string name, bool takes_state, Printed& printed)
      : name_(std::move(name)), takes_state_(takes_state), printed_(printed) {}

  const std::string& name() const override { return name_; }
  void start() override {}
  void offer(event::EventPtr event) override {
    if (std::exchange(printed_.last, event.get()) == event.get()) return;
    last_ = event;  // so that no other gets its address
    const auto json = event->json_text();
    std::fwrite(json.data(), 1, json.size(), stdout);
    std::fputc('\n', stdout);
    ++printed_.events;
  }
  void offer(std::unique_ptr<event::DeadLetter> letter) override {
    ++printed_.letters[std::string(letter->reason)];
    note("replay: dead letter for " + name_ + ": " + letter->value);
  }
  void offer_dropped(event::Dropped reason) override {
    ++printed_.letters["dropped: " + std::string(event::name(reason))];
  }
  bool takes(event::Kind kind) const override {
    return kind == event::Kind::activity || (kind == event::Kind::state && takes_state_);
  }
  bool takes_letters() const override { return true; }
  bool full() const override { return false; }
  std::size_t held() const override { return 0; }
  event::SinkLedger ledger() const override { return {}; }
  void stop(std::chrono::milliseconds) override {}
  bool stopped() const override { return true; }
  void join() override {}
  void reopen() override {}

 private:
  std::string name_;
  bool takes_state_;
  Printed& printed_;
  event::EventPtr last_;
};

relay::Target printing_target(const config::NamedSettings& sink, Printed& printed) {
  const auto* type = sinks::find(sink.type);
  const bool state = type != nullptr && type->takes_state != nullptr && type->takes_state(sink);
  relay::Target target;
  target.outlet = std::make_shared<PrintingOutlet>(sink.name, state, printed);
  const auto values = config::values_of(sink);
  const auto schema = values.find("validation.schema");
  if (schema == values.end()) return target;
  auto compiled = sinks::schema_named(schema->second);
  if (auto* fault = std::get_if<std::string>(&compiled)) throw ReplayFault(schema->second + ": " + *fault);
  target.schema = std::get<schema::Schema>(std::move(compiled));
  target.is_marker = schema->second == "streamelements";
  const auto failure = values.find("validation.on_failure");
  if (failure != values.end() && failure->second == "drop") target.on_failure = relay::OnFailure::drop;
  if (failure != values.end() && failure->second == "forward") target.on_failure = relay::OnFailure::forward;
  return target;
}

/// Where events would go: every sink of the configuration but those that speak on channels, or one for all events.
relay::RoutingTablePtr printing_table(const config::Settings& settings, bool has_routes, Printed& printed) {
  auto table = std::make_shared<relay::RoutingTable>();
  if (!has_routes) {
    relay::Target target;
    target.outlet = std::make_shared<PrintingOutlet>("standard output", true, printed);
    target.schema = std::get<schema::Schema>(sinks::schema_named("event"));
    table->targets.push_back(std::move(target));
    table->routes.push_back({{}, {}, relay::Targets{1}, nullptr});
    return table;
  }
  for (const auto& sink : settings.sinks) {
    if (sink.settings->channel() == nullptr) table->targets.push_back(printing_target(sink, printed));
  }
  for (const auto& written : settings.routes) {
    relay::Route route{written.from, written.types, {}, relay::where(written.where)};
    for (std::size_t i = 0; i < table->targets.size(); ++i) {
      const auto& name = table->targets[i].outlet->name();
      if (std::find(written.to.begin(), written.to.end(), name) != written.to.end()) route.to.set(i);
    }
    table->routes.push_back(std::move(route));
  }
  return table;
}

/// Whose marks are believed: as the relay itself does, as far as the keys can be read here.
void use_marks(config::Settings& settings, const connectors::Settings& connector) {
  auto holder = std::make_shared<event::MarkHolder>();
  auto wanted = marks_of(settings);
  holder->set(std::holds_alternative<event::MarksPtr>(wanted)
                  ? std::get<event::MarksPtr>(std::move(wanted))
                  : std::make_shared<const event::Marks>(event::Marks::Settings{settings.instance, {}, {}, {}}));
  auto& own = const_cast<connectors::Settings&>(connector);  // ours alone: nothing runs with it
  own.marks = std::move(holder);
  own.nesting = settings.limits.nesting;
}

/// Counts what a summary says beside the book.
struct Watcher final : ReplayWitness {
  void not_understood(const event::Malformed& fault) override { ++malformed[std::string(fault.reason)]; }
  void remarked(const connectors::Remark& remark) override {
    note("replay: " + std::string(remark.code) + " " + remark.subject + " " + remark.detail);
  }
  void lost(net::Reason reason) override { ++endings[std::string(net::name(reason))]; }
  std::map<std::string, std::uint64_t> malformed, endings;
};

std::string listed(const std::map<std::string, std::uint64_t>& counts) {
  std::string all;
  for (const auto& [word, count] : counts) all += (all.empty() ? " (" : ", ") + word + " " + std::to_string(count);
  return all.empty() ? all : all + ")";
}

/// Every count of the book: "frames 61: control 21, …; events 40: …; unknown 0, …".
std::string summary(const event::ConnectorLedger& book, const Watcher& watcher) {
  const auto counts = event::counts_of(book);
  std::string text = "replay:", between = " ";
  for (auto at = counts.begin(), next = at; at != counts.end(); at = next) {
    std::uint64_t value = 0;
    std::map<std::string, std::uint64_t> reasons;
    for (; next != counts.end() && next->name == at->name; ++next) {
      value += next->value;
      if (next->value != 0 && !next->reason.empty()) reasons[std::string(next->reason)] = next->value;
    }
    const bool whole = at->name == "frames" || at->name == "events";
    const bool first_beside = at->beside && !(at - 1)->beside;
    if (at != counts.begin() && (whole || first_beside)) between = "; ";
    text += between + std::string(at->name) + " " + std::to_string(value);
    text += listed(at->name == "malformed" ? watcher.malformed : reasons);
    between = whole ? ": " : ", ";
  }
  return text + "; ended" + (watcher.endings.empty() ? " 0" : listed(watcher.endings));
}

/// Plays every line; between them it waits as `speed` says.
void play(const ReplayOptions& options, Replayer& replayer, const std::function<bool()>& go_on) {
  std::optional<event::WallTime> before;
  for (const auto& name : options.files) {
    RecordingFile file(name);
    Recorded recorded;
    while (file.next(recorded)) {
      if (options.speed > 0 && before && recorded.at > *before) {
        std::fflush(stdout);
        std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(
            static_cast<double>((recorded.at - *before).count()) / options.speed));
      }
      before = recorded.at;
      if (auto fault = replayer.play(recorded); !fault.empty()) throw ReplayFault(place(name, file.line()) + fault);
      if (!go_on()) return;
    }
  }
}

void tell_of(const Replayer& replayer) {
  if (replayer.reopened() != 0) {
    note("replay: " + counted(replayer.reopened(), "time") +
         " a frame came without an open connection: the recording begins in the midst of one, or it was ended here and "
         "not there");
  }
  if (replayer.missed() != 0) {
    note("replay: " + counted(replayer.missed(), "line") + " could not be recorded and are not in it");
  }
}

/// The parts of a replay that goes through the pipeline.
class Replay {
 public:
  Replay(const ReplayOptions& options, std::string run, config::Settings& settings,
         const config::NamedSettings& connector)
      : options_(options),
        run_(std::move(run)),
        settings_(settings),
        connector_(connector),
        entry_(*connectors::find(connector.type)) {
    use_marks(settings, connector.as<connectors::Settings>());
  }

  int to_output() {
    Printed printed;
    run(printing_table(settings_, !options_.configuration.empty(), printed), [] { return std::ferror(stdout) == 0; });
    note("replay: printed " + std::to_string(printed.events) + ", dead letters" +
         (printed.letters.empty() ? " 0" : listed(printed.letters)));
    return answered(ended_well);
  }

  int to_sink() {
    keep_one_sink();
    Log log(settings_.log);
    Telemetry telemetry(log);
    LoopWatch loops;
    Disk disk(telemetry);  // not prepared: nothing is kept on disk
    SinkSet sinks(
        telemetry, [] {}, std::make_shared<event::MarkHolder>(), disk, loops);
    auto planned = sinks.plan(settings_);
    if (auto* faults = std::get_if<SinkSet::Faults>(&planned)) throw ReplayFault(faults->front());
    const auto plan = std::get<SinkSet::PlanPtr>(std::move(planned));
    sinks.commit(plan, settings_.stop_timeout);
    run(SinkSet::table(*plan), [] { return true; });
    sinks.stop(settings_.stop_timeout);
    sinks.join();
    sinks.report_losses();
    bool lost = false;
    for (const auto& [name, ledger] : sinks.books()) {
      std::uint64_t losses = 0;
      for (std::size_t i = 0; i < ledger.dropped.size(); ++i) {
        if (event::is_loss(static_cast<event::Dropped>(i))) losses += ledger.dropped[i];
      }
      lost = lost || losses != 0;
      note("replay: " + name + ": offered " + std::to_string(ledger.offered) + ", delivered " +
           std::to_string(ledger.delivered + ledger.sent) + ", dead letters " + std::to_string(ledger.dead_lettered) +
           ", lost " + std::to_string(losses));
    }
    return answered(lost ? failed : ended_well);
  }

 private:
  /// The sink that was named, and the routes that lead to it.
  void keep_one_sink() {
    const auto* sink = settings_.sink(options_.to);
    if (sink == nullptr) {
      throw ReplayFault("no sink is named `" + options_.to + "` in " + options_.configuration);
    }
    if (sink->settings->channel() != nullptr) {
      throw ReplayFault("the sink `" + options_.to +
                        "` speaks on a channel of an upstream, to which a replay has no connection; expected one to "
                        "Kafka, a file or standard output");
    }
    std::erase_if(settings_.sinks, [&](const auto& one) { return one.name != options_.to; });
    std::erase_if(settings_.routes, [&](const auto& route) {
      return std::find(route.to.begin(), route.to.end(), options_.to) == route.to.end();
    });
    for (auto& route : settings_.routes) route.to = {options_.to};
  }

  void run(const relay::RoutingTablePtr& table, const std::function<bool()>& go_on) {
    const relay::Taps taps;
    relay::Pipeline pipeline(table, std::get<schema::Schema>(sinks::schema_named("streamelements")), run_, taps);
    const auto& common = connector_.as<connectors::Settings>().common;
    relay::IntakeSettings wanted;
    wanted.connector = connector_.name;
    wanted.source = entry_.name;
    wanted.dedupe_ids = common.dedupe.ids;
    wanted.dedupe_window = common.dedupe.window;
    const auto intake = pipeline.intake(std::move(wanted));
    const auto protocol = entry_.protocol(connector_.name, connector_.shared<connectors::Settings>());
    Watcher watcher;
    Replayer replayer(connector_.name, entry_.name, *protocol, *intake, watcher);
    play(options_, replayer, [&] {
      while (intake->congested()) std::this_thread::sleep_for(1ms);
      return go_on();
    });
    intake->settle();
    std::fflush(stdout);
    note(summary(intake->ledger(), watcher));
    tell_of(replayer);
  }

  const ReplayOptions& options_;
  const std::string run_;
  config::Settings& settings_;
  const config::NamedSettings& connector_;
  const connectors::Entry& entry_;
};

int print_transcript(const ReplayOptions& options, const RecordingHead& head, const config::NamedSettings& connector) {
  const auto& entry = *connectors::find(connector.type);
  config::NamedSettings defaults = connector;
  defaults.settings = entry.settings();
  RecordingFile file(options.files.front());
  Recorded first;
  TranscriptWriter writer(connector, defaults, file.next(first) ? first.at : head.at);
  const auto protocol = entry.protocol(connector.name, connector.shared<connectors::Settings>());
  Replayer replayer(connector.name, entry.name, *protocol, writer, writer);
  play(options, replayer, [] { return true; });
  std::fwrite(writer.text().data(), 1, writer.text().size(), stdout);
  tell_of(replayer);
  return answered(ended_well);
}

}  // namespace

int replay_command(const ReplayOptions& options) {
  try {
    const auto head = verified(options.files);
    auto settings = settings_for(options, head);
    const auto& connector = connector_for(options, head, settings);
    if (options.transcript) return print_transcript(options, head, connector);
    Replay replay(options, head.run.empty() ? "replay" : head.run, settings, connector);
    return options.to.empty() ? replay.to_output() : replay.to_sink();
  } catch (const ReplayFault& fault) {
    std::fflush(stdout);
    return complain(fault.what(), bad_usage);
  }
}

}  // namespace tributary::daemon
