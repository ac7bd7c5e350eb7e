#include "admin/server.hpp"

#include <gtest/gtest.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <future>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>

namespace tributary::admin {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::tcp;

/// A client that says exactly what it is told to.
class Client {
 public:
  explicit Client(std::uint16_t port) { socket_.connect({boost::asio::ip::address_v4::loopback(), port}); }
  Client& say(const std::string& text) {
    boost::asio::write(socket_, boost::asio::buffer(text));
    return *this;
  }
  /// Up to the end of an answer with a Content-Length; "" when the connection ends before.
  std::string hear() {
    while (!whole()) {
      if (!more()) return {};
    }
    const auto size = length();
    std::string answer = got_.substr(0, size);
    got_.erase(0, size);
    return answer;
  }
  std::string hear_until(const std::string& end) {
    while (got_.find(end) == std::string::npos) {
      if (!more()) break;
    }
    return got_;
  }
  /// Everything until the server closes.
  std::string hear_all() {
    while (more()) {
    }
    return got_;
  }
  void close() { socket_.close(); }

 private:
  bool whole() const { return got_.find("\r\n\r\n") != std::string::npos && got_.size() >= length(); }
  std::size_t length() const {
    const auto head = got_.find("\r\n\r\n") + 4;
    const auto at = got_.find("Content-Length: ");
    return head + (at < head ? std::stoul(got_.substr(at + 16)) : 0);
  }
  bool more() {
    char buffer[4096];
    boost::system::error_code error;
    const auto size = socket_.read_some(boost::asio::buffer(buffer), error);
    got_.append(buffer, size);
    return !error;
  }

  boost::asio::io_context io_;
  tcp::socket socket_{io_};
  std::string got_;
};

std::string get(const std::string& target, const std::string& more = {}) {
  return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n" + more + "\r\n";
}

class AdminServerTest : public ::testing::Test {
 protected:
  AdminServerTest() {
    pages_.push_back(page("GET", "/echo", Access::read, [](const Request& request) {
      std::string body = request.method + " " + request.path;
      for (const auto& [name, value] : request.query) body += " " + name + "=" + value;
      return Reply{200, body + request.header("X-More")};
    }));
    pages_.push_back(page("POST", "/body", Access::change, [](const Request& request) {
      return Reply{200, std::to_string(request.body.size())};
    }));
    pages_.push_back(
        page("GET", "/broken", Access::read, [](const Request&) -> Reply { throw std::runtime_error("out of luck"); }));
    pages_.push_back({"GET", "/later", Access::read, [this](const Request&, Answer answer) {
                        std::thread([this, answer] {
                          answer({200, "later"});
                          answer({200, "once more"});
                          answered_.set_value();
                        }).detach();
                      }});
    pages_.push_back({"GET", "/kept", Access::read, [this](const Request&, Answer answer) { kept_ = answer; }});
    pages_.push_back({"GET", "/dropped", Access::read, [](const Request&, const Answer&) {}});
    pages_.push_back(page("GET", "/stream", Access::read, [this](const Request&) {
      Reply reply{200, "begun\n", "text/event-stream"};
      reply.stream = [this](std::shared_ptr<OpenAnswer> stream) { opened_.set_value(std::move(stream)); };
      reply.gone = [this] { gone_.set_value(); };
      return reply;
    }));
    start();
  }
  void start() {
    Server::Settings settings;
    settings.port = 0;
    settings.broken = [this](std::string_view what) { broken_ = what; };
    server_ = std::make_unique<Server>(settings, gate_, pages_);
  }
  std::string ask(const std::string& request) { return Client(server_->port()).say(request).hear(); }
  std::shared_ptr<OpenAnswer> opened() { return opened_.get_future().get(); }

