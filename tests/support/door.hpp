#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace tributary::support {

/// A TCP door between a client and a server on loopback, through which a test ends, spoils or refuses connections in
/// ways a sound server has no word for. Owned by a test; `io` must outlive it. Thread: io.
class Door {
 public:
  Door(boost::asio::io_context& io, std::uint16_t inner_port);
  ~Door();
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;

  std::uint16_t port() const;
  std::size_t accepted() const { return accepted_; }
  std::size_t open() const;

  void cut();                             ///< FIN to every client, nothing before it
  void reset();                           ///< RST to every client
  void inject(const std::string& bytes);  ///< to every client, between what the server writes
  void answer_next(std::string bytes);    ///< the next client gets these bytes and a FIN instead of the server
  void freeze();                          ///< from now on whatever is written by either side goes nowhere
  void close();                           ///< nobody is let in any more: connections are refused
  void open_again();                      ///< on the same port

 private:
  class Passage;
  void listen(std::uint16_t port);
  void accept();
  std::vector<std::shared_ptr<Passage>> passages() const;

  boost::asio::io_context& io_;
  boost::asio::ip::tcp::endpoint inner_;
  std::shared_ptr<boost::asio::ip::tcp::acceptor> acceptor_;
  std::uint16_t port_ = 0;
  std::vector<std::weak_ptr<Passage>> passages_;
  std::vector<std::string> answers_;
  std::size_t accepted_ = 0;
};

}  // namespace tributary::support
