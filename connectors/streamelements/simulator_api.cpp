#include "connectors/streamelements/simulator_api.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "text/percent.hpp"
#include "text/time.hpp"

namespace tributary::connectors::streamelements {
namespace {

constexpr std::string_view place = "/kappa/v2/activities/";

net::ServedReply refused_reply(int status, std::string_view error, std::string_view words) {
  return json_reply("{\"statusCode\":" + std::to_string(status) + ",\"error\":\"" + std::string(error) +
                        "\",\"message\":\"" + std::string(words) + "\"}",
                    status);
}

/// The value of `name` in a query, decoded; none: it is not there.
std::optional<std::string> parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const auto pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    const auto equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == name) {
      return text::percent_decoded(pair.substr(equals + 1));
    }
  }
  return std::nullopt;
}

std::optional<std::size_t> limit_of(const std::optional<std::string>& text) {
  constexpr std::size_t default_limit = 25, most = 500;
  if (!text) return default_limit;
  std::size_t limit = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), limit);
  const bool good = error == std::errc{} && end == text->data() + text->size() && limit >= 1 && limit <= most;
  return good ? std::optional(limit) : std::nullopt;
}

}  // namespace

SimulatorApi::SimulatorApi(boost::asio::io_context& io, const SimulatorSettings& settings, Accepts accepts)
    : settings_(settings), accepts_(std::move(accepts)), door_(io, settings.api_delay) {}

void SimulatorApi::start(const SimulatorOptions& options) {
  door_.start(options, settings_.api_port,
              [this](const net::ServedRequest& request, const net::HttpServer::Reply& reply) {
                if (!history_.spoils(settings_, door_, reply)) door_.answer(activities(request), reply);
              });
}

net::ServedReply SimulatorApi::activities(const net::ServedRequest& request) const {
  const std::string_view target = request.target;
  const auto path = target.substr(0, target.find('?'));
  const auto query = path.size() == target.size() ? std::string_view{} : target.substr(path.size() + 1);
  if (request.method != "GET" || !path.starts_with(place)) return refused_reply(404, "Not Found", "no such place");

  const std::string who = request.header("Authorization");
  const auto space = who.find(' ');
  const auto scheme = who.substr(0, space);
  if (scheme != "Bearer" && scheme != "oAuth") {
    return refused_reply(401, "Unauthorized", "No authorization token was found");
  }
  if (!accepts_(std::string_view(who).substr(std::min(space + 1, who.size())))) {
    return refused_reply(401, "Unauthorized", "Invalid token");
  }
  if (path.substr(place.size()) != settings_.channel) return refused_reply(403, "Forbidden", "not your channel");

  const auto after = parameter(query, "after"), before = parameter(query, "before");
  const auto from = text::parse_time(after.value_or("")), to = text::parse_time(before.value_or(""));
  const auto limit = limit_of(parameter(query, "limit"));
  if (!from || !to || !limit) return refused_reply(400, "Bad Request", "after, before and limit are needed");
  std::string rows;
  const auto most = std::min<std::size_t>(*limit, settings_.history_page);
  for (const auto* said : history_.newest(settings_.channel, *from, *to, most)) {
    rows += (rows.empty() ? "" : ",") + said->json;
  }
  return json_reply("[" + rows + "]");
}

}  // namespace tributary::connectors::streamelements
