#include "net/accept_loop.hpp"

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <stdexcept>
#include <utility>

namespace tributary::net {

using boost::asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr int waiting_connections = 4096;
constexpr std::chrono::milliseconds out_of_descriptors{100};

}  // namespace

std::shared_ptr<AcceptLoop> AcceptLoop::start(boost::asio::io_context& io, const std::string& host, std::uint16_t port,
                                              Accepted accepted) {
  error_code no_address;
  const auto address = boost::asio::ip::make_address(host, no_address);
  if (no_address) throw std::invalid_argument(host + " is no address; expected one such as 127.0.0.1 or ::1");
  auto loop = std::make_shared<AcceptLoop>(io);
  const tcp::endpoint endpoint(address, port);
  loop->acceptor_.open(endpoint.protocol());
  loop->acceptor_.set_option(tcp::acceptor::reuse_address(true));
  loop->acceptor_.bind(endpoint);
  loop->acceptor_.listen(waiting_connections);
  loop->port_ = loop->acceptor_.local_endpoint().port();
  loop->accepted_ = std::move(accepted);
  loop->accept();
  return loop;
}

void AcceptLoop::stop() {
  error_code ignored;
  acceptor_.close(ignored);
  retry_.cancel();
}

void AcceptLoop::accept() {
  acceptor_.async_accept([self = shared_from_this()](error_code error, tcp::socket socket) {
    if (!self->acceptor_.is_open()) return;
    if (error) return self->accept_later();
    self->accepted_(std::move(socket));
    self->accept();
  });
}

/// Out of descriptors, most likely.
void AcceptLoop::accept_later() {
  retry_.expires_after(out_of_descriptors);
  retry_.async_wait([self = shared_from_this()](error_code cancelled) {
    if (!cancelled && self->acceptor_.is_open()) self->accept();
  });
}

}  // namespace tributary::net
