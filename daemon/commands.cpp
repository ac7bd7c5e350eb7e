#include "daemon/commands.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <limits>
#include <sstream>
#include <string_view>
#include <vector>

#include "config/load.hpp"
#include "config/spelling.hpp"
#include "connectors/registry.hpp"
#include "daemon/command_tree.hpp"
#include "daemon/completion.hpp"
#include "daemon/man_page.hpp"
#include "daemon/running.hpp"
#include "daemon/usage.hpp"
#include "daemon/vocabulary.hpp"
#include "schema/embedded.hpp"
#include "text/printable.hpp"

namespace tributary::daemon {
namespace {

constexpr auto demo_line = "everything simulated, in this one process: no account, no server, no file";

constexpr auto examples = R"(  tributary check -c tributary.yaml every fault of your configuration, with line and column
  tributary run -c tributary.yaml   the relay

A configuration for a real account:
  version: 1
  connectors:
    main-stage: {type: streamelements, auth: {method: jwt, token: {file: se.jwt}}}
  sinks:
    events: {type: kafka, brokers: [localhost:9092], create_topics: {enabled: true, replication: 1}}
  routes:
    - {to: [events]}
)";

constexpr auto exit_codes = "0 ended well, 1 failed at run time, 2 bad configuration or usage.";
constexpr auto signals =
    R"(SIGTERM and SIGINT drain and end (a second one ends at once), SIGUSR1 reopens files,
SIGHUP reads the configuration again.)";

/// What `tributary` alone and `tributary help` say.
constexpr auto what_it_is =
    R"(Tributary holds a websocket to each of your upstreams (StreamElements, DLive, OHA, Stagecast, Users), turns
what they say into one canonical kind of event, and delivers it to Kafka, files or standard output.
)";

constexpr auto lesson_end =
    R"(  tributary schema reference            the configuration: every key with its default, as YAML to copy from
  tributary check -c tributary.yaml     every fault of your configuration, with line and column

Then `tributary run -c tributary.yaml` is the relay. `tributary --help` lists all commands, `tributary COMMAND --help`
tells of one.
)";

std::string examples_text() {
  std::string text = "Begin with:\n";
  if (has_simulators()) text.append("  tributary demo                    ").append(demo_line) += '\n';
  return text + examples;
}

std::string footer_text() { return examples_text() + "\nExit codes: " + exit_codes + "\nSignals: " + signals; }

std::string lesson_text() {
  std::string text = std::string(what_it_is) + "\nBegin with:\n";
  if (has_simulators()) text.append("  tributary demo                        ").append(demo_line) += '\n';
  return text + lesson_end;
}

struct SchemaName {
  std::string_view name, says;
};
constexpr SchemaName schema_names[] = {{"event", "JSON Schema (draft-07) of the canonical event"},
                                       {"streamelements", "JSON Schema (draft-07) of a StreamElements activity"},
                                       {"config", "JSON Schema (draft-07) of the configuration, for editors"},
                                       {"reference", "the configuration: every key with its default, as YAML"}};

std::string list_schemas() {
  std::string text = "`tributary schema NAME` prints:\n";
  for (const auto& [name, says] : schema_names) {
    std::string left = "  " + std::string(name);
    left.resize(18, ' ');
    text += left + std::string(says) + "\n";
  }
  return text;
}

/// What a command answers, to its last line.
int print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  if (!text.empty() && text.back() != '\n') std::fputc('\n', stdout);
  return answered(ended_well);
}

/// What is opened next would take the place of one that is closed, and be written to as standard output or error.
/// Writing to a closed standard output fails, as it should.
void hold_standard_descriptors() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(descriptor, F_GETFD) != -1) continue;
    const int held = ::open("/dev/null", descriptor == STDERR_FILENO ? O_WRONLY : O_RDONLY);  // the lowest that is free
    if (held != descriptor) return;
  }
}

std::vector<std::string> connector_names() {
  std::vector<std::string> names;
  for (const auto& entry : connectors::registry()) names.emplace_back(entry.name);
  return names;
}

std::string listed(const std::vector<std::string>& words) {
  return config::alternatives(std::vector<std::string_view>(words.begin(), words.end()));
}

constexpr auto any_number = std::numeric_limits<std::uint64_t>::max();

/// Everything the command line can say. The values live as long as it is parsed and run.
struct CommandLine {
  CLI::App app{"Tributary relays live-show events: websockets in, validated canonical events on Kafka out.",
               "tributary"};
  std::string configuration;
  bool watch = false, connect = false, spool_count = false, spool_show = false, spool_export = false;
  std::string try_file, spool_file;
  std::string timeout_text, time_text, demo_time_text, schema, shell, page = "tributary";
  std::optional<std::chrono::milliseconds> timeout;
  std::string watch_text;
  StatusOptions status;
  TapOptions tap;
  DemoOptions demo;
  SimulateOptions simulate;
  ReplayOptions replay;
  RunningOptions running;
  std::vector<std::string> behaviours, init_types;
  int result = ended_well;

