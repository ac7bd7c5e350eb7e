#include "net/http.hpp"

#include <thread>

#include "net/websocket_fixture.hpp"

namespace tributary::net::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class Http : public ::testing::Test {
 protected:
  /// Asks a peer that does what `script` says, and waits for the result.
  HttpExchange::Result ask(ScriptedPeer::Script script) {
    ScriptedPeer peer(std::move(script));
    if (request_.url.empty()) request_.url = "http://127.0.0.1:" + std::to_string(peer.port()) + "/graphql?a=b";
    if (through_proxy_) request_.proxy = "http://relay:s%3acret@127.0.0.1:" + std::to_string(peer.port());
    auto result = run();
    peer.join();
    return result;
  }

  HttpExchange::Result run() {
    std::optional<HttpExchange::Result> result;
    const auto exchange = HttpExchange::start(io_, request_, [&](HttpExchange::Result got) {
      EXPECT_FALSE(result) << "answered twice";
      result = std::move(got);
    });
    EXPECT_FALSE(result) << "the handler is called from the event loop only";
    run_until(io_, [&] { return result.has_value(); });
    return result ? std::move(*result) : HttpExchange::Result{};
  }

  static HttpAnswer answer(HttpExchange::Result result) {
    if (const auto* ending = std::get_if<Ending>(&result))
      ADD_FAILURE() << name(ending->reason) << ": " << ending->detail;
    return std::holds_alternative<HttpAnswer>(result) ? std::get<HttpAnswer>(std::move(result)) : HttpAnswer{};
  }

  static Ending ending(HttpExchange::Result result) {
    if (const auto* got = std::get_if<HttpAnswer>(&result))
      ADD_FAILURE() << "HTTP " << got->status << ": " << got->body;
    return std::holds_alternative<Ending>(result) ? std::get<Ending>(std::move(result)) : Ending{};
  }

  boost::asio::io_context io_{1};
  HttpRequest request_;
  bool through_proxy_ = false;
};

TEST_F(Http, MayBeStartedBeforeItsEventLoopRunsOnAnotherThread) {
  ScriptedPeer peer([](PeerSocket& socket) {
    socket.read_head();
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    socket.wait_for_end();
  });
  request_.url = "http://localhost:" + std::to_string(peer.port());
  std::optional<HttpExchange::Result> result;
  HttpExchange::start(io_, request_, [&](HttpExchange::Result got) {
    result = std::move(got);
    io_.stop();
  });
  std::thread([this] { io_.run_for(std::chrono::seconds(30)); }).join();
  ASSERT_TRUE(result);
  EXPECT_EQ(answer(std::move(*result)).body, "ok");
  peer.join();
}

TEST_F(Http, APostIsWrittenWholeAndItsAnswerRead) {
  request_.method = "POST";
  request_.headers = {{"Content-Type", "application/json"}, {"authorization", "made-up\r\nX-Smuggled: 1"}};
  request_.body = "{\"query\":\"q\"}";
  std::string head, body;
  const auto got = answer(ask([&](PeerSocket& peer) {
    head = peer.read_head();
    body = peer.read(13);
    peer.write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{\"data\":{}}");
    peer.wait_for_end();
  }));
  EXPECT_THAT(head, StartsWith("POST /graphql?a=b HTTP/1.1\r\nHost: 127.0.0.1:"));
  EXPECT_THAT(head, HasSubstr("\r\nauthorization: made-upX-Smuggled: 1\r\n")) << "a line break begins no header";
  EXPECT_THAT(head, HasSubstr("\r\nContent-Length: 13\r\n"));
  EXPECT_EQ(body, request_.body);
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(header_value(got.headers, "content-type"), "application/json");
  EXPECT_EQ(got.body, "{\"data\":{}}");
}

TEST_F(Http, InterimAnswersArePassedOver) {
  const std::string text =
      "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  const auto got = answer(ask([&](PeerSocket& peer) {
    peer.read_head();
    for (const char byte : text) peer.write({&byte, 1});
    peer.wait_for_end();
  }));
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.body, "ok");
}

TEST_F(Http, AUserInTheUrlIsBasicAuthorizationUnlessAHeaderIs) {
  for (const bool own : {false, true}) {
    std::string head;
    if (own) request_.headers = {{"authorization", "made-up"}};
    ScriptedPeer peer([&](PeerSocket& socket) {
      head = socket.read_head();
      socket.write("HTTP/1.1 204 No Content\r\n\r\n");
      socket.wait_for_end();
    });
    request_.url = "http://user:p%40ss@127.0.0.1:" + std::to_string(peer.port()) + "/";
    answer(run());
    peer.join();
    EXPECT_EQ(head.find("\r\nAuthorization: Basic dXNlcjpwQHNz\r\n") == std::string::npos, own) << head;
  }
}

