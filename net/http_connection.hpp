#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "event/thread_check.hpp"
#include "net/http_server.hpp"
#include "net/stream.hpp"
#include "net/tls.hpp"

namespace tributary::net {

class HttpConnection;

/// What the connections share with their server; it outlives the server as long as one of them lives.
struct HttpConnections {
  HttpServer::Serve serve;
  HttpServer::Settings settings;
  SslContext tls;
  std::list<HttpConnection*> all;      ///< the newest last
  std::list<HttpConnection*> waiting;  ///< those of them without a whole request; the longest first
};

/// One connection of an HttpServer: requests and their answers, one at a time. Kept alive by its pending I/O and by
/// whoever still owes it an answer. Thread: io.
class HttpConnection final : public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(boost::asio::io_context& io, boost::asio::ip::tcp::socket socket,
                 std::shared_ptr<HttpConnections> server);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  void start();
  /// Answers without having read anything.
  void refuse(int status, const std::string& why);
  void end();

 private:
  class Parser;
  class Rest;
  using Step = void (HttpConnection::*)();

  void await_request();
  void handshake();
  void read();
  bool parse();
  void serve();
  void answer(std::uint64_t request, ServedReply reply);
  void write();
  void written();
  void read_on();
  void watch();
  void linger();
  void push();
  void go_on(Stream::Status status, Step next);
  void end_after(std::chrono::milliseconds patience);

  [[no_unique_address]] event::ThreadCheck thread_;
  boost::asio::steady_timer deadline_;
  std::string peer_;
  Stream stream_;
  std::shared_ptr<HttpConnections> server_;
  std::list<HttpConnection*>::iterator place_;                   ///< in `all`
  std::optional<std::list<HttpConnection*>::iterator> waiting_;  ///< its place in `waiting`
  std::unique_ptr<Parser> parser_;
  std::string incoming_;        ///< not yet taken by the parser
  std::string outgoing_;        ///< not yet taken by the socket
  std::uint64_t request_ = 0;   ///< which one is served
  bool answered_ = true;        ///< it has its answer
  bool head_ = false;           ///< HEAD: no body
  bool goes_on_ = false;        ///< another request may follow
  bool lingers_ = false;        ///< what it still sends is thrown away, lest it never reads the answer
  bool pushing_ = false;        ///< waits for the socket to take more of an open answer
  bool ending_ = false;         ///< an open answer ends once it is written
  std::shared_ptr<Rest> rest_;  ///< of an open answer
  bool over_ = false;
};

}  // namespace tributary::net
