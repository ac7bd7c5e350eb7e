#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace tributary::net {

/// Takes in the TCP connections of one address, for as long as nobody stops it; goes on after it ran out of
/// descriptors. Kept alive by its pending I/O. Thread: its owner's.
class AcceptLoop : public std::enable_shared_from_this<AcceptLoop> {
 public:
  using Accepted = std::function<void(boost::asio::ip::tcp::socket socket)>;

  /// Listens at once; `accepted` is called from the event loop. Throws std::invalid_argument when `host` is no address,
  /// std::system_error when the port cannot be had. `port` 0: a free one.
  static std::shared_ptr<AcceptLoop> start(boost::asio::io_context& io, const std::string& host, std::uint16_t port,
                                           Accepted accepted);
  explicit AcceptLoop(boost::asio::io_context& io) : acceptor_(io), retry_(io) {}

  std::uint16_t port() const { return port_; }
  void stop();

 private:
  void accept();
  void accept_later();

  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer retry_;
  Accepted accepted_;
  std::uint16_t port_ = 0;
};

}  // namespace tributary::net
