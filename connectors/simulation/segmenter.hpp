#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace tributary::connectors {

/// A TCP door before the simulated server, for what a websocket library does not do by itself: bytes to the client go
/// out in small segments, or a connection is taken and never answered.
/// Owned by the simulator. Thread: its owner's. Failure: the constructor throws std::system_error when the port cannot
/// be had.
class Segmenter {
 public:
  /// `segment_bytes` 0: connections are taken and left in silence. `inner_port` is on loopback.
  Segmenter(boost::asio::io_context& io, const std::string& host, std::uint16_t port, std::uint16_t inner_port,
            std::size_t segment_bytes);
  ~Segmenter();
  Segmenter(const Segmenter&) = delete;
  Segmenter& operator=(const Segmenter&) = delete;

  std::uint16_t port() const;
  void stop();

 private:
  class Relay;
  void accept();

  boost::asio::io_context& io_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::ip::tcp::endpoint inner_;
  std::size_t segment_bytes_;
  std::vector<std::weak_ptr<Relay>> relays_;
};

}  // namespace tributary::connectors
