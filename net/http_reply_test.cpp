#include "net/http_reply.hpp"

#include <gtest/gtest.h>

#include "net/proxy.hpp"

namespace tributary::net {
namespace {

using State = HttpReplyReader::State;

TEST(HttpReply, StopsAtTheEndOfTheHead) {
  HttpReplyReader reader;
  const std::string head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";
  EXPECT_EQ(reader.feed(head + "frames"), head.size());
  EXPECT_EQ(reader.unfolded_head(), head);
  EXPECT_EQ(reader.reply().status, 101);
  EXPECT_EQ(reader.reply().header("UPGRADE"), "websocket");
}

TEST(HttpReply, AStatusLineWithoutAReasonNeedsNoSpaceAtItsEnd) {
  const std::string head = "HTTP/1.1 101\r\nUpgrade: websocket\r\n\r\n";
  for (std::size_t cut = 0; cut <= head.size(); ++cut) {
    HttpReplyReader reader;
    std::size_t used = reader.feed(head.substr(0, cut) + (cut == head.size() ? "frames" : ""));
    if (reader.state() == State::head) used += reader.feed(head.substr(cut) + "frames");
    EXPECT_EQ(used, head.size()) << cut;
    EXPECT_EQ(reader.reply().status, 101) << cut << reader.fault();
    EXPECT_EQ(reader.reply().header("Upgrade"), "websocket") << cut;
    EXPECT_EQ(reader.unfolded_head(), "HTTP/1.1 101 \r\nUpgrade: websocket\r\n\r\n") << cut;
  }
  HttpReplyReader refusal;
  refusal.feed("HTTP/1.1 404\r\n\r\n");
  EXPECT_EQ(refusal.reply().words(), "HTTP 404 Not Found");
  HttpReplyReader other;
  other.feed("HTTP/2.0 101\r\n\r\n");
  EXPECT_EQ(other.state(), State::malformed);
}

TEST(HttpReply, TakesHeadAndBodyByteByByte) {
  HttpReplyReader reader;
  for (const char byte : std::string("HTTP/1.1 429 Slow\r\nContent-Length: 4\r\nRetry-After: 3\r\n\r\nbody")) {
    EXPECT_EQ(reader.feed({&byte, 1}), 1u);
  }
  EXPECT_EQ(reader.state(), State::complete);
  EXPECT_EQ(reader.reply().body, "body");
  EXPECT_EQ(reader.reply().words(), "HTTP 429 Slow: body");
}

TEST(HttpReply, InterimAnswersArePassedOverHoweverTheyAreCut) {
  const std::string interim =
      "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n";
  const std::string head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";
  const std::string all = interim + head + "frames";
  for (std::size_t cut = 0; cut <= all.size(); ++cut) {
    HttpReplyReader reader;
    std::size_t used = reader.feed(all.substr(0, cut));
    if (reader.state() == State::head) used += reader.feed(all.substr(cut));
    EXPECT_EQ(used, interim.size() + head.size()) << cut;
    EXPECT_EQ(reader.reply().status, 101) << cut;
    EXPECT_EQ(reader.reply().header("Link"), "") << cut;
    EXPECT_EQ(reader.unfolded_head(), head) << cut;
  }
}

TEST(HttpReply, InterimAnswersAreBoundedInNumberAndSize) {
  HttpReplyReader many;
  for (int i = 0; i <= HttpReplyReader::interim_limit; ++i) many.feed("HTTP/1.1 103 Early Hints\r\n\r\n");
  EXPECT_EQ(many.state(), State::malformed);
  EXPECT_EQ(many.fault(), "more than 8 interim answers (HTTP 103) and none that counts");
  HttpReplyReader large;
  for (int i = 0; i < 3; ++i) large.feed("HTTP/1.1 103 Early Hints\r\nX: " + std::string(7'000, 'x') + "\r\n\r\n");
  large.feed("HTTP/1.1 101 S");
  EXPECT_EQ(large.state(), State::malformed);
}

TEST(HttpReply, AFoldedHeaderIsOneWithASpaceInPlaceOfTheFold) {
  HttpReplyReader reader;
  reader.feed("HTTP/1.1 101 Switching Protocols\r\nUpgrade:\r\n websocket\r\nX-A: one\r\n\t two\r\n\r\n");
  EXPECT_EQ(reader.reply().header("Upgrade"), "websocket");
  EXPECT_EQ(reader.reply().header("X-A"), "one two");
  EXPECT_EQ(reader.unfolded_head(), "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nX-A: one two\r\n\r\n");
}

TEST(HttpReply, BodyIsClipped) {
  HttpReplyReader reader;
  const std::string head = "HTTP/1.1 500 Oops\r\n\r\n";
  reader.feed(head);
  for (int i = 0; i < 100; ++i) reader.feed(std::string(1000, 'x'));
  EXPECT_EQ(reader.state(), State::complete);
  EXPECT_EQ(reader.reply().body.size(), HttpReplyReader::body_limit);
}

TEST(HttpReply, ChunkedBodyInPieces) {
  HttpReplyReader reader;
  reader.feed("HTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (const char byte : std::string("5\r\nhello\r\n0\r\n\r\n")) reader.feed({&byte, 1});
  EXPECT_EQ(reader.state(), State::complete);
  EXPECT_EQ(reader.reply().body, "hello");
}

TEST(HttpReply, HeadCutShortIsMalformed) {
  HttpReplyReader reader;
  reader.feed("HTTP/1.1 200 OK\r\nX");
  reader.end();
  EXPECT_EQ(reader.state(), State::malformed);
}

TEST(HttpReply, OtherProtocolsAreKnownByteByByte) {
  const auto fault_of = [](std::string_view bytes) {
    HttpReplyReader reader;
    for (std::size_t i = 0; i < bytes.size() && reader.state() == State::head; ++i) reader.feed(bytes.substr(i, 1));
    return reader.fault();
  };
  EXPECT_NE(fault_of({"\x15\x03\x03\0\2\2\x0a", 7}).find("speaks TLS here: wss:// instead of ws://"),
            std::string::npos);
  EXPECT_NE(fault_of({"\x16\x03\x01", 3}).find("speaks TLS here"), std::string::npos);
  EXPECT_NE(fault_of({"\0\0\0\4\0\0\0\0\0", 9}).find("speaks HTTP/2 here"), std::string::npos);
  EXPECT_NE(fault_of({"\0\0\x08\7\0\0\0\0\0", 9}).find("speaks HTTP/2 here"), std::string::npos);
  EXPECT_EQ(fault_of("HTTP/1.1 101 S"), "");
}

TEST(HttpReply, RetryAfterIsSecondsOrADateAndIsBounded) {
  const std::time_t now = 1'445'412'400;  // 2015-10-21 07:26:40
  EXPECT_EQ(retry_after_seconds("120", now), 120);
  EXPECT_EQ(retry_after_seconds("Wed, 21 Oct 2015 07:28:00 GMT", now), 80);
  EXPECT_EQ(retry_after_seconds("Wed, 21 Oct 2015 07:20:00 GMT", now), 0);
  EXPECT_EQ(retry_after_seconds("999999999999999999999", now), 86'400);
  EXPECT_EQ(retry_after_seconds("-5", now), 0);
  EXPECT_EQ(retry_after_seconds("soon", now), 0);
  EXPECT_EQ(retry_after_seconds("", now), 0);
}

TEST(ProxyHandshake, AsksWithBasicAuthorisationFromTheUserInfo) {
  std::string fault;
  const auto proxy = text::parse_url("http://user:p%40ss@proxy:3128", {"http"}, fault);
  const auto target = text::parse_url("wss://live.example/x", {"wss"}, fault);
  EXPECT_EQ(ProxyHandshake::request(*proxy, *target),
            "CONNECT live.example:443 HTTP/1.1\r\nHost: live.example:443\r\n"
            "Proxy-Authorization: Basic dXNlcjpwQHNz\r\n\r\n");
}

TEST(ProxyHandshake, PassesOverInterimAnswers) {
  ProxyHandshake open;
  open.feed("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n");
  EXPECT_EQ(open.state(), ProxyHandshake::State::open);
}

TEST(ProxyHandshake, OpensOnAny2xxAndRefusesTheRest) {
  ProxyHandshake open;
  open.feed("HTTP/1.0 200 Connection est");
  EXPECT_EQ(open.state(), ProxyHandshake::State::waiting);
  open.feed("ablished\r\nVia: x\r\n\r\n");
  EXPECT_EQ(open.state(), ProxyHandshake::State::open);

  ProxyHandshake refused;
  refused.feed("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(refused.state(), ProxyHandshake::State::refused);
  EXPECT_EQ(refused.fault(), "HTTP 407 Proxy Authentication Required");

  ProxyHandshake talks_first;
  talks_first.feed("HTTP/1.1 200 OK\r\n\r\nsurprise");
  EXPECT_EQ(talks_first.state(), ProxyHandshake::State::refused);
}

}  // namespace
}  // namespace tributary::net
