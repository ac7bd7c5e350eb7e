#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <variant>

#include "connectors/link/protocol.hpp"
#include "net/http.hpp"

namespace tributary::connectors {

/// Messages that go out as HTTP requests beside a connector's socket: reads the secret of each, sends it, tells what
/// came of it. The secret is kept out of the answer.
/// Owned by a Link; nothing is told after its end. Thread: io.
class Posts {
 public:
  using Result = std::variant<net::HttpAnswer, net::Ending>;
  using Answered = std::function<void(std::uint64_t number, Result result)>;

  /// Both must outlive it. `answered` is called from the event loop, once for each post.
  Posts(boost::asio::io_context& io, boost::asio::thread_pool& workers, Answered answered);
  ~Posts();
  Posts(const Posts&) = delete;
  Posts& operator=(const Posts&) = delete;

  /// `request.tls` and `request.proxy` are set already.
  void send(Post post);

 private:
  struct Posting;
  void exchange(Posting& posting);
  void answer(std::uint64_t number, Result result);

  boost::asio::io_context& io_;
  boost::asio::thread_pool& workers_;
  Answered answered_;
  std::map<std::uint64_t, std::shared_ptr<Posting>> postings_;
};

}  // namespace tributary::connectors
