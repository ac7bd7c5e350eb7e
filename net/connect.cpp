#include "net/connect.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <sstream>
#include <utility>

#include "event/thread_check.hpp"
#include "net/socket_words.hpp"

namespace tributary::net {

using boost::asio::ip::tcp;
using boost::system::error_code;

namespace {

std::string text_of(const tcp::endpoint& endpoint) {
  std::ostringstream text;
  text << endpoint;
  return text.str();
}

class TcpDial final : public ConnectAttempt, public std::enable_shared_from_this<TcpDial> {
 public:
  TcpDial(boost::asio::io_context& io, Handler handler)
      : io_(io), resolver_(io), timer_(io), handler_(std::move(handler)) {}

  void resolve(const std::string& host, std::uint16_t port) {
    host_ = host;
    error_code not_literal;
    const auto address = boost::asio::ip::make_address(host, not_literal);
    if (!not_literal) return connect({tcp::endpoint(address, port)});
    resolver_.async_resolve(host, std::to_string(port), boost::asio::ip::resolver_base::numeric_service,
                            [self = shared_from_this()](error_code error, const tcp::resolver::results_type& results) {
                              if (!self->handler_) return;
                              if (error || results.empty()) return self->finish_unresolved(error);
                              self->connect(interleaved({results.begin(), results.end()}));
                            });
  }

  void connect(std::vector<tcp::endpoint> endpoints) {
    endpoints_ = std::move(endpoints);
    boost::asio::post(io_, [self = shared_from_this()] {
      if (self->handler_ && self->endpoints_.empty()) return self->finish_unresolved({});
      self->try_next();
    });
  }

  void cancel() override {
    thread_.check();
    handler_ = nullptr;
    release();
  }

  std::string doing() const override {
    if (next_ == 0) return "resolving " + host_;
    return "connecting to " + text_of(endpoints_[next_ - 1]);
  }

 private:
  void try_next() {
    if (!handler_ || next_ == endpoints_.size()) return;
    thread_.check();
    const std::size_t index = next_++;
    ++pending_;
    sockets_.push_back(std::make_unique<tcp::socket>(io_));
    sockets_[index]->async_connect(endpoints_[index],
                                   [self = shared_from_this(), index](error_code error) { self->done(index, error); });
    if (next_ == endpoints_.size()) return;
    timer_.expires_after(stagger);
    timer_.async_wait([self = shared_from_this()](error_code error) {
      if (!error) self->try_next();
    });
  }

  void done(std::size_t index, error_code error) {
    --pending_;
    if (!handler_) return;
    if (!error) {
      Connected connected;
      connected.socket = std::move(sockets_[index]);
      return finish(std::move(connected));
    }
    sockets_[index].reset();
    faults_ += (faults_.empty() ? "" : "; ") + connect_words(text_of(endpoints_[index]), error.value());
    if (next_ < endpoints_.size()) {
      timer_.cancel();
      return try_next();
    }
    if (pending_ == 0) finish({nullptr, {Reason::connect_refused, faults_ + connect_remedy(error.value()), 0, 0}});
  }

  void finish_unresolved(error_code error) {
    std::string why = error ? "the name cannot be resolved: " + error.message() : "no address";
    if (error == boost::asio::error::host_not_found || error == boost::asio::error::no_data) {
      why = "no such name in DNS; is it spelled right?";
    } else if (error == boost::asio::error::host_not_found_try_again) {
      why = "DNS does not answer now; is this machine's resolver reachable?";
    }
    finish({nullptr, {Reason::unresolved_host, host_ + ": " + why, 0, 0}});
  }

  void finish(Connected connected) {
    const Handler handler = std::exchange(handler_, nullptr);
    release();
    handler(std::move(connected));
  }

  void release() {
    resolver_.cancel();
    timer_.cancel();
    for (auto& socket : sockets_) socket.reset();
  }

  [[no_unique_address]] event::ThreadCheck thread_;  ///< of the event loop; it may be started before that runs
  boost::asio::io_context& io_;
  tcp::resolver resolver_;
  boost::asio::steady_timer timer_;
  Handler handler_;
  std::string host_;
  std::vector<tcp::endpoint> endpoints_;
  std::vector<std::unique_ptr<tcp::socket>> sockets_;
  std::size_t next_ = 0;
  std::size_t pending_ = 0;
  std::string faults_;
};

}  // namespace

std::vector<tcp::endpoint> interleaved(const std::vector<tcp::endpoint>& endpoints) {
  if (endpoints.empty()) return {};
  std::vector<tcp::endpoint> turns[2];
  const bool first_is_v6 = endpoints.front().address().is_v6();
  for (const auto& endpoint : endpoints) turns[endpoint.address().is_v6() == first_is_v6 ? 0 : 1].push_back(endpoint);
  std::vector<tcp::endpoint> out;
  for (std::size_t i = 0; i < std::max(turns[0].size(), turns[1].size()); ++i) {
    for (const auto& turn : turns) {
      if (i < turn.size() && out.size() < ConnectAttempt::address_limit) out.push_back(turn[i]);
    }
  }
  return out;
}

std::shared_ptr<ConnectAttempt> ConnectAttempt::start(boost::asio::io_context& io, const std::string& host,
                                                      std::uint16_t port, Handler handler) {
  auto attempt = std::make_shared<TcpDial>(io, std::move(handler));
  attempt->resolve(host, port);
  return attempt;
}

std::shared_ptr<ConnectAttempt> ConnectAttempt::start(boost::asio::io_context& io, std::vector<tcp::endpoint> endpoints,
                                                      Handler handler) {
  auto attempt = std::make_shared<TcpDial>(io, std::move(handler));
  attempt->connect(std::move(endpoints));
  return attempt;
}

}  // namespace tributary::net
