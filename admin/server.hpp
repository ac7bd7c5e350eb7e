#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admin/gate.hpp"
#include "net/upgrade.hpp"

namespace tributary::admin {

/// One request to the admin port that may be served.
struct Request {
  std::string method;                                      ///< of the page; HEAD is served as GET
  std::string path;                                        ///< without the query
  std::vector<std::pair<std::string, std::string>> query;  ///< decoded, in the order of the URL
  net::Headers headers;
  std::string body;
  std::string peer;      ///< the client's address
  bool details = false;  ///< may see everything; on the pages of `Access::anyone` that is not certain

  std::string header(std::string_view name) const { return net::header_value(headers, name); }
  /// The first value of that name; "" for `?name`, none when it is not there.
  std::optional<std::string> asked(std::string_view name) const;
};

/// The rest of an answer whose end is open, such as a stream of events. Thread: any. May be held on to after the client
/// has gone, and after the server.
class OpenAnswer {
 public:
  /// Bytes that wait for a client which does not read them; above that it is let go.
  static constexpr std::size_t limit = 512 * 1024;

  virtual ~OpenAnswer() = default;
  /// Never waits. False: nothing is written any more, as the client has gone or was too slow.
  virtual bool write(std::string_view text) = 0;
  /// Bytes that the client had yet to take when the loop looked last; it looks again once it is asked.
  virtual std::size_t waiting() = 0;
  virtual void end() = 0;
};

struct Reply {
  int status = 200;
  std::string body;
  std::string content_type = "text/plain; charset=utf-8";
  net::Headers headers = {};  ///< beside Content-Type and those of every answer
  /// Set: `body` is only the beginning (it may be empty), and the rest is written to the stream. Called once, on the
  /// server's thread.
  std::function<void(std::shared_ptr<OpenAnswer>)> stream = {};
  /// Called once after `stream` was, on the server's thread: the client has gone, was too slow, or the server ends.
  std::function<void()> gone = {};
};

/// Gives the answer, once. Thread: any, also after the server has ended. One that is thrown away ends the connection.
using Answer = std::function<void(Reply)>;

/// One thing that can be asked for. `serve` runs on the server's thread, which serves everybody else meanwhile only
/// when it returns: it may take some milliseconds, and gives the answer at once or later. What it throws is a 500.
struct Page {
  std::string method;  ///< GET, POST
  std::string path;    ///< exactly: /status
  Access access = Access::read;
  std::function<void(const Request& request, Answer answer)> serve;
};
using Pages = std::vector<Page>;

/// The fields of a query or of a form, decoded, in their order.
std::vector<std::pair<std::string, std::string>> fields_of(std::string_view text);

/// The page whose answer is there at once.
Page page(std::string method, std::string path, Access access, std::function<Reply(const Request& request)> serve);

/// The HTTP server of the admin port, on a thread and an event loop of its own. Listens once it is made; what is asked
/// is served until it is destroyed, which waits for what is being served. Limits: 64 connections, 16 streams, 16 KiB of
/// headers, 64 KiB of a body, 10 s for a request. Made and destroyed by one thread.
class Server {
 public:
  struct Settings {
    std::string host = "127.0.0.1";  ///< an address
    std::uint16_t port = 9464;       ///< 0: a free one
    /// A page threw, on the server's thread: which, and what.
    std::function<void(std::string_view what)> broken = {};
  };

  /// `gate` and what the pages use outlive it. Throws std::system_error when the port cannot be had,
  /// std::invalid_argument when `host` is no address.
  Server(const Settings& settings, Gate& gate, Pages pages);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const;
  /// Takes in no more connections, so that another may listen; what it has goes on.
  void stop_listening();
  bool listens() const { return listens_; }

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
  bool listens_ = true;
};

}  // namespace tributary::admin
