#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "connectors/simulation/simulator.hpp"
#include "net/http_server.hpp"

namespace tributary::connectors {

/// The HTTP door of a simulated upstream, beside its socket, with the certificate of that. Owned by the Play, ends
/// before its io_context. Thread: its owner's.
class ApiDoor {
 public:
  /// `delay`: until a request is answered.
  ApiDoor(boost::asio::io_context& io, std::chrono::milliseconds delay) : io_(io), delay_(delay) {}

  /// `port` 0: a free one. Throws as Simulator::start does.
  void start(const SimulatorOptions& options, std::uint16_t port, net::HttpServer::Serve serve);
  void stop() { server_.reset(); }
  std::string url() const { return url_; }  ///< "" before the start
  void answer(net::ServedReply what, const net::HttpServer::Reply& reply);

 private:
  boost::asio::io_context& io_;
  std::chrono::milliseconds delay_;
  std::unique_ptr<net::HttpServer> server_;
  std::string url_;
};

/// JSON with a line feed.
net::ServedReply json_reply(std::string json, int status = 200);

}  // namespace tributary::connectors
