#include "connectors/simulation/history.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "connectors/simulation/behaviours.hpp"

namespace tributary::connectors {

HistorySettings::Fault HistorySettings::read_fault(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, Fault>, 7> faults{{{"401", Fault::unauthorized},
                                                                             {"403", Fault::forbidden},
                                                                             {"429", Fault::limited},
                                                                             {"500", Fault::broken},
                                                                             {"nonsense", Fault::nonsense},
                                                                             {"silent", Fault::silent},
                                                                             {"reset", Fault::reset}}};
  const auto found = std::find_if(faults.begin(), faults.end(), [&](const auto& line) { return line.first == text; });
  if (found == faults.end()) throw BadValue{};
  return found->second;
}

void History::add(std::string_view channel, std::string_view json, event::WallTime at) {
  if (said_.size() >= limit) said_.pop_front();
  said_.push_back({std::string(channel), std::string(json), at});
}

std::vector<const History::Said*> History::newest(std::string_view channel, event::WallTime from, event::WallTime to,
                                                  std::size_t most) const {
  std::vector<const Said*> found;
  for (auto said = said_.rbegin(); said != said_.rend() && found.size() < most; ++said) {
    if (said->channel == channel && said->at >= from && said->at < to) found.push_back(&*said);
  }
  return found;
}

bool History::spoils(const HistorySettings& settings, ApiDoor& door, const net::HttpServer::Reply& reply) {
  using Fault = HistorySettings::Fault;
  ++asked_;
  if (settings.history_fault_times != 0 && asked_ > settings.history_fault_times) return false;
  const auto refuse = [&](int status, const std::string& words) {
    auto refused = json_reply("{\"statusCode\":" + std::to_string(status) + ",\"message\":\"" + words + "\"}", status);
    if (settings.history_fault == Fault::limited) {
      refused.headers.emplace_back("Retry-After", std::to_string(settings.retry_after.count()));
    }
    door.answer(std::move(refused), reply);
  };
  switch (settings.history_fault) {
    case Fault::none:
      return false;
    case Fault::unauthorized:
      refuse(401, "No authorization token was found");
      break;
    case Fault::forbidden:
      refuse(403, "not allowed");
      break;
    case Fault::limited:
      refuse(429, "slowly");
      break;
    case Fault::broken:
      refuse(500, "simulated");
      break;
    case Fault::nonsense:
      door.answer({200, {{"Content-Type", "text/html"}}, "<html>sign in</html>\n"}, reply);
      break;
    case Fault::reset:
      door.answer({200, {}, {}, true}, reply);
      break;
    case Fault::silent:
      break;
  }
  return true;
}

}  // namespace tributary::connectors
