#include "connectors/simulation/segmenter.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <utility>

namespace tributary::connectors {

using boost::asio::ip::tcp;
using Error = boost::system::error_code;

/// One connection through the door; lives as long as an operation of it is pending.
class Segmenter::Relay : public std::enable_shared_from_this<Relay> {
 public:
  Relay(tcp::socket client, std::size_t segment_bytes)
      : client_(std::move(client)), server_(client_.get_executor()), segment_bytes_(segment_bytes) {}

  void start(const tcp::endpoint& inner) {
    Error ignored;
    client_.set_option(tcp::no_delay(true), ignored);
    if (segment_bytes_ == 0) return hold();
    server_.async_connect(inner, [self = shared_from_this()](Error error) {
      if (error) return self->close();
      Error none;
      self->server_.set_option(tcp::no_delay(true), none);
      self->pump(self->client_, self->server_, self->upwards_, self->upwards_.size());
      self->pump(self->server_, self->client_, self->downwards_, self->segment_bytes_);
    });
  }

  void close() {
    Error ignored;
    client_.close(ignored);
    server_.close(ignored);
  }

 private:
  using Buffer = std::array<char, 4096>;

  /// Reads on and answers nothing.
  void hold() {
    client_.async_read_some(boost::asio::buffer(upwards_), [self = shared_from_this()](Error error, std::size_t) {
      if (error) return self->close();
      self->hold();
    });
  }

  void pump(tcp::socket& from, tcp::socket& to, Buffer& buffer, std::size_t limit) {
    from.async_read_some(boost::asio::buffer(buffer.data(), std::min(limit, buffer.size())),
                         [self = shared_from_this(), &from, &to, &buffer, limit](Error error, std::size_t size) {
                           if (error) return self->close();
                           boost::asio::async_write(to, boost::asio::buffer(buffer.data(), size),
                                                    [self, &from, &to, &buffer, limit](Error failed, std::size_t) {
                                                      if (failed) return self->close();
                                                      self->pump(from, to, buffer, limit);
                                                    });
                         });
  }

  tcp::socket client_;
  tcp::socket server_;
  std::size_t segment_bytes_;
  Buffer upwards_{};
  Buffer downwards_{};
};

Segmenter::Segmenter(boost::asio::io_context& io, const std::string& host, std::uint16_t port, std::uint16_t inner_port,
                     std::size_t segment_bytes)
    : io_(io),
      acceptor_(io, tcp::endpoint(boost::asio::ip::make_address(host), port)),
      inner_(boost::asio::ip::address_v4::loopback(), inner_port),
      segment_bytes_(segment_bytes) {
  accept();
}

Segmenter::~Segmenter() { stop(); }

std::uint16_t Segmenter::port() const { return acceptor_.local_endpoint().port(); }

void Segmenter::accept() {
  acceptor_.async_accept(io_, [this](Error error, tcp::socket client) {
    if (error == boost::asio::error::operation_aborted) return;  // stopped: `this` may be gone
    if (!error) {
      auto relay = std::make_shared<Relay>(std::move(client), segment_bytes_);
      std::erase_if(relays_, [](const auto& earlier) { return earlier.expired(); });
      relays_.push_back(relay);
      relay->start(inner_);
    }
    if (acceptor_.is_open()) accept();
  });
}

void Segmenter::stop() {
  Error ignored;
  acceptor_.close(ignored);
  for (const auto& weak : relays_) {
    if (const auto relay = weak.lock()) relay->close();
  }
  relays_.clear();
}

}  // namespace tributary::connectors
