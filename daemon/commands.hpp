#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/running.hpp"

namespace tributary::daemon {

/// Exit codes: the contract.
constexpr int ended_well = 0;
constexpr int failed = 1;
constexpr int bad_usage = 2;

/// Says on standard error why a command ends, and returns its exit code.
int complain(std::string_view what, int code);
/// The exit code of a command whose answer stands on standard output: `code`, unless it could not be written.
int answered(int code);

/// Reads the command line and runs one command. Never throws.
int main_program(int argc, char** argv);

/// `tributary run [--watch]`.
/// `watch`: the configuration is read again when its files change.
int run_command(const std::filesystem::path& file, bool watch);

/// `tributary check [--connect]`.
/// `try_file`: events to try on the routes; "": none.
int check_command(const std::filesystem::path& file, bool connect, std::chrono::milliseconds timeout,
                  const std::filesystem::path& try_file);

struct DemoOptions {
  std::optional<std::chrono::milliseconds> time;  ///< none: until a signal
  double rate = 50;                               ///< events per second
  std::uint64_t seed = 1;
  std::string written;  ///< a file for what the upstream wrote, see WrittenLog
};
/// False in a program that was built with TRIBUTARY_SIMULATORS=OFF: then neither of the two is called.
bool has_simulators();
/// `tributary demo`.
int demo_command(const DemoOptions& options);

struct SimulateOptions {
  std::string connector;
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  std::uint64_t seed = 1;
  double rate = 10;
  std::uint64_t count = 0;
  std::map<std::string, std::string> behaviours;
  std::string certificate, key;
  std::string written;
  std::optional<std::chrono::milliseconds> time;
};
/// `tributary simulate <connector>`.
int simulate_command(const SimulateOptions& options);

/// The behaviours that the simulator of this connector can be asked for; of all of them for a name that is none.
std::string behaviours_text(const std::string& connector);

/// `tributary schema <event|streamelements|config|reference>`; "" lists them.
int schema_command(const std::string& name);

/// `tributary init [TYPE…]`: a configuration to begin with, of connectors of these types; of all when none is named.
int init_command(const std::vector<std::string>& types);
/// What it prints.
std::string first_configuration(const std::vector<std::string>& types);

enum class SpoolView : std::uint8_t { count, show, values };
/// `tributary spool FILE [--count|--show|--export]`: a look into what a sink keeps on disk; changes nothing.
int spool_command(const std::filesystem::path& file, SpoolView view);

struct ReplayOptions {
  std::vector<std::string> files;
  std::string configuration;  ///< "": what the recording says of its connector
  std::string connector;      ///< "": of the recording's name
  std::string to;             ///< a sink; "": standard output
  double speed = 0;           ///< times as fast as it was; 0: as fast as possible
  bool transcript = false;
};
/// `tributary replay FILE…`.
int replay_command(const ReplayOptions& options);

struct StatusOptions {
  RunningOptions running;
  bool json = false;
  std::optional<std::chrono::milliseconds> watch;  ///< again and again, until Ctrl-C
};
/// `tributary status`: 0 when nothing needs attention, 1 when something does or there is no answer.
int status_command(const StatusOptions& options);

struct TapOptions {
  RunningOptions running;
  std::vector<std::string> types, connectors;
  bool json = false;
  std::uint64_t count = 0;  ///< so many events, then it ends; 0: until Ctrl-C
};
/// `tributary tap`: 0 at Ctrl-C or when `count` have come, 1 when the relay has gone or is not there.
int tap_command(const TapOptions& options);

/// Ours, e.g. "0.4.0".
std::string_view version();
/// `tributary --version`: ours and every linked library's.
std::string version_text();

}  // namespace tributary::daemon
