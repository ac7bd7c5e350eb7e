#include "net/websocket_engine.hpp"

#include <random>

#include "net/websocket_fixture.hpp"

namespace tributary::net::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

/// Hears one engine, without any I/O.
struct EngineListener final : WebSocketEngine::Events {
  void write(const std::string_view* pieces, std::size_t count) override {
    for (std::size_t i = 0; i < count; ++i) out += pieces[i];
  }
  UpgradeAnswer upgrade(const UpgradeRequest& request) override {
    seen = request;
    return answer;
  }
  void opened(std::string_view subprotocol) override { opened_with = std::string(subprotocol); }
  void message(std::string_view payload, bool binary) override {
    messages.push_back((binary ? "binary " : "text ") + std::string(payload));
    if (when_message) when_message();
  }
  void pong() override { ++pongs; }

  std::string taken() { return std::exchange(out, std::string()); }

  std::string out;
  UpgradeRequest seen;
  UpgradeAnswer answer;
  std::optional<std::string> opened_with;
  std::vector<std::string> messages;
  int pongs = 0;
  std::function<void()> when_message;
};

class Engine : public ::testing::Test {
 protected:
  Engine() : client(make_client(client_events)) { client->start(); }

  static std::unique_ptr<WebSocketEngine> make_client(EngineListener& events) {
    WebSocketEngine::Request request;
    request.host = "live.example";
    request.port = 80;
    request.target = "/x";
    return WebSocketEngine::client(request, 1u << 20, events);
  }
  static std::string answer_to(const std::string& request) {
    return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
           PeerSocket::accept_value(request) + "\r\n\r\n";
  }
  void open() {
    const std::string answer = answer_to(client_events.taken());
    ASSERT_EQ(client->receive(answer), answer.size());
    ASSERT_TRUE(client->is_open());
  }

  EngineListener client_events;
  std::unique_ptr<WebSocketEngine> client;
};

TEST_F(Engine, RequestNamesHostWithoutTheDefaultPort) {
  EXPECT_THAT(client_events.out, HasSubstr("GET /x HTTP/1.1\r\n"));
  EXPECT_THAT(client_events.out, HasSubstr("Host: live.example\r\n"));
  EXPECT_THAT(client_events.out, HasSubstr("Sec-WebSocket-Version: 13\r\n"));
  EXPECT_THAT(client_events.out, ::testing::Not(HasSubstr("Sec-WebSocket-Extensions")));
}

TEST_F(Engine, StreamCutAtEveryByteGivesTheSameMessages) {
  const std::string frames = text_frame(std::string(130, 'a')) + frame(2, "bin") + frame(1, "x", false) +
                             frame(9, "p") + frame(0, "y") + text_frame("");
  for (std::size_t cut = 0; cut <= 129 + frames.size(); ++cut) {
    EngineListener events;
    const auto engine = make_client(events);
    engine->start();
    const std::string bytes = answer_to(events.taken()) + frames;
    ASSERT_EQ(engine->receive(std::string_view(bytes).substr(0, cut)), cut);
    ASSERT_EQ(engine->receive(std::string_view(bytes).substr(cut)), bytes.size() - cut);
    ASSERT_THAT(events.messages, ElementsAre("text " + std::string(130, 'a'), "binary bin", "text xy", "text "))
        << "cut at " << cut;
  }
}

