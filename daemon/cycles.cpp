#include "daemon/cycles.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "connectors/registry.hpp"

namespace tributary::daemon {
namespace {

bool names(const std::vector<std::string>& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

/// From one connector through one sink to a connector that hears what it says.
struct Step {
  std::string from, sink, to;
  bool marked = false;
};

/// Who hears and says what, as the configuration has it.
class Map {
 public:
  explicit Map(const config::Settings& settings) : settings_(settings) {
    for (const auto& connector : settings.connectors) {
      if (!connector.enabled) continue;
      const auto protocol =
          connectors::find(connector.type)->protocol(connector.name, connector.shared<connectors::Settings>());
      heard_[connector.name] = protocol->channels();
    }
  }

  /// The connectors from which a route leads to this sink.
  std::vector<const config::NamedSettings*> leading_to(const config::NamedSettings& sink) const {
    std::vector<const config::NamedSettings*> all;
    for (const auto& connector : settings_.connectors) {
      const bool led = std::any_of(settings_.routes.begin(), settings_.routes.end(), [&](const auto& route) {
        return names(route.to, sink.name) && (route.from.empty() || names(route.from, connector.name));
      });
      if (led && connector.enabled) all.push_back(&connector);
    }
    return all;
  }
  /// Where this sink speaks; nowhere: it is no channel sink, or its connector does not run.
  std::optional<std::string> channel_of(const config::NamedSettings& sink) const {
    const auto* common = sink.settings->channel();
    const auto* speaker = common == nullptr ? nullptr : settings_.connector(common->connector);
    if (speaker == nullptr || !speaker->enabled) return std::nullopt;
    const auto* channel = connectors::find(sink.type)->channel;
    if (channel == nullptr || channel->channel == nullptr) return std::nullopt;
    return channel->channel(*sink.settings, speaker->as<connectors::Settings>(), speaker->name);
  }
  bool hears(const config::NamedSettings& connector, const std::string& type, const std::string& channel) const {
    const auto found = heard_.find(connector.name);
    return connector.type == type && found != heard_.end() && names(found->second, channel);
  }
  /// Is it the connector of the sink, or does it hear nothing but the sink's own channel?
  bool is_its_own(const config::NamedSettings& connector, const config::NamedSettings& sink,
                  const std::string& channel) const {
    if (connector.name == sink.settings->channel()->connector) return true;
    return hears(connector, sink.type, channel) && heard_.at(connector.name).size() == 1;
  }

  std::vector<Step> steps() const {
    std::vector<Step> steps;
    for (const auto& sink : settings_.sinks) {
      const auto channel = channel_of(sink);
      if (!channel) continue;
      for (const auto* from : leading_to(sink)) {
        if (is_its_own(*from, sink, *channel)) continue;
        for (const auto& to : settings_.connectors) {
          if (!hears(to, sink.type, *channel)) continue;
          const bool marked = sink.settings->channel()->format == config::ChannelFormat::envelope;
          steps.push_back({from->name, sink.name, to.name, marked});
        }
      }
    }
    return steps;
  }

 private:
  const config::Settings& settings_;
  std::map<std::string, std::vector<std::string>> heard_;  ///< channels, by connector
};

/// The shortest way from where this step ends back to where it begins; none: empty. Breadth first.
std::vector<const Step*> way_back(const std::vector<Step>& steps, const Step& first) {
  std::map<std::string, const Step*> came_by{{first.to, nullptr}};
  std::deque<std::string> next{first.to};
  while (!next.empty() && came_by.count(first.from) == 0) {
    const std::string at = next.front();
    next.pop_front();
    for (const Step& step : steps) {
      if (step.from == at && came_by.emplace(step.to, &step).second) next.push_back(step.to);
    }
  }
  std::vector<const Step*> way;
  if (came_by.count(first.from) == 0) return way;
  for (const Step* step = came_by[first.from]; step != nullptr; step = came_by[step->from]) way.push_back(step);
  std::reverse(way.begin(), way.end());
  return way;
}

}  // namespace

std::vector<Cycle> cycles_of(const config::Settings& settings) {
  const auto steps = Map(settings).steps();
  std::vector<Cycle> cycles;
  std::set<std::string> told;
  for (const Step& step : steps) {
    if (told.count(step.sink) != 0) continue;
    const auto back = way_back(steps, step);
    if (back.empty()) continue;
    told.insert(step.sink);
    Cycle cycle{step.sink, {step.from, step.sink, step.to}, step.marked};
    for (const Step* one : back) {
      cycle.way.push_back(one->sink), cycle.way.push_back(one->to);
      cycle.marked = cycle.marked && one->marked;
    }
    cycles.push_back(std::move(cycle));
  }
  return cycles;
}

std::vector<Deaf> deaf_sinks_of(const config::Settings& settings) {
  const Map map(settings);
  std::vector<Deaf> deaf;
  for (const auto& sink : settings.sinks) {
    const auto channel = map.channel_of(sink);
    const auto leading = map.leading_to(sink);
    if (!channel || leading.empty()) continue;
    const bool all = std::all_of(leading.begin(), leading.end(),
                                 [&](const auto* from) { return map.is_its_own(*from, sink, *channel); });
    if (all) deaf.push_back({sink.name, leading.front()->name});
  }
  return deaf;
}

}  // namespace tributary::daemon