  CommandLine() {
    app.footer(footer_text());
    app.set_version_flag("--version", version_text(), "Print the version, and those of the linked libraries");
    app.require_subcommand(1);
    add_init();
    add_run();
    add_check();
    add_status();
    add_tap();
    if (has_simulators()) {
      add_demo();
      add_simulate();
    }
    add_reload();
    add_spool();
    add_replay();
    add_schema();
    add_completion();
    add_man();
  }

  std::vector<std::string> commands() const {
    std::vector<std::string> names{"help"};
    for (const auto* one : app.get_subcommands({})) names.push_back(one->get_name());
    return names;
  }
  bool knows(std::string_view word) const {
    const auto names = commands();
    return std::find(names.begin(), names.end(), word) != names.end();
  }
  int no_command(std::string_view word) const {
    if (word == "demo" || word == "simulate") {
      return complain("`" + std::string(word) + "` is not in this program: it was built with TRIBUTARY_SIMULATORS=OFF",
                      bad_usage);
    }
    const auto names = commands();
    return complain(unknown_command(word, std::vector<std::string_view>(names.begin(), names.end())), bad_usage);
  }

  /// Help and version are asked for as errors are.
  int answer(const CLI::ParseError& error) const {
    std::ostringstream out, ignored;
    if (app.exit(error, out, ignored) != 0) return complain(usage_fault(app, error), bad_usage);
    std::fputs(text::printable_lines(out.str()).c_str(), stdout);
    return answered(ended_well);
  }

  /// `tributary help [COMMAND …]`: as the command's own `--help`.
  int help(std::vector<std::string> words) {
    if (words.empty()) {
      std::fputs(lesson_text().c_str(), stdout);
      return answered(ended_well);
    }
    if (words.front() == "help") words.front() = "--help";
    if (words.front() != "--help" && !knows(words.front())) return no_command(words.front());
    words.emplace_back("--help");
    std::reverse(words.begin(), words.end());
    try {
      app.parse(words);
    } catch (const CLI::ParseError& error) {
      return answer(error);
    }
    return ended_well;
  }

