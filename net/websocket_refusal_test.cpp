// Answers to an upgrade that are no websocket, against a peer that does to the byte what the test says.
#include "net/websocket_fixture.hpp"

namespace tributary::net::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Refusal {
  const char* name;
  std::string answer;
  Reason reason;
  std::string detail;
  int retry_after;
};

std::string interims(int count) {
  std::string all;
  for (int i = 0; i < count; ++i) all += "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n";
  return all;
}

class WebSocketRefusal : public DialFixture, public ::testing::WithParamInterface<Refusal> {};

TEST_P(WebSocketRefusal, EndsWithItsReasonAndNeverOpens) {
  target_.subprotocols = {"offered"};
  run_script([&](PeerSocket& peer) {
    std::string good = peer.upgrade_answer();
    std::string answer = GetParam().answer;
    if (const auto at = answer.find("GOOD"); at != std::string::npos) {
      answer.replace(at, 4, good.substr(0, good.size() - 2));
    }
    peer.write(answer);
    peer.end_writing();
    peer.wait_for_end();
  });
  EXPECT_FALSE(recorder_.opened);
  EXPECT_EQ(recorder_.reason(), GetParam().reason) << recorder_.ending->detail;
  EXPECT_THAT(recorder_.ending->detail, HasSubstr(GetParam().detail));
  EXPECT_EQ(recorder_.ending->retry_after_seconds, GetParam().retry_after);
}

