#include "admin/server.hpp"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>
#include <exception>
#include <future>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>

#include "net/http_server.hpp"
#include "text/percent.hpp"

namespace tributary::admin {
namespace {

constexpr std::size_t connection_limit = 64;
constexpr std::size_t stream_count_limit = 16;
constexpr std::size_t body_limit = 64 * 1024;

/// A page shows nothing from elsewhere and stands in no frame; nothing of it is kept.
const net::Headers& every_answer() {
  static const net::Headers headers{
      {"Content-Security-Policy",
       "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"},
      {"X-Content-Type-Options", "nosniff"},
      {"X-Frame-Options", "DENY"},
      {"Referrer-Policy", "no-referrer"},
      {"Cross-Origin-Resource-Policy", "same-origin"},
      {"Cache-Control", "no-store"},
  };
  return headers;
}

std::string plain(std::string_view text) {
  std::string spaced(text);
  std::replace(spaced.begin(), spaced.end(), '+', ' ');
  return text::percent_decoded(spaced).value_or(spaced);
}

net::ServedReply as_served(Reply&& reply) {
  net::ServedReply served;
  served.status = reply.status;
  served.body = std::move(reply.body);
  if (!reply.content_type.empty()) served.headers.emplace_back("Content-Type", std::move(reply.content_type));
  for (auto& header : reply.headers) served.headers.push_back(std::move(header));
  return served;
}

Reply sentence(int status, std::string_view words) { return {status, std::string(words) + "\n"}; }

}  // namespace

std::vector<std::pair<std::string, std::string>> fields_of(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> fields;
  while (!text.empty()) {
    const auto end = std::min(text.find('&'), text.size());
    const auto one = text.substr(0, end);
    const auto equals = std::min(one.find('='), one.size());
    if (!one.empty())
      fields.emplace_back(plain(one.substr(0, equals)), plain(one.substr(std::min(equals + 1, one.size()))));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return fields;
}

std::optional<std::string> Request::asked(std::string_view name) const {
  const auto found = std::find_if(query.begin(), query.end(), [&](const auto& one) { return one.first == name; });
  if (found == query.end()) return std::nullopt;
  return found->second;
}

Page page(std::string method, std::string path, Access access, std::function<Reply(const Request& request)> serve) {
  return {std::move(method), std::move(path), access,
          [serve = std::move(serve)](const Request& request, const Answer& answer) { answer(serve(request)); }};
}

/// What other threads reach of the loop, for as long as it is there.
class Mailbox {
 public:
  explicit Mailbox(boost::asio::io_context& io) : io_(&io) {}
  /// Has the loop do something, unless it has ended.
  template <class Step>
  void post(Step step) {
    const std::lock_guard lock(mutex_);
    if (io_ != nullptr) boost::asio::post(*io_, std::move(step));
  }
  void close() {
    const std::lock_guard lock(mutex_);
    io_ = nullptr;
  }

 private:
  std::mutex mutex_;
  boost::asio::io_context* io_;
};

class Server::Loop {
 public:
  Loop(const Settings& settings, Gate& gate, Pages pages)
      : settings_(settings), gate_(gate), pages_(std::move(pages)), mailbox_(std::make_shared<Mailbox>(io_)) {
    net::HttpServer::Settings listening;
    listening.host = settings.host;
    listening.port = settings.port;
    listening.body_limit = body_limit;
    listening.keep_alive = true;
    listening.connections = connection_limit;
    listening.headers = every_answer();
    server_ = net::HttpServer::listen(
        io_, listening,
        [this](const net::ServedRequest& request, const net::HttpServer::Reply& reply) { serve(request, reply); });
    gate_.use_port(server_->port());
    thread_ = std::thread([this] { io_.run(); });
  }
  ~Loop() {
    mailbox_->close();
    boost::asio::post(io_, [this] {
      server_->stop();
      owed_.clear();
      for (auto& [number, open] : std::exchange(streams_, {})) open.gone();
      io_.stop();
    });
    thread_.join();
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  std::uint16_t port() const { return server_->port(); }
  void stop_listening() {
    std::promise<void> done;
    boost::asio::post(io_, [&] {
      server_->stop_listening();
      done.set_value();
    });
    done.get_future().wait();
  }

 private:
  class Open;
  using Number = std::uint64_t;
  struct OpenStream {
    std::shared_ptr<net::ServedStream> rest;
    std::function<void()> gone;
  };

  void serve(const net::ServedRequest& asked, const net::HttpServer::Reply& reply);
  void serve(const Page& page, const net::ServedRequest& asked, bool details, const net::HttpServer::Reply& reply);
  void give(Number number, Reply reply);
  void stream(Reply reply, const net::HttpServer::Reply& give_it);

  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
  const Settings settings_;
  Gate& gate_;
  const Pages pages_;
  std::shared_ptr<Mailbox> mailbox_;
  Number next_ = 1;
  std::map<Number, net::HttpServer::Reply> owed_;  ///< answers that are still to come
  std::map<Number, OpenStream> streams_;
  std::unique_ptr<net::HttpServer> server_;
  std::thread thread_;
};

/// The side of a stream that other threads write to: its text waits here until the loop takes it.
class Server::Loop::Open final : public OpenAnswer, public std::enable_shared_from_this<Open> {
 public:
  Open(Loop& loop, std::shared_ptr<Mailbox> mailbox, Number number)
      : loop_(loop), mailbox_(std::move(mailbox)), number_(number) {}

  bool write(std::string_view text) override {
    const std::lock_guard lock(mutex_);
    if (over_) return false;
    if (waiting_.size() + text.size() > limit) return close(), false;
    waiting_ += text;
    call();
    return true;
  }
  std::size_t waiting() override {
    const std::lock_guard lock(mutex_);
    if (behind_ != 0 && !over_) call();
    return waiting_.size() + behind_;
  }
  void end() override {
    const std::lock_guard lock(mutex_);
    if (!over_) close();
  }
  void set_over() {
    const std::lock_guard lock(mutex_);
    over_ = true;
    waiting_ = {};
  }

 private:
  void call() {
    if (!std::exchange(called_, true)) mailbox_->post([self = shared_from_this()] { self->hand_over(); });
  }
  void close() {
    over_ = true;
    mailbox_->post([self = shared_from_this()] {
      self->hand_over();
      if (const auto rest = self->rest()) rest->end();
    });
  }
  void hand_over() {
    std::string text;
    {
      const std::lock_guard lock(mutex_);
      text.swap(waiting_);
      called_ = false;
    }
    const auto rest = this->rest();
    if (!rest) return;
    if (!text.empty()) rest->write(text);
    const std::lock_guard lock(mutex_);
    behind_ = rest->waiting();
  }
  /// On the loop's thread alone, so that the loop is there.
  std::shared_ptr<net::ServedStream> rest() const {
    const auto found = loop_.streams_.find(number_);
    return found == loop_.streams_.end() ? nullptr : found->second.rest;
  }

  Loop& loop_;
  const std::shared_ptr<Mailbox> mailbox_;
  const Number number_;
  std::mutex mutex_;
  std::string waiting_;
  std::size_t behind_ = 0;  ///< not yet taken by the socket
  bool called_ = false;     ///< the loop is asked to take it
  bool over_ = false;
};

void Server::Loop::serve(const net::ServedRequest& asked, const net::HttpServer::Reply& reply) {
  const auto hosts = std::count_if(asked.headers.begin(), asked.headers.end(),
                                   [](const auto& one) { return net::same_header(one.first, "Host"); });
  if (hosts > 1) return reply(as_served(sentence(400, "more than one Host")));
  const std::string path = asked.target.substr(0, asked.target.find('?'));
  const std::string method = asked.method == "HEAD" ? "GET" : asked.method;
  const Page* found = nullptr;
  std::string methods;
  for (const auto& page : pages_) {
    if (page.path != path) continue;
    if (page.method == method) found = &page;
    methods.append(methods.empty() ? "" : ", ").append(page.method);
  }
  // Strangers are not told what there is.
  const auto access = found != nullptr ? found->access : Access::read;
  const auto verdict = gate_.judge(access, asked.headers, asked.peer, std::chrono::steady_clock::now());
  if (verdict.status != 200) {
    Reply refusal = sentence(verdict.status, verdict.words);
    if (verdict.status == 401) refusal.headers = {{"WWW-Authenticate", "Bearer"}};
    if (verdict.status == 429) refusal.headers = {{"Retry-After", "60"}};
    const bool browser = method == "GET" && asked.header("Accept").find("text/html") != std::string::npos;
    if (verdict.status == 401 && browser) refusal = {303, {}, {}, {{"Location", "/login"}}};
    return reply(as_served(std::move(refusal)));
  }
  if (found != nullptr) return serve(*found, asked, verdict.details, reply);
  if (methods.empty()) return reply(as_served(sentence(404, "there is no such page: " + path)));
  Reply refusal = sentence(405, path + " is asked for by " + methods);
  refusal.headers = {{"Allow", methods}};
  reply(as_served(std::move(refusal)));
}

void Server::Loop::serve(const Page& page, const net::ServedRequest& asked, bool details,
                         const net::HttpServer::Reply& reply) {
  Request request;
  request.method = page.method;
  request.path = page.path;
  const auto mark = asked.target.find('?');
  if (mark != std::string::npos) request.query = fields_of(std::string_view(asked.target).substr(mark + 1));
  request.headers = asked.headers;
  request.body = asked.body;
  request.peer = asked.peer;
  request.details = details;
  const auto number = next_++;
  owed_[number] = reply;
  const auto owed = std::shared_ptr<void>(nullptr, [mailbox = mailbox_, this, number](void*) {
    mailbox->post([this, number] { owed_.erase(number); });  // nobody can answer any more
  });
  const auto answer = [this, mailbox = mailbox_, number, owed](Reply given) {
    mailbox->post(
        [this, number, given = std::make_shared<Reply>(std::move(given))] { give(number, std::move(*given)); });
  };
  std::string fault;
  try {
    return page.serve(request, answer);
  } catch (const std::exception& error) {
    fault = error.what();
  } catch (...) {
    fault = "something that is no std::exception";
  }
  if (settings_.broken) settings_.broken(request.method + " " + request.path + ": " + fault);
  answer(sentence(500, "this page failed; the log says why (internal_error)"));
}

void Server::Loop::give(Number number, Reply reply) {
  const auto found = owed_.find(number);
  if (found == owed_.end()) return;
  const auto give_it = std::move(found->second);
  owed_.erase(found);
  if (reply.stream) return stream(std::move(reply), give_it);
  give_it(as_served(std::move(reply)));
}

void Server::Loop::stream(Reply reply, const net::HttpServer::Reply& give_it) {
  if (streams_.size() >= stream_count_limit) {
    return give_it(as_served(sentence(503, "all " + std::to_string(stream_count_limit) + " streams are in use")));
  }
  const auto number = next_++;
  auto begin = std::move(reply.stream);
  auto gone = std::move(reply.gone);
  net::ServedReply served = as_served(std::move(reply));
  served.stream = [this, number, begin = std::move(begin), gone](const std::shared_ptr<net::ServedStream>& rest) {
    const auto open = std::make_shared<Open>(*this, mailbox_, number);
    streams_[number] = {rest, [open, gone] {
                          open->set_over();
                          if (gone) gone();
                        }};
    rest->when_gone([this, number] {
      const auto found = streams_.find(number);
      if (found == streams_.end()) return;
      const auto last = std::move(found->second.gone);
      streams_.erase(found);
      last();
    });
    if (streams_.contains(number)) begin(open);
  };
  give_it(std::move(served));
}

Server::Server(const Settings& settings, Gate& gate, Pages pages) {
  try {
    loop_ = std::make_unique<Loop>(settings, gate, std::move(pages));
  } catch (const boost::system::system_error& refused) {
    throw std::system_error(refused.code().value(), std::system_category());
  }
}

Server::~Server() = default;

std::uint16_t Server::port() const { return loop_->port(); }

void Server::stop_listening() {
  if (std::exchange(listens_, false)) loop_->stop_listening();
}

}  // namespace tributary::admin
