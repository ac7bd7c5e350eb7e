#include "daemon/check_try.hpp"

#include <cstdio>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "connectors/registry.hpp"
#include "daemon/channel_sink.hpp"
#include "daemon/marks_of.hpp"
#include "relay/routes.hpp"
#include "relay/where.hpp"
#include "schema/document.hpp"
#include "text/printable.hpp"

namespace tributary::daemon {
namespace {

constexpr std::size_t longest_event = std::size_t{16} << 20U;

void say(const std::string& line) { std::printf("%s\n", text::printable(line).c_str()); }

/// One line of the file, as far as routes and channel sinks look at it.
struct Tried {
  event::Event event;
  std::string connector;  ///< "": it does not say
};

/// "" : the text is one; else why it is none.
std::string read_event(const std::string& line, Tried& tried) {
  const auto json = nlohmann::json::parse(line, nullptr, false);
  if (json.is_discarded()) return "not JSON";
  if (!json.is_object()) return "expected an event, a JSON object";
  for (const auto* key : {"_id", "type"}) {
    if (!json.contains(key) || !json[key].is_string()) return std::string("expected a text at `") + key + "`";
  }
  const auto relay = json.value("relay", nlohmann::json::object());
  const auto word = [&](const char* key) {
    return relay.is_object() && relay.contains(key) && relay[key].is_string() ? relay[key].get<std::string>()
                                                                              : std::string();
  };
  tried.connector = word("connector");
  auto& event = tried.event;
  event.text = line;
  event.json = {0, static_cast<std::uint32_t>(line.size())};
  const auto append = [&](const std::string& part) {
    const event::Slice slice{static_cast<std::uint32_t>(event.text.size()), static_cast<std::uint32_t>(part.size())};
    event.text += part;
    return slice;
  };
  event.id = append(json["_id"].get<std::string>());
  event.type = append(json["type"].get<std::string>());
  event.upstream_channel = append(word("upstreamChannel"));
  if (const auto* entry = connectors::find(word("source"))) event.source = entry->name;
  return {};
}

/// The configuration, ready to be asked.
class Trier {
 public:
  explicit Trier(const config::Settings& settings) : settings_(settings) {
    const auto marks = std::make_shared<event::MarkHolder>();
    auto wanted = marks_of(settings);  // a key that cannot be read has been told of; then nothing is signed
    marks->set(std::holds_alternative<event::MarksPtr>(wanted)
                   ? std::get<event::MarksPtr>(std::move(wanted))
                   : std::make_shared<const event::Marks>(event::Marks::Settings{settings.instance, {}, {}, {}}));
    for (const auto& sink : settings.sinks) {
      const auto* common = sink.settings->channel();
      if (common == nullptr) continue;
      channels_.emplace(
          sink.name, Channel{channel_target(sink, *settings.connector(common->connector)), content_of(*common, marks)});
    }
    for (const auto& route : settings.routes) {
      routes_.push_back({route.from, route.types, relay::Targets{1}, relay::where(route.where)});
    }
  }

  void tell(const Tried& tried, const event::Now& now) {
    schema::Document document;
    document.read(tried.event.json_text());
    std::vector<std::string> taken;
    for (std::size_t i = 0; i < routes_.size(); ++i) {
      const relay::RoutesFrom from({routes_[i]}, tried.connector);
      if (from.of(tried.event.type_text(), document).none()) continue;
      say("  routes[" + std::to_string(i) + "] takes it, to " + listed(settings_.routes[i].to));
      for (const auto& sink : settings_.routes[i].to) {
        if (std::find(taken.begin(), taken.end(), sink) == taken.end()) taken.push_back(sink);
      }
    }
    if (taken.empty()) say("  no route takes it");
    for (const auto& sink : taken) {
      const auto channel = channels_.find(sink);
      if (channel != channels_.end()) say("  " + sink + words_of(channel->second, tried, now));
    }
  }

 private:
  struct Channel {
    relay::Target target;
    sinks::channel::Content content;
  };

  static std::string listed(const std::vector<std::string>& names) {
    std::string all;
    for (const auto& name : names) all += (all.empty() ? "" : ", ") + name;
    return all;
  }

  static std::string words_of(const Channel& channel, const Tried& tried, const event::Now& now) {
    const auto& [target, content] = channel;
    const bool own = target.connector == tried.connector ||
                     (target.source == tried.event.source && target.channel == tried.event.upstream_channel_text());
    if (own) return " says nothing: it was heard on that channel";
    const auto said = content(tried.event, now);
    return said.empty() ? " says nothing: its template makes an empty text of it" : " says: " + said;
  }

  const config::Settings& settings_;
  std::map<std::string, Channel> channels_;
  std::vector<relay::Route> routes_;
};

}  // namespace

int check_try(const config::Settings& settings, const std::filesystem::path& file) {
  std::ifstream lines(file);
  if (!lines) throw std::runtime_error(file.string() + ": cannot be read");
  Trier trial(settings);
  const event::Now now{std::chrono::steady_clock::now(),
                       std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now())};
  int faults = 0;
  std::string line;
  for (std::uint64_t number = 1; std::getline(lines, line); ++number) {
    if (line.empty()) continue;
    const std::string place = file.string() + ":" + std::to_string(number) + ": ";
    Tried tried;
    const auto fault =
        line.size() > longest_event ? std::string("longer than an event can be") : read_event(line, tried);
    if (!fault.empty()) {
      say("fault  " + place + fault);
      ++faults;
      continue;
    }
    const bool known = settings.connector(tried.connector) != nullptr;
    say(place + std::string(tried.event.type_text()) + " " + std::string(tried.event.id_text()) + " of " +
        (tried.connector.empty() ? "no connector: `relay.connector` is missing" : tried.connector) +
        (known || tried.connector.empty() ? "" : ", which is not in this configuration"));
    trial.tell(tried, now);
  }
  return faults;
}

}  // namespace tributary::daemon
