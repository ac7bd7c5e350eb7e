#include "net/connect.hpp"

#include <cerrno>

#include "net/socket_words.hpp"
#include "net/websocket_fixture.hpp"

namespace tributary::net::testing {
namespace {

using boost::asio::ip::make_address;
using boost::asio::ip::tcp;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

tcp::endpoint at(const char* address, std::uint16_t port) { return {make_address(address), port}; }

/// A listening socket whose backlog is full: a connection to it neither succeeds nor fails.
class BlackHole {
 public:
  BlackHole() : listener_(0) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    name.sin_port = htons(listener_.port());
    for (auto& filler : fillers_) {
      filler = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
      ::connect(filler, reinterpret_cast<sockaddr*>(&name), sizeof name);
    }
  }
  ~BlackHole() {
    for (const int filler : fillers_) ::close(filler);
  }
  std::uint16_t port() const { return listener_.port(); }

 private:
  LoopbackListener listener_;
  int fillers_[4] = {};
};

class Connect : public ::testing::Test {
 protected:
  ConnectAttempt::Handler handler() {
    return [this](Connected connected) { result_ = std::move(connected); };
  }
  void run() {
    run_until(io_, [&] { return result_.has_value(); });
  }
  boost::asio::io_context io_;
  std::optional<Connected> result_;
};

TEST_F(Connect, FamiliesTakeTurnsBeginningWithTheFirst) {
  EXPECT_THAT(interleaved({at("::1", 1), at("::2", 1), at("::3", 1), at("192.0.2.1", 1), at("192.0.2.2", 1)}),
              ElementsAre(at("::1", 1), at("192.0.2.1", 1), at("::2", 1), at("192.0.2.2", 1), at("::3", 1)));
  EXPECT_THAT(interleaved({at("192.0.2.1", 1), at("::1", 1)}), ElementsAre(at("192.0.2.1", 1), at("::1", 1)));
  EXPECT_EQ(interleaved(std::vector<tcp::endpoint>(100, at("::1", 1))).size(), ConnectAttempt::address_limit);
}

TEST_F(Connect, ARefusedAddressIsFollowedByTheNextAtOnce) {
  LoopbackListener good;
  LoopbackListener closed;
  const auto closed_port = closed.port();
  closed.close();
  const auto attempt =
      ConnectAttempt::start(io_, {at("127.0.0.1", closed_port), at("127.0.0.1", good.port())}, handler());
  run();
  ASSERT_TRUE(result_->socket);
  EXPECT_EQ(result_->socket->remote_endpoint().port(), good.port());
}

TEST_F(Connect, AnAddressThatNeverAnswersIsOvertakenByTheNext) {
  BlackHole hole;
  LoopbackListener good;
  const auto attempt =
      ConnectAttempt::start(io_, {at("127.0.0.1", hole.port()), at("127.0.0.1", good.port())}, handler());
  EXPECT_FALSE(result_);
  run();
  ASSERT_TRUE(result_->socket);
  EXPECT_EQ(result_->socket->remote_endpoint().port(), good.port());
}

TEST_F(Connect, WhenAllRefuseEveryAddressAndItsErrorIsNamed) {
  LoopbackListener closed;
  const auto port = closed.port();
  closed.close();
  const auto attempt = ConnectAttempt::start(io_, {at("127.0.0.1", port), at("127.0.0.2", port)}, handler());
  run();
  EXPECT_FALSE(result_->socket);
  EXPECT_EQ(result_->ending.reason, Reason::connect_refused);
  EXPECT_THAT(result_->ending.detail,
              HasSubstr("nobody listens at 127.0.0.1:" + std::to_string(port) + " (connection refused)"));
  EXPECT_THAT(result_->ending.detail,
              HasSubstr("nobody listens at 127.0.0.2:" + std::to_string(port) + " (connection refused)"));
}

TEST(SocketWords, SayWhatIsThereAndWhatToDo) {
  const auto all = [](int error) { return connect_words("192.0.2.1:443", error) + connect_remedy(error); };
  EXPECT_EQ(all(ECONNREFUSED),
            "nobody listens at 192.0.2.1:443 (connection refused); is the server up, and is the port right?");
  EXPECT_THAT(all(ECONNRESET), HasSubstr("192.0.2.1:443 broke the connection off at once (connection reset); is"));
  EXPECT_THAT(all(ETIMEDOUT), HasSubstr("192.0.2.1:443 does not answer (timed out); is the server up"));
  EXPECT_THAT(all(EHOSTUNREACH), HasSubstr("there is no way to 192.0.2.1:443 (no route to host); is the address"));
  EXPECT_THAT(all(ENETUNREACH), HasSubstr("(network unreachable); is the address right"));
  EXPECT_THAT(all(EMFILE), HasSubstr("raise the limit of open files"));
  EXPECT_THAT(broken_words(ECONNRESET), HasSubstr("(connection reset)"));
  EXPECT_THAT(broken_words(ETIMEDOUT), HasSubstr("answers no more (timed out)"));
}

TEST_F(Connect, NoAddressAtAllIsUnresolved) {
  const auto attempt = ConnectAttempt::start(io_, std::vector<tcp::endpoint>{}, handler());
  run();
  EXPECT_EQ(result_->ending.reason, Reason::unresolved_host);
}

TEST_F(Connect, LocalhostIsResolvedAndEitherFamilyWillDo) {
  LoopbackListener good;
  const auto attempt = ConnectAttempt::start(io_, "localhost", good.port(), handler());
  run();
  EXPECT_TRUE(result_->socket);
}

TEST_F(Connect, AfterCancelTheHandlerIsNotCalled) {
  BlackHole hole;
  const auto attempt = ConnectAttempt::start(io_, "127.0.0.1", hole.port(), handler());
  io_.poll();
  EXPECT_THAT(attempt->doing(), HasSubstr("connecting to 127.0.0.1:"));
  attempt->cancel();
  io_.restart();
  io_.run();
  EXPECT_FALSE(result_);
}

}  // namespace
}  // namespace tributary::net::testing