  void add_configuration(CLI::App& command) {
    command
        .add_option("-c,--config", configuration,
                    "The configuration file (default: ./tributary.yaml, then /etc/tributary/tributary.yaml)")
        ->type_name("FILE");
  }
  std::filesystem::path file() const {
    if (!configuration.empty()) return configuration;
    if (auto found = config::default_path()) return *std::move(found);
    throw CLI::ValidationError("there is neither ./tributary.yaml nor /etc/tributary/tributary.yaml: name it with -c");
  }
  static void add_written(CLI::App& command, std::string& file) {
    command
        .add_option(
            "--written", file,
            "Note each event a simulator writes in this file: {\"source\", \"id\", \"at\" (ms), \"event\"}, one a line")
        ->type_name("FILE");
  }
  void add_init() {
    auto& command = *app.add_subcommand(
        "init", "Print a configuration to begin with: tributary init streamelements > tributary.yaml");
    command
        .add_option("type", init_types,
                    "Upstreams that it is for: " + listed(connector_names()) + "; none: all of them")
        ->check(one_of(connector_names()));
    command.callback([this] { result = init_command(init_types); });
  }
  void add_run() {
    auto& command = *app.add_subcommand("run", "Run the relay until SIGTERM");
    add_configuration(command);
    command.add_flag("--watch", watch,
                     "Read the configuration again when its files change, as at SIGHUP: for a ConfigMap of Kubernetes");
    command.callback([this] { result = run_command(file(), watch); });
  }
  /// Of a command that asks the running program.
  void add_running(CLI::App& command) {
    command
        .add_option("-c,--config", running.configuration,
                    "The configuration that it runs with (default: ./tributary.yaml, then "
                    "/etc/tributary/tributary.yaml)")
        ->type_name("FILE");
    command.add_option("--url", running.url, "Ask here, e.g. http://relay-1:9464, and not where its run file says");
    command
        .add_option("--token-file", running.token_file, "With --url: the file that holds the token of its admin port")
        ->type_name("FILE");
  }
  void add_reload() {
    auto& command = *app.add_subcommand("reload", "Have the running relay read its configuration again");
    add_running(command);
    command.callback([this] { result = reload_command(running); });
  }
  void add_check() {
    auto& command = *app.add_subcommand("check", "Report every fault of a configuration at once");
    add_configuration(command);
    command.add_flag("--connect", connect,
                     "Also dial and authenticate each connector, and ask each Kafka for its topics; publishes nothing");
    command.add_option("--timeout", timeout_text, "How long --connect waits for each (default 15s)")
        ->check(duration(timeout));
    command
        .add_option("--try", try_file,
                    "Events, one in JSON on each line, e.g. of a file sink: say which routes take each, and what each "
                    "channel sink would say; sends nothing")
        ->type_name("FILE");
    command.callback(
        [this] { result = check_command(file(), connect, timeout.value_or(std::chrono::seconds(15)), try_file); });
  }
  void add_status() {
    auto& command = *app.add_subcommand("status", "Is all well? The running program's upstreams and sinks");
    add_running(command);
    command.add_flag("--json", status.json, "The whole answer of /status as JSON, see docs/ADMIN.md");
    command.add_option("--watch", watch_text, "Again and again until Ctrl-C, so often (default 2s), e.g. --watch 10s")
        ->expected(0, 1)
        ->check(duration(status.watch));
    command.footer("Exit codes: 0 nothing needs attention, 1 something does, or there is no answer.");
    command.callback([this, &command] {
      if (command.count("--watch") != 0 && !status.watch) status.watch = std::chrono::seconds(2);
      status.running = running;
      result = status_command(status);
    });
  }
  void add_tap() {
    auto& command = *app.add_subcommand("tap", "The running program's events as they come, until Ctrl-C");
    add_running(command);
    command.add_option("--type", tap.types, "Only events of this type, e.g. tip; may be repeated, or tip,cheer");
    command.add_option("--connector", tap.connectors, "Only events of this connector; may be repeated");
    command.add_flag("--json", tap.json, "The events themselves, one in JSON on each line");
    command.add_option("--count", tap.count, "End after so many events")->check(whole_number(1, any_number));
    command.footer("Exit codes: 0 ended by Ctrl-C or --count, 1 the relay has gone, or there is no answer.");
    command.callback([this] {
      tap.running = running;
      result = tap_command(tap);
    });
  }
  void add_demo() {
    auto& command = *app.add_subcommand(
        "demo", "Simulated upstreams, relay and an embedded Kafka-protocol broker in this one process");
    command.add_option("--for", demo_time_text, "End after this time, e.g. 10s (default: at Ctrl-C)")
        ->check(duration(demo.time));
    command.add_option("--rate", demo.rate, "Events per second, of all upstreams together")
        ->check(number(0.1, 100'000))
        ->capture_default_str();
    command.add_option("--seed", demo.seed, "The same seed, the same show")
        ->check(whole_number(0, any_number))
        ->capture_default_str();
    add_written(command, demo.written);
    command.callback([this] { result = demo_command(demo); });
  }
  void add_simulate() {
    auto& command = *app.add_subcommand("simulate", "Be an upstream to develop against");
    command.add_option("connector", simulate.connector, "Which upstream: " + listed(connector_names()))
        ->required()
        ->check(one_of(connector_names()));
    command.add_option("--host", simulate.host, "Address to listen on")->capture_default_str();
    command.add_option("--port", simulate.port, "Port to listen on; 0: a free one, printed")
        ->check(whole_number(0, 65'535))
        ->capture_default_str();
    command.add_option("--rate", simulate.rate, "Events per second; 0: none")
        ->check(number(0, 1'000'000))
        ->capture_default_str();
    command.add_option("--events", simulate.count, "Stop writing after so many events; 0: never")
        ->check(whole_number(0, any_number))
        ->capture_default_str();
    command.add_option("--seed", simulate.seed, "The same seed, the same show")
        ->check(whole_number(0, any_number))
        ->capture_default_str();
    command.add_option("--for", time_text, "End after this time, e.g. 10s")->check(duration(simulate.time));
    command.add_option("--set", behaviours, "NAME=VALUE, a behaviour listed below; may be repeated");
    command.add_option("--certificate", simulate.certificate, "PEM; with --key: TLS")->type_name("FILE");
    command.add_option("--key", simulate.key, "PEM")->type_name("FILE");
    add_written(command, simulate.written);
    command.footer([&command] {
      const auto said = command.get_option("connector")->results();
      return behaviours_text(said.empty() ? std::string() : said.front());
    });
    command.callback([this] { run_simulate(); });
  }
  void run_simulate() {
    for (const auto& behaviour : behaviours) {
      const auto equals = behaviour.find('=');
      if (equals == std::string::npos) {
        throw CLI::ValidationError("--set", "expected NAME=VALUE, found " + config::quote(behaviour));
      }
      simulate.behaviours[behaviour.substr(0, equals)] = behaviour.substr(equals + 1);
    }
    result = simulate_command(simulate);
  }
  void add_spool() {
    auto& command = *app.add_subcommand(
        "spool", "Look into what a Kafka sink keeps on disk; changes nothing, also while the relay runs");
    command.add_option("file", spool_file, "The file, e.g. /var/lib/tributary/events.spool")
        ->required()
        ->type_name("FILE");
    auto* count = command.add_flag("--count", spool_count, "How many records each lane has (the default)");
    auto* show =
        command.add_flag("--show", spool_show, "A line for each record: number, time, topic, key, type, id, size");
    auto* dump =
        command.add_flag("--export", spool_export, "The events and dead letters themselves, one in JSON on each line");
    show->excludes(count)->excludes(dump);
    dump->excludes(count);
    command.callback([this] {
      const auto view = spool_show ? SpoolView::show : spool_export ? SpoolView::values : SpoolView::count;
      result = spool_command(spool_file, view);
    });
  }
  void add_replay() {
    auto& command = *app.add_subcommand(
        "replay", "Run recorded frames through their connector, validation and routes; events go to standard output");
    command.add_option("file", replay.files, "What `record:` of the connector wrote; several: in their order")
        ->required()
        ->type_name("FILE");
    command
        .add_option("-c,--config", replay.configuration,
                    "The configuration with routes and sinks; without it all events of the recording are shown")
        ->type_name("FILE");
    command.add_option("--connector", replay.connector, "Whose settings to take (default: the recording's own name)");
    command.add_option("--speed", replay.speed, "Times as fast as it was recorded; 0: as fast as possible")
        ->check(number(0, 1'000'000))
        ->capture_default_str();
    auto* to = command.add_option("--to", replay.to, "Deliver to this sink of the configuration, and print nothing");
    command.add_flag("--transcript", replay.transcript, "Print it as a transcript, from which a test is made")
        ->excludes(to);
    command.callback([this] {
      if (!replay.to.empty() && replay.configuration.empty()) {
        throw CLI::ValidationError("--to", "the sink stands in a configuration: name it with -c");
      }
      result = replay_command(replay);
    });
  }
  void add_schema() {
    auto& command = *app.add_subcommand("schema", "Print a JSON Schema (draft-07), or the reference configuration");
    std::vector<std::string> names;
    for (const auto& [name, says] : schema_names) names.emplace_back(name);
    command.add_option("name", schema, "Which; without one, what there is")->check(one_of(names));
    command.footer(list_schemas());
    command.callback([this] { result = schema_command(schema); });
  }
  void add_completion() {
    auto& command = *app.add_subcommand("completion", "Print the script that completes this command line in a shell");
    command.add_option("shell", shell, "Which shell")->required()->check(one_of({"bash", "zsh", "fish"}));
    command.callback([this] {
      const auto tree = command_tree(app);
      result = print(shell == "bash"  ? bash_completion(tree)
                     : shell == "zsh" ? zsh_completion(tree)
                                      : fish_completion(tree));
    });
  }
  void add_man() {
    auto& command = *app.add_subcommand("man", "Print a manual page, for `man -l -`");
    command.add_option("page", page, "Which")->check(one_of({"tributary", "tributary.yaml"}))->capture_default_str();
    command.callback([this] {
      result = print(page == "tributary.yaml"
                         ? config::manual(vocabulary(), version())
                         : man_page(command_tree(app), {what_it_is, examples_text(), exit_codes, signals}, version()));
    });
  }
};

}  // namespace

int complain(std::string_view what, int code) {
  std::fprintf(stderr, "tributary: %s\n", text::printable(what).c_str());
  return code;
}

int answered(int code) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
  return complain("standard output cannot be written to: is its disk full, or has its reader left?", failed);
}

int schema_command(const std::string& name) {
  const std::string text = name.empty()          ? list_schemas()
                           : name == "config"    ? config::json_schema(vocabulary())
                           : name == "reference" ? config::reference(vocabulary())
                                                 : std::string(schema::embedded(name + ".schema.json"));
  return print(text);
}

int main_program(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file at its limit is an error of its sink
  hold_standard_descriptors();
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  try {
    CommandLine line;
    if (argc == 1) {
      std::fputs(lesson_text().c_str(), stderr);
      return bad_usage;
    }
    if (std::string_view(argv[1]) == "help") return line.help({argv + 2, argv + argc});
    if (*argv[1] != '-' && !line.knows(argv[1])) return line.no_command(argv[1]);
    try {
      line.app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      return line.answer(error);
    }
    return line.result;
  } catch (const std::exception& broken) {
    return complain(broken.what(), failed);
  }
}

}  // namespace tributary::daemon
