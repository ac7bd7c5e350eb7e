// How a connection ends, against a peer that does to the byte what the test says.
#include <future>

#include "net/websocket_fixture.hpp"

namespace tributary::net::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class WebSocketEnds : public DialFixture {};

TEST_F(WebSocketEnds, CloseWithoutACodeIsAnsweredAndEndsClosed) {
  int answered = -1;
  run_script([&](PeerSocket& peer) {
    peer.upgrade();
    peer.write(frame(8, ""));
    answered = peer.read_frame().opcode;
    peer.wait_for_end();
  });
  EXPECT_EQ(recorder_.reason(), Reason::closed);
  EXPECT_EQ(recorder_.ending->close_code, 1005);
  EXPECT_EQ(answered, 8);
}

TEST_F(WebSocketEnds, CloseFrameGivesItsCodeAndWordsAndIsEchoed) {
  PeerSocket::Frame answer;
  run_script([&](PeerSocket& peer) {
    peer.upgrade();
    peer.write(text_frame("last words") + close_frame(4000, "custom \u2603"));
    answer = peer.read_frame();
    peer.wait_for_end();
  });
  EXPECT_THAT(recorder_.payloads(), ElementsAre("last words"));
  EXPECT_EQ(recorder_.reason(), Reason::closed);
  EXPECT_EQ(recorder_.ending->close_code, 4000);
  EXPECT_THAT(recorder_.ending->detail, HasSubstr("custom \u2603"));
  EXPECT_EQ(answer.opcode, 8);
  EXPECT_TRUE(answer.masked);
  EXPECT_EQ(answer.close_code(), 4000);
}

TEST_F(WebSocketEnds, CloseFrameIsReportedAtOnceThoughThePeerKeepsTcpOpen) {
  std::promise<void> reported;
  ScriptedPeer peer([&](PeerSocket& socket) {
    socket.upgrade();
    socket.write(close_frame(1001, "going away"));
    reported.get_future().wait();
    socket.wait_for_end();
  });
  target_.close_timeout = 600s;
  dial_url(peer.url());
  run_to_end();
  EXPECT_EQ(recorder_.reason(), Reason::closed);
  EXPECT_EQ(recorder_.ending->close_code, 1001);
  reported.set_value();
}

TEST_F(WebSocketEnds, FinWithoutCloseIsEof) {
  run_script([](PeerSocket& peer) {
    peer.upgrade();
    peer.write(text_frame("one"));
    peer.end_writing();
    peer.wait_for_end();
  });
  EXPECT_THAT(recorder_.payloads(), ElementsAre("one"));
  EXPECT_EQ(recorder_.reason(), Reason::eof);
}

TEST_F(WebSocketEnds, TruncatedFrameThenFinIsEofAndTheTornMessageIsNotDelivered) {
  run_script([](PeerSocket& peer) {
    peer.upgrade();
    peer.write(text_frame("first") + text_frame("never whole").substr(0, 6));
    peer.end_writing();
    peer.wait_for_end();
  });
  EXPECT_THAT(recorder_.payloads(), ElementsAre("first"));
  EXPECT_EQ(recorder_.reason(), Reason::eof);
}

TEST_F(WebSocketEnds, TcpResetIsReset) {
  std::promise<void> open;
  recorder_.when_open = [&] { open.set_value(); };
  run_script([&](PeerSocket& peer) {
    peer.upgrade();
    open.get_future().wait();
    peer.reset();
  });
  EXPECT_EQ(recorder_.reason(), Reason::reset);
  EXPECT_THAT(recorder_.ending->detail, HasSubstr("reset"));
}

struct Breach {
  const char* name;
  std::string bytes;
  Reason reason;
  int close_code;
  const char* words;
};

class WebSocketBreach : public DialFixture, public ::testing::WithParamInterface<Breach> {};

TEST_P(WebSocketBreach, EndsWithItsReasonAndTellsThePeer) {
  PeerSocket::Frame answer;
  run_script([&](PeerSocket& peer) {
    peer.upgrade();
    peer.write(text_frame("before") + GetParam().bytes);
    answer = peer.read_frame();
    peer.wait_for_end();
  });
  EXPECT_THAT(recorder_.payloads(), ElementsAre("before"));
  EXPECT_EQ(recorder_.reason(), GetParam().reason) << recorder_.ending->detail;
  EXPECT_THAT(recorder_.ending->detail, HasSubstr(GetParam().words));
  EXPECT_EQ(answer.opcode, 8);
  EXPECT_EQ(answer.close_code(), GetParam().close_code);
}

