#include "daemon/reload.hpp"

#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "daemon/vocabulary.hpp"

namespace tributary::daemon {
namespace {

constexpr std::string_view log_level = "log.level";

std::string prefix_of(const config::NamedSettings& connector) {
  return "connectors." + config::path_element(connector.name) + ".";
}

void add(std::string& list, const std::string& path) {
  if (!list.empty()) list += ", ";
  list += path;
}

/// `connectors.NAME` or `sinks.NAME` for a key of one that was added or removed, else the key itself.
std::string whole_of(const std::string& path, const config::Values& one, const config::Values& other) {
  const auto begin = path.find('.') + 1;
  if (path.rfind("connectors.", 0) != 0 && path.rfind("sinks.", 0) != 0) return path;
  const auto end = path[begin] == '"' ? path.find('"', begin + 1) + 1 : path.find('.', begin);
  const std::string whole = path.substr(0, end);
  return one.count(whole + ".type") == other.count(whole + ".type") ? path : whole;
}

/// The connector that a path is of, as it is in `names`; null when it is of none of them.
config::NamedSettings* owner(const std::string& path, const std::map<std::string, config::NamedSettings*>& names) {
  constexpr std::string_view section = "connectors.";
  if (path.rfind(section, 0) != 0) return nullptr;
  const bool quoted = path[section.size()] == '"';
  const auto begin = section.size() + (quoted ? 1 : 0);
  const auto found = names.find(path.substr(begin, path.find(quoted ? '"' : '.', begin) - begin));
  return found == names.end() ? nullptr : found->second;
}

/// It runs, and ran with these values as the same type.
bool changeable(const config::NamedSettings& connector, const config::Values& before) {
  const auto was = [&](const char* key, std::string_view value) {
    const auto found = before.find(prefix_of(connector) + key);
    return found != before.end() && found->second == value;
  };
  return connector.enabled && was("enabled", "true") && was("type", connector.type);
}

}  // namespace

void Reload::run(App& app) {
  auto loaded = config::load(file_, vocabulary());
  for (const auto& fault : loaded.faults) refuse(config::format(fault));
  if (!loaded.settings) return;
  auto& connectors = loaded.settings->connectors;
  const auto values = config::values_of(app.settings(), vocabulary());
  const auto wanted = config::values_of(*loaded.settings, vocabulary());

  std::map<std::string, config::NamedSettings*> names;
  for (auto& connector : connectors) names.emplace(connector.name, &connector);
  std::map<std::string, std::string> changed;  // connector → its keys
  std::string others;
  std::set<std::string> told;
  bool level_changed = false;
  for (const auto& path : config::differences(values, wanted)) {
    if (path == log_level) {
      level_changed = true;
      continue;
    }
    const auto* const of = owner(path, names);
    if (of != nullptr && changeable(*of, values)) {
      add(changed[of->name], path);
    } else if (auto whole = whole_of(path, values, wanted); !told.count(whole)) {
      add(others, whole);
      told.insert(std::move(whole));
    }
  }
  if (!others.empty()) return refuse("a restart is needed for " + others);
  if (changed.empty() && !level_changed) return telemetry_.emit(LogEvent::reloaded, "", "nothing has changed");

  std::vector<config::NamedSettings> settings;
  for (auto& connector : connectors) {
    if (changed.count(connector.name) != 0) settings.push_back(std::move(connector));
  }
  for (const auto& name : app.adopt(std::move(settings))) add(others, changed[name]);
  if (!others.empty()) return refuse("a restart is needed for " + others);
  if (level_changed) {
    app.log_level(loaded.settings->log.level);
    log_.level(loaded.settings->log.level);
    telemetry_.emit(LogEvent::reloaded, "", "changed: " + std::string(log_level));
  }
  for (const auto& [name, keys] : changed) telemetry_.emit(LogEvent::reloaded, name, "changed: " + keys);
}

void Reload::refuse(const std::string& why) {
  telemetry_.emit(LogEvent::reload_refused, "", why + "; the running configuration goes on");
}

}  // namespace tributary::daemon
