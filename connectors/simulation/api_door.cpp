#include "connectors/simulation/api_door.hpp"

#include <boost/asio/steady_timer.hpp>
#include <utility>

#include "text/url.hpp"

namespace tributary::connectors {

void ApiDoor::start(const SimulatorOptions& options, std::uint16_t port, net::HttpServer::Serve serve) {
  net::HttpServer::Settings listening;
  listening.host = options.host;
  listening.port = port;
  listening.tls = {options.certificate, options.key, {}};
  server_ = net::HttpServer::listen(io_, listening, std::move(serve));
  text::Url url;
  url.host = options.host;
  url.port = server_->port();
  url_ = (options.certificate.empty() ? "http://" : "https://") + url.host_and_port() + "/";
}

void ApiDoor::answer(net::ServedReply what, const net::HttpServer::Reply& reply) {
  if (delay_.count() == 0) return reply(std::move(what));
  const auto later = std::make_shared<boost::asio::steady_timer>(io_, delay_);
  later->async_wait([later, what = std::move(what), reply](const boost::system::error_code& cancelled) {
    if (!cancelled) reply(what);
  });
}

net::ServedReply json_reply(std::string json, int status) {
  return {status, {{"Content-Type", "application/json"}}, std::move(json) + "\n"};
}

}  // namespace tributary::connectors
