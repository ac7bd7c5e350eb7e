#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <variant>

#include "connectors/link/protocol.hpp"
#include "event/thread_check.hpp"
#include "net/http.hpp"

namespace tributary::connectors {

/// Messages that go out as HTTP requests beside a connector's socket: reads the secret of each, sends it, tells what
/// came of it. The secret is kept out of the answer. A message that is posted again takes the place of its earlier
/// post. Owned by a Link; nothing is told after its end. Thread: io.
class Posts {
 public:
  using Result = std::variant<net::HttpAnswer, net::Ending>;
  /// What its owner is told of each post, from the event loop: either that it has left and then the answer, each once,
  /// or once that it was never written.
  struct Owner {
    std::function<void(std::uint64_t number)> left;  ///< its first byte is about to be written
    std::function<void(std::uint64_t number, Result result)> answered;
    /// `never`: it cannot be while this program runs, e.g. its secret is a variable of the environment that is missing.
    std::function<void(std::uint64_t number, net::Ending why, bool never)> unsent;
  };

  /// Both must outlive it.
  Posts(boost::asio::io_context& io, boost::asio::thread_pool& workers, Owner owner);
  ~Posts();
  Posts(const Posts&) = delete;
  Posts& operator=(const Posts&) = delete;

  /// `request.tls` and `request.proxy` are set already. Throws when nothing will come of it.
  void send(Post post);

 private:
  struct Posting;
  void exchange(Posting& posting);
  void answer(std::uint64_t number, Result result);
  void unsent(std::uint64_t number, net::Ending why, bool never = false);
  std::shared_ptr<Posting> take(std::uint64_t number);

  [[no_unique_address]] event::ThreadCheck thread_;
  boost::asio::io_context& io_;
  boost::asio::thread_pool& workers_;
  const Owner owner_;
  std::map<std::uint64_t, std::shared_ptr<Posting>> postings_;
};

}  // namespace tributary::connectors
