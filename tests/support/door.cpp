#include "tests/support/door.hpp"

#include <array>
#include <boost/asio/write.hpp>
#include <utility>

namespace tributary::support {

using boost::asio::ip::tcp;
using Error = boost::system::error_code;

/// One connection through the door; lives as long as an operation of it is pending.
class Door::Passage : public std::enable_shared_from_this<Passage> {
 public:
  explicit Passage(tcp::socket client) : client_(std::move(client)), server_(client_.get_executor()) {}

  void join(const tcp::endpoint& inner) {
    server_.async_connect(inner, [self = shared_from_this()](Error error) {
      if (error) return self->end();
      Error ignored;
      self->server_.set_option(tcp::no_delay(true), ignored);
      self->client_.set_option(tcp::no_delay(true), ignored);
      self->pump(self->client_, self->server_, self->upwards_);
      self->pump(self->server_, self->client_, self->downwards_);
    });
  }

  /// The request is read first: a FIN over unread bytes would become a RST.
  void answer(std::string bytes) {
    client_.async_read_some(boost::asio::buffer(upwards_),
                            [self = shared_from_this(), bytes = std::move(bytes)](Error, std::size_t) mutable {
                              self->write(std::move(bytes), true);
                            });
  }

  void write(std::string bytes, bool last) {
    auto kept = std::make_shared<std::string>(std::move(bytes));
    boost::asio::async_write(client_, boost::asio::buffer(*kept),
                             [self = shared_from_this(), kept, last](Error, std::size_t) {
                               if (last) self->end();
                             });
  }

  void end() {
    Error ignored;
    client_.shutdown(tcp::socket::shutdown_send, ignored);
    client_.close(ignored);
    server_.close(ignored);
  }

  void reset() {
    Error ignored;
    client_.set_option(boost::asio::socket_base::linger(true, 0), ignored);
    client_.close(ignored);
    server_.close(ignored);
  }

  void freeze() { frozen_ = true; }
  bool open() const { return client_.is_open(); }

 private:
  using Buffer = std::array<char, 16'384>;

  void pump(tcp::socket& from, tcp::socket& to, Buffer& buffer) {
    from.async_read_some(boost::asio::buffer(buffer),
                         [self = shared_from_this(), &from, &to, &buffer](Error error, std::size_t size) {
                           if (error) return self->end();
                           if (self->frozen_) return self->pump(from, to, buffer);
                           boost::asio::async_write(to, boost::asio::buffer(buffer.data(), size),
                                                    [self, &from, &to, &buffer](Error failed, std::size_t) {
                                                      failed ? self->end() : self->pump(from, to, buffer);
                                                    });
                         });
  }

  tcp::socket client_;
  tcp::socket server_;
  bool frozen_ = false;
  Buffer upwards_{};
  Buffer downwards_{};
};

Door::Door(boost::asio::io_context& io, std::uint16_t inner_port)
    : io_(io), inner_(boost::asio::ip::address_v4::loopback(), inner_port) {
  listen(0);
}

Door::~Door() {
  close();
  for (const auto& passage : passages()) passage->end();
}

std::uint16_t Door::port() const { return port_; }

void Door::listen(std::uint16_t port) {
  acceptor_ = std::make_shared<tcp::acceptor>(io_, tcp::endpoint(boost::asio::ip::address_v4::loopback(), port));
  port_ = acceptor_->local_endpoint().port();
  accept();
}

void Door::accept() {
  acceptor_->async_accept(io_, [this, acceptor = acceptor_](Error error, tcp::socket client) {
    if (!acceptor->is_open()) return;  // closed: `this` may be gone
    if (!error) {
      ++accepted_;
      auto passage = std::make_shared<Passage>(std::move(client));
      if (answers_.empty()) {
        passage->join(inner_);
      } else {
        passage->answer(std::move(answers_.front()));
        answers_.erase(answers_.begin());
      }
      passages_.push_back(passage);
    }
    accept();
  });
}

std::vector<std::shared_ptr<Door::Passage>> Door::passages() const {
  std::vector<std::shared_ptr<Passage>> living;
  for (const auto& weak : passages_) {
    if (auto passage = weak.lock(); passage && passage->open()) living.push_back(std::move(passage));
  }
  return living;
}

std::size_t Door::open() const { return passages().size(); }

void Door::cut() {
  for (const auto& passage : passages()) passage->end();
}

void Door::reset() {
  for (const auto& passage : passages()) passage->reset();
}

void Door::inject(const std::string& bytes) {
  for (const auto& passage : passages()) passage->write(bytes, false);
}

void Door::freeze() {
  for (const auto& passage : passages()) passage->freeze();
}

void Door::answer_next(std::string bytes) { answers_.push_back(std::move(bytes)); }

void Door::close() {
  Error ignored;
  acceptor_->close(ignored);
}

void Door::open_again() { listen(port_); }

}  // namespace tributary::support
