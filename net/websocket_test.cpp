// What a connection carries while it stands.
#include <future>

#include "net/websocket_fixture.hpp"

namespace tributary::net::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Our server and our client on one loop.
class WebSocketPair : public DialFixture {
 protected:
  void listen(ServerTls tls = {}) {
    WebSocketServer::Settings settings;
    settings.tls = std::move(tls);
    server_ = WebSocketServer::listen(
        io_, settings,
        [this](const UpgradeRequest& request) {
          request_ = request;
          UpgradeAnswer answer = answer_;
          answer.listener = &accepted_;
          return answer;
        },
        [this](std::shared_ptr<WebSocket> socket, WebSocketListener*) { accepted_socket_ = std::move(socket); });
  }
  std::string server_url(std::string_view target = "/") const {
    return "ws://127.0.0.1:" + std::to_string(server_->port()) + std::string(target);
  }
  void connect() {
    listen();
    dial_url(server_url("/stream?x=1"));
    run_until(io_, [&] { return recorder_.opened && accepted_.opened; });
  }

  std::unique_ptr<WebSocketServer> server_;
  UpgradeRequest request_;
  UpgradeAnswer answer_;
  Recorder accepted_;
  std::shared_ptr<WebSocket> accepted_socket_;
};

TEST_F(WebSocketPair, UpgradeCarriesTargetHeadersOriginAndSubprotocol) {
  target_.headers = {{"Authorization", "Bearer fake"}, {"X-One", "1"}};
  target_.origin = "https://relay.example";
  target_.subprotocols = {"a.v1", "b.v2"};
  answer_.subprotocol = "b.v2";
  connect();
  EXPECT_EQ(request_.target, "/stream?x=1");
  EXPECT_EQ(request_.header("authorization"), "Bearer fake");
  EXPECT_EQ(request_.header("Origin"), "https://relay.example");
  EXPECT_EQ(request_.header("Host"), "127.0.0.1:" + std::to_string(server_->port()));
  EXPECT_THAT(request_.subprotocols, ElementsAre("a.v1", "b.v2"));
  EXPECT_EQ(recorder_.opened, "b.v2");
  EXPECT_EQ(accepted_.opened, "b.v2");
}

