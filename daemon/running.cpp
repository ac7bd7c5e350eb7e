#include "daemon/running.hpp"

#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <system_error>
#include <variant>

#include "config/load.hpp"
#include "config/secret.hpp"
#include "daemon/commands.hpp"
#include "daemon/vocabulary.hpp"
#include "text/printable.hpp"
#include "text/url.hpp"

namespace tributary::daemon {
namespace {

/// What reading secrets by commands may take.
constexpr std::chrono::minutes reload_patience{5};

admin::Found by_url(const RunningOptions& options) {
  std::string fault;
  const auto url = text::parse_url(options.url, {"http", "https"}, fault);
  if (!url) return {{}, "--url: " + fault};
  if (url->has_user_info() || url->path() != "/" || !url->query().empty()) {
    return {{}, "--url: expected no more than http://host:port"};
  }
  admin::AskedProgram target{url->origin(), {}};
  if (options.token_file.empty()) return {std::move(target), {}};
  config::Secret secret;
  secret.kind = config::Secret::Kind::file;
  secret.name = secret.path = options.token_file;
  auto read = config::SecretReader().read(secret);
  if (const auto* unread = std::get_if<config::SecretFault>(&read)) return {{}, "--token-file: " + unread->message};
  target.token = std::get<config::SecretValue>(read).reveal();
  return {std::move(target), {}};
}

void print_line(const char* kind, const std::string& line) {
  std::printf("%s%s\n", kind, text::printable(line).c_str());
}

}  // namespace

std::filesystem::path known_as(const std::filesystem::path& configuration) {
  std::error_code odd;
  const auto whole = std::filesystem::absolute(configuration, odd).lexically_normal();
  return odd ? configuration : whole;
}

admin::Found find_running(const RunningOptions& options) {
  if (!options.url.empty()) return by_url(options);
  if (!options.token_file.empty()) return {{}, "--token-file is for --url: without it the run file has a token"};
  std::filesystem::path file = options.configuration;
  if (file.empty()) {
    const auto found = config::default_path();
    if (!found) return admin::find_running({}, {});
    file = *found;
  }
  const auto loaded = config::load(file, vocabulary());
  auto found = admin::find_running(loaded.state_directory, known_as(file));
  if (!found.target && !loaded.faults.empty()) {
    found.fault = "which relay runs with " + file.string() +
                  " cannot be told, as the file has a fault: " + config::format(loaded.faults.front()) +
                  "; with --url the file is not needed";
  }
  return found;
}

int reload_command(const RunningOptions& options) {
  const auto found = find_running(options);
  if (!found.target) return complain(found.fault, failed);
  const auto response = admin::ask(*found.target, "POST", "/reload", reload_patience);
  if (!response.fault.empty()) return complain(response.fault, failed);
  const auto answer = nlohmann::json::parse(response.body, nullptr, false);
  if (!answer.is_object() || !answer.value("applied", nlohmann::json()).is_boolean()) {
    return complain(found.target->url + " answers something else than expected: is it another version?", failed);
  }
  if (answer["applied"].get<bool>()) {
    print_line("", "reloaded: " + answer.value("changes", std::string()));
    return answered(ended_well);
  }
  for (const auto& fault : answer.value("faults", nlohmann::json::array())) {
    if (fault.is_string()) print_line("fault  ", fault.get<std::string>());
  }
  complain("nothing has changed: the running configuration goes on", bad_usage);
  return answered(bad_usage);
}

}  // namespace tributary::daemon
