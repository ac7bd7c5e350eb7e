#include "daemon/advice.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "config/spelling.hpp"
#include "connectors/registry.hpp"
#include "daemon/cycles.hpp"
#include "sinks/registry.hpp"

namespace tributary::daemon {
namespace {

bool has(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool takes_from(const config::Route& route, const config::NamedSettings& connector) {
  return route.from.empty() || has(route.from, connector.name);
}

/// `a`, `b`.
std::string listed(const std::vector<std::string_view>& names) {
  std::string text;
  for (const auto name : names) text += (text.empty() ? "" : ", ") + config::quote(name);
  return text;
}

/// Looks at one sound configuration. Lives for one call.
class Advisor {
 public:
  Advisor(const config::Loaded& loaded, const config::Settings& settings) : loaded_(loaded), settings_(settings) {
    for (const auto& connector : settings_.connectors) {
      kind_of_.emplace(connector.name, connector.type);
      auto said = types(connector);  // some connectors of a kind may say more than others
      if (auto& most = kinds_[connector.type]; most.canonical.size() < said.canonical.size()) most = std::move(said);
    }
    for (const auto& route : settings_.routes) {
      all_routed_ = all_routed_ || route.from.empty();
      routed_.insert(route.from.begin(), route.from.end());
    }
  }

  std::vector<config::Fault> all() {
    empty_part("connectors", settings_.connectors.empty(), "nothing is read: there is no connector");
    empty_part("connectors", !settings_.connectors.empty() && !any_enabled(),
               "nothing is read: no connector is enabled");
    empty_part("sinks", settings_.sinks.empty(), "nothing is delivered: there is no sink");
    empty_part("routes", settings_.routes.empty(),
               "nothing is delivered: there is no route; `- {to: [SINK]}` takes every event there");
    for (std::size_t i = 0; i < settings_.routes.size(); ++i) {
      disabled_in(settings_.routes[i], i);
      types_of(settings_.routes[i], i);
    }
    for (const auto& connector : settings_.connectors) {
      if (connector.enabled) look_at(connector);
    }
    channels();
    return std::move(warnings_);
  }

 private:
  void warn(const std::string& path, std::string message) {
    auto place = loaded_.places.find(path);
    if (place == loaded_.places.end()) place = loaded_.places.find("version");  // the whole file, then
    config::Fault fault{place == loaded_.places.end() ? config::Place{} : place->second, path, std::move(message)};
    if (place != loaded_.places.end() && place->first != path) fault.place.line = 0;
    warnings_.push_back(std::move(fault));
  }

  bool any_enabled() const {
    return std::any_of(settings_.connectors.begin(), settings_.connectors.end(),
                       [](const auto& connector) { return connector.enabled; });
  }

  void empty_part(const std::string& key, bool empty, const std::string& message) {
    if (empty) warn(key, message);
  }

  void disabled_in(const config::Route& route, std::size_t number) {
    for (std::size_t i = 0; i < route.from.size(); ++i) {
      const auto* const connector = settings_.connector(route.from[i]);
      if (connector == nullptr || connector->enabled) continue;
      warn(config::item_path(config::item_path("routes", number) + ".from", i),
           "the connector " + config::quote(route.from[i]) + " is disabled: nothing comes from it");
    }
  }

  void types_of(const config::Route& route, std::size_t number) {
    if (route.types.empty() || kinds_.empty()) return;
    std::set<std::string_view> here;
    for (const auto& name : route.from) here.insert(kind_of_.find(name)->second);
    std::vector<std::string_view> known, open, elsewhere;
    for (const auto& [kind, types] : kinds_) {
      const bool mine = route.from.empty() || here.count(kind) != 0;
      auto& into = mine ? known : elsewhere;
      into.insert(into.end(), types.canonical.begin(), types.canonical.end());
      if (mine && types.open) open.push_back(kind);
    }
    for (std::size_t i = 0; i < route.types.size(); ++i) {
      const std::string& type = route.types[i];
      if (std::find(known.begin(), known.end(), type) != known.end()) continue;
      warn(config::item_path(config::item_path("routes", number) + ".types", i),
           sentence(type, known, open, std::find(elsewhere.begin(), elsewhere.end(), type) != elsewhere.end()));
    }
  }

  static std::string sentence(const std::string& type, const std::vector<std::string_view>& known,
                              const std::vector<std::string_view>& open, bool elsewhere) {
    if (type.find_first_of("*?") != std::string::npos) {
      return config::quote(type) + " is no type, and there are no patterns of types; leave `types` out to take all";
    }
    if (elsewhere) return "no upstream in this route's `from` has type " + config::quote(type) + ", others have";
    std::string text = "no upstream has type " + config::quote(type);
    if (const auto near = config::nearest(type, known)) return text + "; did you mean " + config::quote(*near) + "?";
    if (!open.empty()) return text + " that is known; " + listed(open) + " may send more types than those";
    return text + "; the types are in docs/CONSUMING.md";
  }

  void channels() {
    for (const auto& cycle : cycles_of(settings_)) {
      std::string way;
      for (const auto& name : cycle.way) way += (way.empty() ? "" : " -> ") + name;
      warn("sinks." + config::path_element(cycle.sink),
           "what it says can come round: " + way +
               (cycle.marked
                    ? "; the marks in its envelopes stop that, unless somebody takes them off: then the breaker does"
                    : "; a text or a bare event has no mark: only what was heard a moment ago, `rate` and "
                      "`breaker` hold it"));
    }
    for (const auto& sink : settings_.sinks) {
      const auto* common = sink.settings->channel();
      const auto* connector = common == nullptr ? nullptr : settings_.connector(common->connector);
      if (connector == nullptr || connector->enabled) continue;
      warn("sinks." + config::path_element(sink.name) + ".connector",
           "says nothing: the connector " + config::quote(connector->name) + " is not enabled");
    }
    for (const auto& deaf : deaf_sinks_of(settings_)) {
      warn("sinks." + config::path_element(deaf.sink), "says nothing: its routes lead from its own channel alone (" +
                                                           config::quote(deaf.connector) +
                                                           "), and what is heard there is not said there again");
    }
  }

  /// It may be there only for what a channel sink says on it.
  bool serves(const config::NamedSettings& connector) const {
    return std::any_of(settings_.sinks.begin(), settings_.sinks.end(), [&](const auto& sink) {
      const auto* common = sink.settings->channel();
      return common != nullptr && common->connector == connector.name;
    });
  }

  void look_at(const config::NamedSettings& connector) {
    const std::string path = "connectors." + config::path_element(connector.name);
    if (!settings_.routes.empty() && !all_routed_ && routed_.count(connector.name) == 0 && !serves(connector)) {
      warn(path, "no route takes events from it: all of them are lost");
    }
    const auto key = types(connector).state_key;
    if (key.empty() || state_taken(connector)) return;
    warn(path + "." + std::string(key),
         "session state goes nowhere: no sink of its routes takes it; set `topics.state` of a kafka sink");
  }

  bool state_taken(const config::NamedSettings& connector) const {
    const auto takes = [&](const config::NamedSettings& sink) {
      const auto* type = sinks::find(sink.type);
      const auto takes_state = type != nullptr ? type->takes_state : nullptr;
      return takes_state != nullptr && takes_state(sink);
    };
    return std::any_of(settings_.routes.begin(), settings_.routes.end(), [&](const config::Route& route) {
      return takes_from(route, connector) &&
             std::any_of(settings_.sinks.begin(), settings_.sinks.end(),
                         [&](const auto& sink) { return has(route.to, sink.name) && takes(sink); });
    });
  }

  static connectors::Types types(const config::NamedSettings& connector) {
    return connectors::find(connector.type)->types(connector.as<connectors::Settings>());
  }

  const config::Loaded& loaded_;
  const config::Settings& settings_;
  std::map<std::string_view, std::string_view> kind_of_;  // of each connector
  std::map<std::string_view, connectors::Types> kinds_;   // what each kind that is configured can say
  std::set<std::string_view> routed_;                     // the connectors that some route names
  bool all_routed_ = false;
  std::vector<config::Fault> warnings_;
};

}  // namespace

std::vector<config::Fault> advice_on(const config::Loaded& loaded) {
  if (!loaded.settings) return {};
  return Advisor(loaded, *loaded.settings).all();
}

}  // namespace tributary::daemon
