#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "admin/client.hpp"
#include "admin/sent_event_reader.hpp"
#include "daemon/commands.hpp"
#include "daemon/running.hpp"
#include "daemon/signals.hpp"
#include "text/percent.hpp"
#include "text/printable.hpp"

namespace tributary::daemon {
namespace {

std::string path_of(const TapOptions& options) {
  std::string path = "/events";
  const auto add = [&](const char* name, const std::string& value) {
    path += (path.find('?') == std::string::npos ? "?" : "&") + std::string(name) + "=" + text::percent_encoded(value);
  };
  for (const auto& type : options.types) add("type", type);
  for (const auto& connector : options.connectors) add("connector", connector);
  if (options.count != 0) add("limit", std::to_string(options.count));
  return path;
}

void say_dropped(const std::string& data) {
  const auto json = nlohmann::json::parse(data, nullptr, false);
  const auto count = json.is_object() ? json.value("count", std::uint64_t{0}) : 0;
  complain(std::to_string(count) + " events are not shown: this reader is too slow", failed);
}

/// False: it could not be written.
bool print_event(const std::string& data, bool json) {
  const std::string line = json ? text::printable_json(data) : admin::tap_line(data);
  std::printf("%s\n", line.c_str());
  return std::ferror(stdout) == 0;
}

}  // namespace

int tap_command(const TapOptions& options) {
  const auto found = find_running(options.running);
  if (!found.target) return complain(found.fault, failed);
  end_well_at_ctrl_c();
  admin::SentEventReader reader;
  std::uint64_t shown = 0;
  bool printed = true;
  const auto done = [&] { return options.count != 0 && shown >= options.count; };
  const auto answer = admin::follow(*found.target, path_of(options), [&](std::string_view piece) {
    for (const auto& one : reader.take(piece)) {
      if (one.name == "dropped") {
        say_dropped(one.data);
      } else if (one.name.empty() && !done()) {
        printed = print_event(one.data, options.json);
        ++shown;
      }
    }
    return printed && !done();
  });
  if (!printed) return answered(failed);
  if (done()) return answered(ended_well);
  if (answer.status == 200) return complain("the relay has gone: it ended the stream of events", failed);
  return complain(
      answer.fault.empty() ? "/events answers " + std::to_string(answer.status) + ": " + answer.body : answer.fault,
      failed);
}

}  // namespace tributary::daemon
