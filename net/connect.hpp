#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/reason.hpp"

namespace tributary::net {

/// A connected socket, or why there is none (`unresolved_host` or `connect_refused`, with every address tried).
struct Connected {
  std::unique_ptr<boost::asio::ip::tcp::socket> socket;
  Ending ending;
};

/// One attempt to connect to a host, by all its addresses: the families take turns, the next address is tried when the
/// one before failed or has not answered for `stagger` (RFC 8305), the first that connects wins.
/// Kept alive by its pending I/O. The handler is called once, from the event loop, unless cancelled; there is no
/// deadline here. Thread: io.
class ConnectAttempt {
 public:
  using Handler = std::function<void(Connected)>;
  static constexpr std::chrono::milliseconds stagger{250};
  static constexpr std::size_t address_limit = 16;

  virtual ~ConnectAttempt() = default;
  virtual void cancel() = 0;
  /// What it is doing, for the words of a timeout: "resolving live.example" or "connecting to 192.0.2.1:443".
  virtual std::string doing() const = 0;

  static std::shared_ptr<ConnectAttempt> start(boost::asio::io_context& io, const std::string& host, std::uint16_t port,
                                               Handler handler);
  /// The same without a resolver, in the order given.
  static std::shared_ptr<ConnectAttempt> start(boost::asio::io_context& io,
                                               std::vector<boost::asio::ip::tcp::endpoint> endpoints, Handler handler);
};

/// The order of RFC 8305: families in turn, beginning with the first address's; at most address_limit of them.
std::vector<boost::asio::ip::tcp::endpoint> interleaved(const std::vector<boost::asio::ip::tcp::endpoint>& endpoints);

}  // namespace tributary::net