TEST_F(WebSocketPair, MessagesGoBothWaysAtEveryLengthThatChangesTheHeader) {
  connect();
  std::vector<Recorder::Message> sent;
  for (const std::size_t size : {0u, 1u, 125u, 126u, 127u, 2047u, 2048u, 2049u, 65535u, 65536u, 300'000u}) {
    sent.push_back({std::string(size, 'y'), size % 2 == 1});
  }
  for (const auto& message : sent) {
    for (auto* socket : {socket_.get(), accepted_socket_.get()}) {
      message.binary ? socket->send_binary(message.payload) : socket->send_text(message.payload);
    }
  }
  run_until(io_, [&] { return recorder_.messages.size() == sent.size() && accepted_.messages.size() == sent.size(); });
  EXPECT_EQ(recorder_.messages, sent);
  EXPECT_EQ(accepted_.messages, sent);
  EXPECT_EQ(socket_->unsent_bytes(), 0u);
}

TEST_F(WebSocketPair, BrokenUtf8CanBeSentAndIsDelivered) {
  connect();
  accepted_socket_->send_text("\xc3(");
  run_until(io_, [&] { return recorder_.messages.size() == 1; });
  EXPECT_EQ(recorder_.messages[0].payload, "\xc3(");
}

TEST_F(WebSocketPair, PingIsAnsweredBothWays) {
  connect();
  socket_->send_ping();
  accepted_socket_->send_ping();
  run_until(io_, [&] { return recorder_.pongs == 1 && accepted_.pongs == 1; });
}

TEST_F(WebSocketPair, CloseByTheClientIsHeardByBoth) {
  connect();
  socket_->close(4001, "bye");
  run_until(io_, [&] { return recorder_.ending && accepted_.ending; });
  EXPECT_EQ(recorder_.reason(), Reason::closed);
  EXPECT_EQ(recorder_.ending->close_code, 4001);
  EXPECT_EQ(accepted_.reason(), Reason::closed);
  EXPECT_THAT(accepted_.ending->detail, HasSubstr("bye"));
}

TEST_F(WebSocketPair, CloseByTheServerIsHeardByBoth) {
  connect();
  accepted_socket_->close(1012, "restart");
  run_until(io_, [&] { return recorder_.ending && accepted_.ending; });
  EXPECT_EQ(recorder_.ending->close_code, 1012);
  EXPECT_EQ(accepted_.reason(), Reason::closed);
}

TEST_F(WebSocketPair, StoppingTheServerEndsItsSockets) {
  connect();
  server_->stop();
  run_until(io_, [&] { return recorder_.ending && accepted_.ending; });
  EXPECT_EQ(accepted_.reason(), Reason::stopped);
  EXPECT_NE(recorder_.reason(), Reason::none);
}

TEST_F(WebSocketPair, RefusalByOurServerIsReadByOurClient) {
  answer_.status = 403;
  answer_.body = "not here";
  answer_.content_type = "text/plain";
  answer_.headers = {{"Retry-After", "12"}};
  listen();
  dial_url(server_url());
  run_to_end();
  EXPECT_EQ(recorder_.reason(), Reason::upgrade_refused);
  EXPECT_THAT(recorder_.ending->detail, HasSubstr("HTTP 403 Forbidden: not here"));
  EXPECT_EQ(recorder_.ending->retry_after_seconds, 12);
  EXPECT_FALSE(accepted_.opened);
}

TEST_F(WebSocketPair, TenThousandMessagesInOneBurstArriveInOrder) {
  connect();
  for (int i = 0; i < 10'000; ++i) accepted_socket_->send_text("message " + std::to_string(i));
  run_until(io_, [&] { return recorder_.messages.size() == 10'000; });
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_EQ(recorder_.messages[static_cast<std::size_t>(i)].payload, "message " + std::to_string(i));
  }
  EXPECT_LT(recorder_.read_ends, 1'000);
}

TEST_F(WebSocketPair, PausedReadingDeliversNothingMoreAndLosesNothing) {
  connect();
  recorder_.when_message = [&] {
    if (recorder_.messages.size() == 5) socket_->pause_reading();
  };
  for (int i = 0; i < 5'000; ++i) accepted_socket_->send_text(std::string(500, 'x') + std::to_string(i));
  accepted_socket_->send_ping();
  socket_->send_ping();  // ours go on while reading is paused
  socket_->send_text("still talking");
  run_until(io_, [&] { return accepted_.messages.size() == 1; });
  EXPECT_LT(recorder_.messages.size(), 20u);
  EXPECT_EQ(accepted_.pongs, 0);
  socket_->resume_reading();
  run_until(io_, [&] { return recorder_.messages.size() == 5'000 && recorder_.pongs == 1 && accepted_.pongs == 1; });
  EXPECT_EQ(recorder_.messages.back().payload, std::string(500, 'x') + "4999");
}

TEST_F(WebSocketPair, PauseAndResumeInsideEveryMessageKeepsTheOrder) {
  connect();
  recorder_.when_message = [&] {
    socket_->pause_reading();
    socket_->resume_reading();
  };
  for (int i = 0; i < 500; ++i) accepted_socket_->send_text(std::to_string(i));
  run_until(io_, [&] { return recorder_.messages.size() == 500; });
  for (std::size_t i = 0; i < 500; ++i) ASSERT_EQ(recorder_.messages[i].payload, std::to_string(i));
}

TEST_F(WebSocketPair, PauseInAMessageAndResumeAtTheReadsEndKeepsTheOrder) {
  connect();
  recorder_.when_message = [&] { socket_->pause_reading(); };
  recorder_.when_read_end = [&] { socket_->resume_reading(); };
  for (int i = 0; i < 3'000; ++i) accepted_socket_->send_text(std::string(200, 'x') + std::to_string(i));
  run_until(io_, [&] { return recorder_.messages.size() == 3'000; });
  for (std::size_t i = 0; i < 3'000; ++i) {
    ASSERT_EQ(recorder_.messages[i].payload, std::string(200, 'x') + std::to_string(i));
  }
}

TEST_F(WebSocketPair, UnsentBytesGrowWhileThePeerDoesNotRead) {
  connect();
  accepted_socket_->pause_reading();
  const std::string chunk(64 * 1024, 'x');
  for (int i = 0; i < 200; ++i) socket_->send_binary(chunk);
  EXPECT_GT(socket_->unsent_bytes(), 10u << 20);
  accepted_socket_->resume_reading();
  run_until(io_, [&] { return accepted_.messages.size() == 200; });
  EXPECT_EQ(socket_->unsent_bytes(), 0u);
}

class WebSocketFraming : public DialFixture {};

TEST_F(WebSocketFraming, FramesInTheSameSegmentAsThe101AreDelivered) {
  run_script([](PeerSocket& peer) {
    peer.write(peer.upgrade_answer() + text_frame("hello") + text_frame("world") + close_frame(1000));
    peer.wait_for_end();
  });
  EXPECT_TRUE(recorder_.opened);
  EXPECT_THAT(recorder_.payloads(), ElementsAre("hello", "world"));
}

TEST_F(WebSocketFraming, FragmentsWithAPingBetweenAreOneMessageAndThePingIsAnswered) {
  PeerSocket::Frame pong;
  run_script([&](PeerSocket& peer) {
    peer.upgrade();
    peer.write(frame(1, "{\"a\":", false) + frame(9, "mid") + frame(0, "\"b", false));
    pong = peer.read_frame();
    peer.write(frame(0, "\"}") + close_frame(1000));
    peer.wait_for_end();
  });
  EXPECT_THAT(recorder_.payloads(), ElementsAre("{\"a\":\"b\"}"));
  EXPECT_EQ(pong.opcode, 10);
  EXPECT_EQ(pong.payload, "mid");
  EXPECT_TRUE(pong.masked);
}

TEST_F(WebSocketFraming, MessageAtTheFrameLimitIsDelivered) {
  target_.frame_limit = 4096;
  run_script([](PeerSocket& peer) {
    peer.upgrade();
    peer.write(text_frame(std::string(4096, 'x')) + close_frame(1000));
    peer.wait_for_end();
  });
  ASSERT_EQ(recorder_.messages.size(), 1u);
  EXPECT_EQ(recorder_.messages[0].payload.size(), 4096u);
}

TEST_F(WebSocketFraming, MasksAreFresh) {
  std::string first, second;
  recorder_.when_open = [&] {
    socket_->send_text("same");
    socket_->send_text("same");
    socket_->close(1000, "");
  };
  run_script([&](PeerSocket& peer) {
    peer.upgrade();
    first = peer.read(10);
    second = peer.read(10);
    peer.write(close_frame(1000));
    peer.wait_for_end();
  });
  EXPECT_EQ(first.substr(0, 2), second.substr(0, 2));
  EXPECT_NE(first.substr(2, 4), second.substr(2, 4));
}

}  // namespace
}  // namespace tributary::net::testing