INSTANTIATE_TEST_SUITE_P(
    Rfc, WebSocketBreach,
    ::testing::Values(
        Breach{"MaskedServerFrame", frame(1, "ab", true, 0, true), Reason::protocol_error, 1002,
               "a masked frame, as only a client may send"},
        Breach{"ReservedBits", frame(1, "a", true, 3), Reason::protocol_error, 1002, "a reserved bit set"},
        Breach{"CompressionBitWithoutExtension", frame(1, "a", true, 4), Reason::protocol_error, 1002,
               "as if compression had been agreed on; we offer none"},
        Breach{"UnknownOpcode", frame(3, "a"), Reason::protocol_error, 1002, "a type that does not exist"},
        Breach{"UnknownControlOpcode", frame(11, ""), Reason::protocol_error, 1002, "a type that does not exist"},
        Breach{"ControlFrameOf126Bytes", frame(9, std::string(126, '\0')), Reason::protocol_error, 1002,
               "over 125 bytes"},
        Breach{"FragmentedControlFrame", frame(9, "x", false), Reason::protocol_error, 1002,
               "a ping, pong or close frame in pieces"},
        Breach{"ContinuationOfNothing", frame(0, "x"), Reason::protocol_error, 1002, "without its beginning"},
        Breach{"NewMessageInsideAFragmentedOne", frame(1, "x", false) + frame(1, "y"), Reason::protocol_error, 1002,
               "a new message before the last one ended"},
        Breach{"CloseFrameOfOneByte", frame(8, "x"), Reason::protocol_error, 1002,
               "a close frame with a code cut short, or one that no frame may carry"},
        Breach{"CloseFrameWithAReservedCode", close_frame(1006), Reason::protocol_error, 1002,
               "a close frame with a code cut short, or one that no frame may carry"},
        Breach{"CloseFrameWithBadUtf8", close_frame(1000, "\xff\xfe"), Reason::protocol_error, 1002,
               "a close frame with words that are not UTF-8"},
        Breach{"AnnouncedLengthOverTheLimit", frame(1, std::string(5u << 20, 'x')).substr(0, 10),
               Reason::frame_too_large, 1009, "a message over the limit"},
        Breach{"FragmentsTogetherOverTheLimit",
               frame(1, std::string(3u << 20, 'x'), false) + frame(0, std::string(2u << 20, 'x')).substr(0, 10),
               Reason::frame_too_large, 1009, "a message over the limit"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST_F(WebSocketEnds, InvalidUtf8InTextIsDeliveredAndNothingEnds) {
  run_script([](PeerSocket& peer) {
    peer.upgrade();
    peer.write(text_frame("\xc3(") + frame(1, "\xf0\x9f", false) + frame(0, "\x98\x80") + text_frame("\xf0\x9f"));
    peer.write(close_frame(1000));
    peer.wait_for_end();
  });
  EXPECT_THAT(recorder_.payloads(), ElementsAre("\xc3(", "\xf0\x9f\x98\x80", "\xf0\x9f"));
  EXPECT_EQ(recorder_.reason(), Reason::closed);
}

TEST_F(WebSocketEnds, OurCloseIsClosedWhenAnswered) {
  PeerSocket::Frame seen;
  recorder_.when_open = [&] { socket_->close(1000, "done"); };
  run_script([&](PeerSocket& peer) {
    peer.upgrade();
    seen = peer.read_frame();
    peer.write(text_frame("too late") + close_frame(1000, "done"));
    peer.wait_for_end();
  });
  EXPECT_EQ(recorder_.reason(), Reason::closed);
  EXPECT_EQ(recorder_.ending->close_code, 1000);
  EXPECT_EQ(seen.close_code(), 1000);
  EXPECT_EQ(seen.payload.substr(2), "done");
  EXPECT_THAT(recorder_.messages, IsEmpty());
}

TEST_F(WebSocketEnds, OurCloseEndsAtItsDeadlineWhenNeverAnswered) {
  recorder_.when_open = [&] { socket_->close(1000, "done"); };
  target_.close_timeout = 30ms;
  run_script([](PeerSocket& peer) {
    peer.upgrade();
    peer.wait_for_end();
  });
  EXPECT_EQ(recorder_.reason(), Reason::closed);
  EXPECT_THAT(recorder_.ending->detail, HasSubstr("30 ms"));
}

TEST_F(WebSocketEnds, OurCloseForTheirFaultIsClosedToo) {
  PeerSocket::Frame seen;
  recorder_.when_open = [&] { socket_->close(1008, "policy"); };
  run_script([&](PeerSocket& peer) {
    peer.upgrade();
    seen = peer.read_frame();
    peer.write(close_frame(1008));
    peer.wait_for_end();
  });
  EXPECT_EQ(recorder_.reason(), Reason::closed);
  EXPECT_EQ(seen.close_code(), 1008);
}

TEST_F(WebSocketEnds, PingFloodFromAPeerThatDoesNotReadEndsTheConnection) {
  run_script([](PeerSocket& peer) {
    peer.upgrade();
    std::string pings;
    for (int i = 0; i < 4096; ++i) pings += frame(9, std::string(125, 'p'));
    for (int i = 0; i < 256; ++i) peer.write(pings);
  });
  EXPECT_EQ(recorder_.reason(), Reason::reset) << recorder_.ending->detail;
}

TEST_F(WebSocketEnds, AbortFromInsideOnOpenDeliversNothing) {
  recorder_.when_open = [&] { socket_->abort({Reason::wrong_channel, "no", 0, 0}); };
  run_script([](PeerSocket& peer) {
    peer.write(peer.upgrade_answer() + text_frame("one"));
    peer.wait_for_end();
  });
  EXPECT_THAT(recorder_.messages, IsEmpty());
  EXPECT_EQ(recorder_.read_ends, 0);
  EXPECT_EQ(recorder_.reason(), Reason::wrong_channel);
}

TEST_F(WebSocketEnds, ListenerAndSocketMayBeDestroyedInsideOnEnd) {
  auto recorder = std::make_unique<Recorder>();
  bool gone = false;
  recorder->when_end = [&] {
    socket_.reset();
    gone = true;
    boost::asio::post(io_, [&] { recorder.reset(); });
  };
  ScriptedPeer peer([](PeerSocket& socket) {
    socket.upgrade();
    socket.write(close_frame(1000));
    socket.wait_for_end();
  });
  target_.url = peer.url();
  socket_ = dial(io_, target_, *recorder);
  run_until(io_, [&] { return gone && recorder == nullptr; });
}

TEST_F(WebSocketEnds, OurCloseIsReadOutEvenWhilePaused) {
  recorder_.when_open = [&] {
    socket_->pause_reading();
    socket_->close(1001, "");
  };
  run_script([](PeerSocket& peer) {
    peer.upgrade();
    peer.write(text_frame("unread") + close_frame(1001));
    peer.wait_for_end();
  });
  EXPECT_EQ(recorder_.reason(), Reason::closed);
  EXPECT_THAT(recorder_.messages, IsEmpty());
}

TEST_F(WebSocketEnds, AbortFromInsideAMessageDeliversNothingMore) {
  recorder_.when_message = [&] { socket_->abort({Reason::heartbeat_timeout, "enough", 0, 0}); };
  run_script([](PeerSocket& peer) {
    peer.upgrade();
    peer.write(text_frame("one") + text_frame("two") + text_frame("three"));
    peer.wait_for_end();
  });
  EXPECT_THAT(recorder_.payloads(), ElementsAre("one"));
  EXPECT_EQ(recorder_.reason(), Reason::heartbeat_timeout);
}

TEST_F(WebSocketEnds, DetachFromInsideAMessageAndDestroyingTheListenerIsSafe) {
  auto doomed = std::make_unique<Recorder>();
  int heard = 0;
  bool gone = false;
  doomed->when_message = [&] {
    ++heard;
    socket_->detach();
    socket_->abort({Reason::stopped, "", 0, 0});
    boost::asio::post(io_, [&] {
      doomed.reset();
      gone = true;
    });
  };
  ScriptedPeer peer([](PeerSocket& socket) {
    socket.upgrade();
    socket.write(text_frame("one") + text_frame("two"));
    socket.wait_for_end();
  });
  target_.url = peer.url();
  socket_ = dial(io_, target_, *doomed);
  run_until(io_, [&] { return gone; });
  EXPECT_EQ(heard, 1);
}

TEST_F(WebSocketEnds, AListenerThatThrowsLosesItsConnectionAndNothingElse) {
  recorder_.when_message = [] { throw std::runtime_error("bug"); };
  run_script([](PeerSocket& peer) {
    peer.upgrade();
    peer.write(text_frame("one") + text_frame("two"));
    peer.wait_for_end();
  });
  EXPECT_THAT(recorder_.payloads(), ElementsAre("one"));
  EXPECT_EQ(recorder_.reason(), Reason::internal);
  EXPECT_THAT(recorder_.ending->detail, HasSubstr("bug"));
}

/// Sends a mebibyte again and again; how many were taken before the first was not.
int fill(WebSocket& socket) {
  const std::string mebibyte(1u << 20, 'x');
  int taken = 0;
  while (taken < 100 && socket.send_text(mebibyte)) ++taken;
  return taken;
}

TEST_F(WebSocketEnds, APayloadOverTheLimitIsNotTakenAndTheSocketLives) {
  int taken = 0;
  bool again = true, small = false, drained = false;
  std::string heard;
  std::promise<void> full;
  recorder_.when_open = [&] {
    taken = fill(*socket_);
    EXPECT_GT(socket_->unsent_bytes(), WebSocket::unsent_limit - (2u << 20));
    again = socket_->send_binary(std::string(1u << 20, 'y'));
    small = socket_->send_text("small");
    full.set_value();
  };
  recorder_.when_drained = [&] {
    drained = true;
    EXPECT_LT(socket_->unsent_bytes(), WebSocket::unsent_limit / 2);
    EXPECT_TRUE(socket_->send_text("last"));
  };
  run_script([&](PeerSocket& peer) {
    peer.upgrade();
    full.get_future().wait();  // it does not read until then
    while (heard != "last") {
      const auto frame = peer.read_frame();
      if (frame.opcode != 1) break;
      EXPECT_NE(frame.payload[0], 'y') << "what was not taken";
      heard = frame.payload;
    }
    peer.write(close_frame(1000));
    peer.wait_for_end();
  });
  EXPECT_GE(taken, 15);
  EXPECT_LE(taken, 16);
  EXPECT_FALSE(again);
  EXPECT_TRUE(small) << "what still fits is taken";
  EXPECT_TRUE(drained);
  EXPECT_EQ(recorder_.drained, 1);
  EXPECT_EQ(heard, "last");
  EXPECT_EQ(recorder_.reason(), Reason::closed) << recorder_.ending->detail;
}

TEST_F(WebSocketEnds, ADrainThatIsAskedForIsToldOnceAndSoonWhenThereIsRoom) {
  recorder_.when_open = [&] {
    socket_->tell_drained(1000);
    EXPECT_EQ(recorder_.drained, 0) << "never from inside a call";
  };
  recorder_.when_drained = [&] { socket_->send_text("drained"); };
  run_script([](PeerSocket& peer) {
    peer.upgrade();
    EXPECT_EQ(peer.read_frame().payload, "drained");
    peer.write(text_frame("one") + close_frame(1000));
    peer.wait_for_end();
  });
  EXPECT_EQ(recorder_.drained, 1);
}

TEST_F(WebSocketEnds, NothingIsTakenBeforeItIsOpenAndAfterItWasClosed) {
  bool closed = true;
  recorder_.when_open = [&] {
    EXPECT_TRUE(socket_->writable());
    socket_->close(1000, "");
    closed = socket_->send_text("late");
    socket_->tell_drained(1000);
  };
  ScriptedPeer peer([](PeerSocket& it) {
    it.upgrade();
    EXPECT_EQ(it.read_frame().opcode, 8);
    it.write(close_frame(1000));
    it.wait_for_end();
  });
  dial_url(peer.url());
  EXPECT_FALSE(socket_->send_text("early"));
  EXPECT_FALSE(socket_->writable());
  run_to_end();
  EXPECT_FALSE(closed);
  EXPECT_EQ(recorder_.drained, 0);
}

TEST_F(WebSocketEnds, APeerThatPingsAndDoesNotReadEndsTheConnection) {
  std::promise<void> full, ended;
  recorder_.when_open = [&] {
    fill(*socket_);
    socket_->send_text(std::string(WebSocket::unsent_limit - socket_->unsent_bytes(), 'z'));
    full.set_value();
  };
  recorder_.when_end = [&] { ended.set_value(); };
  run_script([&](PeerSocket& peer) {
    peer.upgrade();
    full.get_future().wait();
    std::string pings;
    for (int i = 0; i < 200; ++i) pings += frame(9, std::string(125, 'p'));
    const auto over = ended.get_future();
    while (over.wait_for(0s) != std::future_status::ready) peer.write(pings);
  });
  EXPECT_EQ(recorder_.reason(), Reason::reset);
  EXPECT_THAT(recorder_.ending->detail, HasSubstr("the upstream does not read"));
}

TEST_F(WebSocketEnds, DialTimeoutSaysWhichStageItWas) {
  target_.dial_timeout = 50ms;
  run_script([](PeerSocket& peer) { peer.wait_for_end(); });
  EXPECT_EQ(recorder_.reason(), Reason::dial_timeout);
  EXPECT_THAT(recorder_.ending->detail, HasSubstr("upgrade"));
}

TEST_F(WebSocketEnds, RefusedPortNamesTheAddressAndTheError) {
  LoopbackListener port;
  const auto url = "ws://127.0.0.1:" + std::to_string(port.port());
  port.close();
  dial_url(url);
  run_to_end();
  EXPECT_EQ(recorder_.reason(), Reason::connect_refused);
  EXPECT_THAT(recorder_.ending->detail, HasSubstr("127.0.0.1:"));
  EXPECT_THAT(recorder_.ending->detail, HasSubstr("(connection refused); is the server up, and is the port right?"));
}

TEST_F(WebSocketEnds, UnknownHostIsUnresolved) {
  dial_url("ws://no-such-host.invalid/");
  run_to_end();
  EXPECT_EQ(recorder_.reason(), Reason::unresolved_host);
  EXPECT_THAT(recorder_.ending->detail, HasSubstr("no-such-host.invalid: "));
  EXPECT_THAT(recorder_.ending->detail, ::testing::AnyOf(HasSubstr("no such name in DNS; is it spelled right?"),
                                                         HasSubstr("is this machine's resolver reachable?")));
}

TEST_F(WebSocketEnds, BadUrlEndsFromTheLoopNotFromTheCall) {
  dial_url("wss://host:port/?token=secret");
  EXPECT_FALSE(recorder_.ending);
  run_to_end();
  EXPECT_EQ(recorder_.reason(), Reason::unresolved_host);
  EXPECT_THAT(recorder_.ending->detail, ::testing::Not(HasSubstr("secret")));
}

TEST_F(WebSocketEnds, HeaderWithALineBreakIsNotSent) {
  target_.headers = {{"Authorization", "Bearer x\r\nX-Smuggled: 1"}};
  std::string request;
  run_script([&](PeerSocket& peer) { request = peer.read_head(); });
  EXPECT_EQ(recorder_.reason(), Reason::upgrade_refused);
  EXPECT_EQ(request, "");
}

TEST_F(WebSocketEnds, AbortWhileDiallingEndsOnce) {
  ScriptedPeer peer([](PeerSocket& socket) { socket.wait_for_end(); });
  dial_url(peer.url());
  socket_->abort({Reason::stopped, "reload", 0, 0});
  socket_->abort({Reason::reset, "again", 0, 0});
  run_to_end();
  EXPECT_EQ(recorder_.reason(), Reason::stopped);
  ::close(::socket(AF_INET, SOCK_STREAM, 0));
  PeerSocket unblock(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  name.sin_port = htons(peer.port());
  ::connect(unblock.descriptor(), reinterpret_cast<sockaddr*>(&name), sizeof name);
}

}  // namespace
}  // namespace tributary::net::testing