TEST_F(Engine, StreamOfSingleBytesGivesTheSameMessages) {
  const std::string bytes = answer_to(client_events.taken()) + text_frame(std::string(70'000, 'z')) + text_frame("end");
  for (const char byte : bytes) ASSERT_EQ(client->receive({&byte, 1}), 1u);
  EXPECT_THAT(client_events.messages, ElementsAre("text " + std::string(70'000, 'z'), "text end"));
}

TEST_F(Engine, DamagedStreamsEndWithAReasonOrGoOnButNeverMore) {
  std::mt19937 random(20261121);
  const std::string frames = text_frame(std::string(130, 'a')) + frame(2, "bin") + frame(1, "x", false) +
                             frame(9, "p") + frame(0, "y") + close_frame(1001, "bye");
  for (int round = 0; round < 5'000; ++round) {
    EngineListener events;
    const auto engine = make_client(events);
    engine->start();
    std::string bytes = answer_to(events.taken()) + frames;
    for (auto damage = random() % 4 + 1; damage > 0; --damage) {
      const std::size_t at = random() % bytes.size();
      switch (random() % 3) {
        case 0:
          bytes[at] = static_cast<char>(random());
          break;
        case 1:
          bytes.erase(at, random() % 20);
          break;
        default:
          bytes.insert(at, random() % 20, static_cast<char>(random()));
          break;
      }
    }
    std::string_view rest = bytes;
    while (!rest.empty() && !engine->ending()) {
      const std::size_t used = engine->receive(rest.substr(0, random() % 64 + 1));
      ASSERT_TRUE(used > 0 || engine->ending());
      rest.remove_prefix(used);
    }
    engine->end_of_stream();
    if (engine->ending()) {
      EXPECT_NE(engine->ending()->reason, Reason::none);
      EXPECT_LE(engine->ending()->detail.size(), 300u);
    }
  }
}

TEST_F(Engine, PauseStopsWithinAFewKibAndTheRestIsTakenLater) {
  open();
  std::string bytes;
  for (int i = 0; i < 200; ++i) bytes += text_frame(std::string(100, 'x'));
  client_events.when_message = [&] { client->pause(true); };
  const std::size_t used = client->receive(bytes);
  EXPECT_LT(used, 5'000u);
  client_events.when_message = nullptr;
  EXPECT_EQ(client->receive("ignored while paused"), 0u);
  client->pause(false);
  EXPECT_EQ(client->receive(std::string_view(bytes).substr(used)), bytes.size() - used);
  EXPECT_THAT(client_events.messages, SizeIs(200));
}

TEST_F(Engine, NothingIsSentBeforeOpenOrAfterClose) {
  client_events.out.clear();
  client->send("early", false);
  client->ping();
  client->close(1000, "early");
  EXPECT_EQ(client_events.out, "");
}

TEST_F(Engine, SendAfterCloseIsNothing) {
  open();
  client->close(1000, "done");
  client_events.out.clear();
  client->send("late", false);
  client->ping();
  client->close(1000, "again");
  EXPECT_EQ(client_events.out, "");
  EXPECT_FALSE(client->ending()) << "the peer has yet to answer";
}

TEST_F(Engine, CloseCodeThatMayNotBeSentBecomesANormalClose) {
  open();
  client->close(1006, "no such thing on the wire");
  EXPECT_EQ(client_events.out.size(), 8u);  // header 2, mask 4, code 2
}

TEST_F(Engine, SendFromInsideAMessageIsWritten) {
  open();
  client_events.when_message = [&] { client->send("answer", false); };
  client->receive(text_frame("question"));
  EXPECT_EQ(client_events.out.size(), 2u + 4u + 6u);
}

TEST_F(Engine, ClientAndServerEngineUnderstandEachOther) {
  EngineListener server_events;
  const auto server = WebSocketEngine::server(1u << 20, server_events);
  server->start();
  server->receive(client_events.taken());
  client->receive(server_events.taken());
  ASSERT_TRUE(client->is_open());
  ASSERT_TRUE(server->is_open());
  client->send(std::string(70'000, 'q'), false);
  client->ping();
  server->receive(client_events.taken());
  client->receive(server_events.taken());
  EXPECT_THAT(server_events.messages, ElementsAre("text " + std::string(70'000, 'q')));
  EXPECT_EQ(client_events.pongs, 1);
  client->close(1000, "done");
  server->receive(client_events.taken());
  client->receive(server_events.taken());
  ASSERT_TRUE(client->ending() && server->ending());
  EXPECT_EQ(client->ending()->reason, Reason::closed);
  EXPECT_EQ(server->ending()->close_code, 1000);
}

struct ServerRefusal {
  const char* name;
  std::string request;
  std::string answer;
};

class EngineServer : public ::testing::TestWithParam<ServerRefusal> {};

TEST_P(EngineServer, AnswersABadRequestWithHttp) {
  EngineListener events;
  const auto server = WebSocketEngine::server(1u << 20, events);
  server->start();
  server->receive(GetParam().request);
  EXPECT_THAT(events.out, ::testing::StartsWith(GetParam().answer));
  EXPECT_TRUE(server->ending());
  EXPECT_FALSE(events.opened_with);
}

INSTANTIATE_TEST_SUITE_P(
    Requests, EngineServer,
    ::testing::Values(ServerRefusal{"OtherVersion",
                                    "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                    "Sec-WebSocket-Version: 99\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
                                    "HTTP/1.1 400 "},
                      ServerRefusal{"OldVersion",
                                    "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                    "Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
                                    "HTTP/1.1 400 "},
                      ServerRefusal{"PlainHttp", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 426 "},
                      ServerRefusal{"NotHttp", "hello\r\n\r\n", "HTTP/1.1 400 "}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(EngineServerPlain, PlainHttpRequestGetsTheOwnersAnswer) {
  EngineListener events;
  events.answer.status = 200;
  events.answer.body = "{\"code\":0}";
  const auto server = WebSocketEngine::server(1u << 20, events);
  server->start();
  server->receive("GET /poll?t=1 HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(events.seen.target, "/poll?t=1");
  EXPECT_THAT(events.out, ::testing::StartsWith("HTTP/1.1 200 OK"));
  EXPECT_THAT(events.out, ::testing::EndsWith("{\"code\":0}"));
}

}  // namespace
}  // namespace tributary::net::testing