  Gate gate_{{true, false}, "owner"};
  Pages pages_;
  std::string broken_;
  std::promise<void> answered_, gone_;
  std::promise<std::shared_ptr<OpenAnswer>> opened_;
  Answer kept_;
  std::unique_ptr<Server> server_;
};

TEST_F(AdminServerTest, ServesOneRequestAfterTheOtherOnOneConnection) {
  Client client(server_->port());
  for (int i = 0; i < 3; ++i) {
    const auto answer = client.say(get("/echo?a=b%20c&d&e=1+2")).hear();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
    EXPECT_TRUE(answer.ends_with("\r\n\r\nGET /echo a=b c d= e=1 2")) << answer;
  }
  client.say(get("/echo", "X-More: 1\r\n") + get("/echo", "X-More: 2\r\nConnection: close\r\n"));
  EXPECT_TRUE(client.hear().ends_with("/echo1"));
  EXPECT_TRUE(client.hear_all().ends_with("/echo2")) << "two at once, in their order, and then the end";
}

TEST_F(AdminServerTest, EveryAnswerHasTheHeadersThatKeepBrowsersToIt) {
  for (const auto* target : {"/echo", "/none", "/broken"}) {
    const auto answer = ask(get(target));
    for (const auto* header : {"Content-Security-Policy: default-src 'self';", "frame-ancestors 'none'",
                               "X-Content-Type-Options: nosniff\r\n", "Cache-Control: no-store\r\n"}) {
      EXPECT_NE(answer.find(header), std::string::npos) << target << "\n" << answer;
    }
  }
  EXPECT_NE(ask("nonsense\r\n\r\n").find("nosniff"), std::string::npos);
}

TEST_F(AdminServerTest, HeadIsGetWithoutItsBody) {
  Client client(server_->port());
  client.say("HEAD /echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  const auto answer = client.hear_all();
  EXPECT_NE(answer.find("Content-Length: 9\r\n"), std::string::npos) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST_F(AdminServerTest, SaysInASentenceWhatIsWrong) {
  EXPECT_TRUE(ask(get("/none")).starts_with("HTTP/1.1 404 ")) << "a page that is not there";
  const auto refused = ask("POST /echo HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 405 ")) << refused;
  EXPECT_NE(refused.find("Allow: GET\r\n"), std::string::npos);
  EXPECT_TRUE(ask("GET /echo HTTP/1.1\r\nHost: evil.example\r\n\r\n").starts_with("HTTP/1.1 421 "));
  EXPECT_TRUE(ask(get("/echo", "Origin: http://evil.example\r\n")).starts_with("HTTP/1.1 403 "));
  EXPECT_TRUE(ask("nonsense\r\n\r\n").starts_with("HTTP/1.1 400 "));
  const auto large = ask(get("/echo", "X-More: " + std::string(20'000, 'x') + "\r\n"));
  EXPECT_TRUE(large.starts_with("HTTP/1.1 431 ")) << large;
  EXPECT_NE(large.find("over 16384 bytes\n"), std::string::npos);
}

TEST_F(AdminServerTest, TakesABodyUpToItsLimit) {
  const auto post = [](std::size_t size) {
    return "POST /body HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n" +
           std::string(size, 'x');
  };
  EXPECT_TRUE(ask(post(65536)).ends_with("\r\n\r\n65536"));
  const auto refused = ask(post(65537));
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 413 ")) << refused;
}

TEST_F(AdminServerTest, APageThatThrowsIs500AndIsTold) {
  const auto answer = ask(get("/broken"));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 500 ")) << answer;
  EXPECT_EQ(answer.find("out of luck"), std::string::npos) << "for the log, not for the asker";
  EXPECT_EQ(broken_, "GET /broken: out of luck");
  EXPECT_TRUE(ask(get("/echo")).starts_with("HTTP/1.1 200 "));
}

TEST_F(AdminServerTest, AnAnswerMayComeLaterFromAnotherThread) {
  EXPECT_TRUE(ask(get("/later")).ends_with("later"));
  answered_.get_future().wait();
  EXPECT_TRUE(Client(server_->port()).say(get("/dropped")).hear_all().empty()) << "thrown away: the connection ends";
}

TEST_F(AdminServerTest, AnAnswerAfterTheEndGoesNowhere) {
  Client client(server_->port());
  client.say(get("/kept"));
  EXPECT_TRUE(ask(get("/echo")).starts_with("HTTP/1.1 200 "));  // so that the other is being served
  server_.reset();
  ASSERT_TRUE(kept_);
  kept_({200, "to nobody"});
  EXPECT_TRUE(client.hear_all().empty());
}

TEST_F(AdminServerTest, AStreamGoesOnUntilItsClientHasGone) {
  Client client(server_->port());
  client.say(get("/stream"));
  const auto stream = opened();
  EXPECT_TRUE(stream->write("one\n"));
  EXPECT_NE(client.hear_until("one\n").find("\r\n\r\nbegun\none\n"), std::string::npos);
  client.close();
  gone_.get_future().wait();
  EXPECT_FALSE(stream->write("two\n"));
}

TEST_F(AdminServerTest, AStreamEndsWhenItIsEnded) {
  Client client(server_->port());
  client.say(get("/stream"));
  const auto stream = opened();
  stream->write("last\n");
  stream->end();
  EXPECT_TRUE(client.hear_all().ends_with("begun\nlast\n"));
  EXPECT_FALSE(stream->write("more\n"));
  gone_.get_future().wait();
}

TEST_F(AdminServerTest, ASlowReaderIsLetGoAndNobodyWaits) {
  Client client(server_->port());
  client.say(get("/stream"));
  const auto stream = opened();
  const std::string text(64 * 1024, 'x');
  std::size_t written = 0;
  while (stream->write(text) && written < (std::size_t{1} << 30U)) written += text.size();
  gone_.get_future().wait();
  EXPECT_LT(written, std::size_t{1} << 30U);
  EXPECT_TRUE(ask(get("/echo")).starts_with("HTTP/1.1 200 "));
}

TEST_F(AdminServerTest, AStreamOutlivesTheServer) {
  Client client(server_->port());
  client.say(get("/stream"));
  const auto stream = opened();
  server_.reset();
  gone_.get_future().wait();
  EXPECT_FALSE(stream->write("to nobody"));
  stream->end();
}

TEST_F(AdminServerTest, TheOldestIdleConnectionMakesRoom) {
  Client first(server_->port());
  ASSERT_FALSE(first.say(get("/echo")).hear().empty());
  std::vector<std::unique_ptr<Client>> others;
  for (int i = 0; i < 64; ++i) {
    others.push_back(std::make_unique<Client>(server_->port()));
    ASSERT_FALSE(others.back()->say(get("/echo")).hear().empty()) << i;
  }
  EXPECT_TRUE(first.hear_all().empty()) << "closed by the server";
  EXPECT_FALSE(others.front()->say(get("/echo")).hear().empty());
}

TEST_F(AdminServerTest, APortThatIsTakenIsTold) {
  Server::Settings settings;
  settings.port = server_->port();
  EXPECT_THROW(Server(settings, gate_, {}), std::system_error);
  settings.host = "no address";
  EXPECT_THROW(Server(settings, gate_, {}), std::invalid_argument);
}

}  // namespace
}  // namespace tributary::admin