INSTANTIATE_TEST_SUITE_P(
    Answers, WebSocketRefusal,
    ::testing::Values(
        Refusal{"Unauthorized",
                "HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 14\r\n\r\ntoken required",
                Reason::upgrade_refused, "HTTP 401 Unauthorized: token required", 0},
        Refusal{"SlowDown", "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 9\r\nRetry-After: 7\r\n\r\nslow down",
                Reason::upgrade_refused, "HTTP 429 Too Many Requests: slow down", 7},
        Refusal{"RedirectIsNotFollowed",
                "HTTP/1.1 302 Found\r\nContent-Length: 5\r\nLocation: ws://127.0.0.1:1/elsewhere\r\n\r\nFound",
                Reason::upgrade_refused, "to ws://127.0.0.1:1/elsewhere", 0},
        Refusal{"VersionNotSpoken",
                "HTTP/1.1 400 Bad Request\r\nContent-Length: 47\r\nSec-WebSocket-Version: 13, 8\r\n\r\n"
                "Missing or invalid Sec-WebSocket-Version header",
                Reason::upgrade_refused, "Missing or invalid Sec-WebSocket-Version header", 0},
        Refusal{"BodyUntilTheEnd", "HTTP/1.1 503 Service Unavailable\r\n\r\ndown for\nmaintenance",
                Reason::upgrade_refused, "down for maintenance", 0},
        Refusal{"ChunkedBody",
                "HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n there\r\n0\r\n\r\n",
                Reason::upgrade_refused, "hello there", 0},
        Refusal{"LyingContentLength",
                "HTTP/1.1 500 Oops\r\nContent-Length: 99999999999999999\r\n\r\n" + std::string(100'000, 'x'),
                Reason::upgrade_refused, "HTTP 500 Oops: xxx", 0},
        Refusal{"PlainOk", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Reason::upgrade_refused, "HTTP 200 OK", 0},
        Refusal{"NotHttp", "SSH-2.0-OpenSSH_9.2\r\n\r\n", Reason::protocol_error,
                "not HTTP, it begins \"SSH-2.0-OpenSSH_9.2\"; are host and port", 0},
        Refusal{"TlsAlert", std::string("\x15\x03\x01\0\2\2\x46", 7), Reason::protocol_error,
                "the server speaks TLS here: wss:// instead of ws://", 0},
        Refusal{"Http2Settings", std::string("\0\0\6\4\0\0\0\0\0\0\3\0\0\0\x64", 15), Reason::protocol_error,
                "the server speaks HTTP/2 here", 0},
        Refusal{"EndlessHead", "HTTP/1.1 200 OK\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n", Reason::protocol_error,
                "16 KiB", 0},
        Refusal{"WrongAcceptValue",
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
                Reason::protocol_error, "Sec-WebSocket-Accept is `s3pPLMBiTxaQ9kYGzzhZRbK+xOo=`, which does not belong",
                0},
        Refusal{"NoAcceptValue",
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
                Reason::protocol_error, "no header `Sec-WebSocket-Accept`", 0},
        Refusal{"NoConnectionHeader", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
                Reason::protocol_error, "no header `Connection: Upgrade`", 0},
        Refusal{"NoUpgradeHeader", "HTTP/1.1 101 Switching Protocols\r\n\r\n", Reason::protocol_error,
                "no header `Upgrade: websocket`", 0},
        Refusal{"InterimAnswersWithoutEnd", interims(9), Reason::protocol_error, "more than 8 interim answers", 0},
        Refusal{"InterimThenRefusal", interims(2) + "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n",
                Reason::upgrade_refused, "HTTP 401 Unauthorized", 0},
        Refusal{"ExtensionNotOffered", "GOODSec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
                Reason::protocol_error, "extension", 0},
        Refusal{"SubprotocolNotOffered", "GOODSec-WebSocket-Protocol: other\r\n\r\n", Reason::protocol_error,
                "subprotocol", 0},
        Refusal{"EndBeforeTheAnswer", "", Reason::eof, "upgrade", 0},
        Refusal{"EndInsideTheAnswer", "HTTP/1.1 101 Switch", Reason::eof, "upgrade", 0}),
    [](const auto& row) { return std::string(row.param.name); });

class InterimAnswer : public DialFixture {};

TEST_F(InterimAnswer, IsPassedOverWithFramesRightBehindThe101) {
  run_script([](PeerSocket& peer) {
    std::string good = peer.upgrade_answer();
    good.replace(good.find("Upgrade: websocket"), 18, "Upgrade:\r\n\twebsocket");  // folded
    peer.write(interims(2) + good + text_frame("first") + close_frame(1000));
    peer.wait_for_end();
  });
  EXPECT_TRUE(recorder_.opened);
  EXPECT_THAT(recorder_.payloads(), ::testing::ElementsAre("first"));
}

class RefusalAfterThe101 : public DialFixture {};

TEST_F(RefusalAfterThe101, IsARefusalWithItsBody) {
  run_script([](PeerSocket& peer) {
    const std::string body = R"({"code":5,"message":"Unsupported protocol version"})";
    peer.write(peer.upgrade_answer() + "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-type: text/html\r\n" +
               "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    peer.end_writing();
    peer.wait_for_end();
  });
  EXPECT_EQ(recorder_.reason(), Reason::upgrade_refused);
  EXPECT_THAT(recorder_.ending->detail, HasSubstr("Unsupported protocol version"));
  EXPECT_THAT(recorder_.messages, IsEmpty());
}

TEST_F(RefusalAfterThe101, MayComeInPieces) {
  run_script([](PeerSocket& peer) {
    peer.upgrade();
    for (const char byte : std::string("HTTP/1.1 400 Bad Request\r\nContent-Length: 4\r\n\r\nnope")) {
      peer.write(std::string(1, byte));
      std::this_thread::yield();
    }
    peer.end_writing();
    peer.wait_for_end();
  });
  EXPECT_EQ(recorder_.reason(), Reason::upgrade_refused);
  EXPECT_THAT(recorder_.ending->detail, HasSubstr("nope"));
}

TEST_F(RefusalAfterThe101, BytesThatOnlyBeginLikeItAreAProtocolError) {
  run_script([](PeerSocket& peer) {
    peer.upgrade();
    peer.write("HTTPS!");
    peer.wait_for_end();
  });
  EXPECT_EQ(recorder_.reason(), Reason::protocol_error);
}

}  // namespace
}  // namespace tributary::net::testing