TEST_F(Http, AChunkedAnswerComesWholeHoweverItIsCut) {
  const std::string text =
      "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nnobody\r\n5;x=y\r\n here\r\n0\r\nTrailer: "
      "t\r\n\r\n";
  const auto got = answer(ask([&](PeerSocket& peer) {
    peer.read_head();
    for (const char byte : text) peer.write({&byte, 1});
    peer.wait_for_end();
  }));
  EXPECT_EQ(got.status, 404);
  EXPECT_EQ(got.body, "nobody here");
}

TEST_F(Http, ABodyWithoutALengthLastsUntilTheEnd) {
  const auto got = answer(ask([](PeerSocket& peer) {
    peer.read_head();
    peer.write("HTTP/1.1 200 OK\r\n\r\nall of it");
  }));
  EXPECT_EQ(got.body, "all of it");
}

TEST_F(Http, AnEndInTheMiddleIsToldAsSuch) {
  EXPECT_EQ(ending(ask([](PeerSocket& peer) {
              peer.read_head();
              peer.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nnot all");
            })).reason,
            Reason::eof);
  request_.url.clear();
  EXPECT_EQ(ending(ask([](PeerSocket& peer) { peer.read_head(); })).reason, Reason::eof);
}

TEST_F(Http, WhatIsNotHttpIsToldAsSuch) {
  const auto end = ending(ask([](PeerSocket& peer) {
    peer.read_head();
    peer.write("SSH-2.0-OpenSSH_9.2\r\n\r\n");
    peer.wait_for_end();
  }));
  EXPECT_EQ(end.reason, Reason::protocol_error);
  EXPECT_THAT(end.detail, HasSubstr("not HTTP"));
}

TEST_F(Http, TlsInAnswerToAPlainRequestIsToldAsSuch) {
  const auto end = ending(ask([](PeerSocket& peer) {
    peer.read_head();
    peer.write(std::string("\x15\x03\x01\0\2\2\x46", 7));
    peer.wait_for_end();
  }));
  EXPECT_EQ(end.reason, Reason::protocol_error);
  EXPECT_THAT(end.detail, HasSubstr("the server speaks TLS here"));
}

TEST_F(Http, ABodyOverTheLimitIsNotRead) {
  request_.limit = 1000;
  const auto end = ending(ask([](PeerSocket& peer) {
    peer.read_head();
    peer.write("HTTP/1.1 200 OK\r\n\r\n" + std::string(1'000'000, 'x'));
  }));
  EXPECT_EQ(end.reason, Reason::frame_too_large);
  EXPECT_THAT(end.detail, HasSubstr("1000 bytes"));
}

TEST_F(Http, SilenceEndsWithTheTimeoutAndItsStage) {
  request_.timeout = 50ms;
  const auto end = ending(ask([](PeerSocket& peer) {
    peer.read_head();
    peer.wait_for_end();
  }));
  EXPECT_EQ(end.reason, Reason::dial_timeout);
  EXPECT_THAT(end.detail, HasSubstr("50 ms, during the stage: answer"));
}

TEST_F(Http, HttpsGoesThroughTheProxysConnectAndThenTalksTls) {
  through_proxy_ = true;
  request_.url = "https://only-the-proxy-knows.invalid/x";
  std::string connect, hello;
  const auto end = ending(ask([&](PeerSocket& peer) {
    connect = peer.read_head();
    peer.write("HTTP/1.1 200 Connection established\r\n\r\n");
    hello = peer.read(3);
    peer.write("no TLS here at all");
  }));
  EXPECT_THAT(connect, StartsWith("CONNECT only-the-proxy-knows.invalid:443 HTTP/1.1\r\n"));
  EXPECT_EQ(hello.substr(0, 2), "\x16\x03") << "a TLS ClientHello";
  EXPECT_EQ(end.reason, Reason::tls_failed);
}

TEST_F(Http, WhatCannotBeAskedIsSaidFromTheEventLoop) {
  for (const char* url : {"ws://127.0.0.1/", "nonsense", "http://127.0.0.1:1/"}) {
    request_.url = url;
    const auto end = ending(run());
    EXPECT_EQ(end.reason, std::string(url).ends_with(":1/") ? Reason::connect_refused : Reason::unresolved_host) << url;
  }
  request_.url = "http://127.0.0.1:1/";
  request_.proxy = "ftp://127.0.0.1:1";
  EXPECT_EQ(ending(run()).reason, Reason::proxy_refused);
}

TEST_F(Http, ACancelledOneSaysNothing) {
  ScriptedPeer peer([](PeerSocket& socket) { socket.wait_for_end(); });
  request_.url = "http://127.0.0.1:" + std::to_string(peer.port()) + "/";
  bool told = false;
  const auto exchange = HttpExchange::start(io_, request_, [&](const HttpExchange::Result&) { told = true; });
  exchange->cancel();
  io_.run_for(50ms);
  EXPECT_FALSE(told);
  EXPECT_TRUE(io_.stopped()) << "nothing of it is left";
  peer.join();
}

}  // namespace
}  // namespace tributary::net::testing
