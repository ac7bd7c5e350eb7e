#include "net/websocket_fixture.hpp"

namespace tributary::net::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Proxy : public DialFixture {
 protected:
  /// Dials a name only the proxy could know, through a peer that plays proxy and upstream both.
  void run_proxy(ScriptedPeer::Script script) {
    ScriptedPeer peer(std::move(script));
    target_.proxy = "http://relay:s%3acret@127.0.0.1:" + std::to_string(peer.port());
    dial_url("ws://only-the-proxy-knows.invalid:8080/x");
    run_to_end();
    peer.join();
  }
};

TEST_F(Proxy, ConnectThenTheUpgradeGoesThroughIt) {
  std::string connect;
  std::string upgrade;
  run_proxy([&](PeerSocket& peer) {
    connect = peer.read_head();
    peer.write("HTTP/1.1 200 Connection established\r\n\r\n");
    peer.upgrade();
    upgrade = peer.request();
    peer.write(text_frame("through") + close_frame(1000));
    peer.wait_for_end();
  });
  EXPECT_THAT(connect, ::testing::StartsWith("CONNECT only-the-proxy-knows.invalid:8080 HTTP/1.1\r\n"));
  EXPECT_THAT(connect, HasSubstr("Proxy-Authorization: Basic cmVsYXk6czpjcmV0\r\n"));
  EXPECT_THAT(upgrade, HasSubstr("GET /x HTTP/1.1\r\n"));
  EXPECT_THAT(upgrade, HasSubstr("Host: only-the-proxy-knows.invalid:8080\r\n"));
  EXPECT_THAT(upgrade, ::testing::Not(HasSubstr("Proxy-Authorization")));
  EXPECT_THAT(recorder_.payloads(), ElementsAre("through"));
  EXPECT_EQ(recorder_.reason(), Reason::closed);
}

TEST_F(Proxy, AuthenticationRequiredIsProxyRefused) {
  run_proxy([](PeerSocket& peer) {
    peer.read_head();
    peer.write("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
    peer.wait_for_end();
  });
  EXPECT_EQ(recorder_.reason(), Reason::proxy_refused);
  EXPECT_THAT(recorder_.ending->detail, HasSubstr("407"));
  EXPECT_THAT(recorder_.ending->detail, ::testing::Not(HasSubstr("cret")));
}

TEST_F(Proxy, GarbageIsProxyRefused) {
  run_proxy([](PeerSocket& peer) {
    peer.read_head();
    peer.write(std::string("\x05\x01\x00\x00 garbage\r\n\r\n", 16));
    peer.wait_for_end();
  });
  EXPECT_EQ(recorder_.reason(), Reason::proxy_refused);
}

TEST_F(Proxy, EndlessAnswerIsProxyRefused) {
  run_proxy([](PeerSocket& peer) {
    peer.read_head();
    peer.write("HTTP/1.1 200 OK\r\nX: " + std::string(40'000, 'x'));
    peer.wait_for_end();
  });
  EXPECT_EQ(recorder_.reason(), Reason::proxy_refused);
  EXPECT_THAT(recorder_.ending->detail, HasSubstr("16 KiB"));
}

TEST_F(Proxy, EndBeforeTheAnswerIsProxyRefused) {
  run_proxy([](PeerSocket& peer) {
    peer.read_head();
    peer.write("HTTP/1.1 20");
    peer.end_writing();
    peer.wait_for_end();
  });
  EXPECT_EQ(recorder_.reason(), Reason::proxy_refused);
}

TEST_F(Proxy, SilenceIsADialTimeoutThatSaysSo) {
  target_.dial_timeout = 50ms;
  run_proxy([](PeerSocket& peer) { peer.wait_for_end(); });
  EXPECT_EQ(recorder_.reason(), Reason::dial_timeout);
  EXPECT_THAT(recorder_.ending->detail, HasSubstr("proxy"));
}

TEST_F(Proxy, ProxyThatIsNotThereIsNamed) {
  LoopbackListener closed;
  target_.proxy = "http://127.0.0.1:" + std::to_string(closed.port());
  closed.close();
  dial_url("ws://live.example/");
  run_to_end();
  EXPECT_EQ(recorder_.reason(), Reason::connect_refused);
  EXPECT_THAT(recorder_.ending->detail, HasSubstr("the proxy: nobody listens at 127.0.0.1:"));
}

TEST_F(Proxy, OnlyHttpProxiesAreKnown) {
  target_.proxy = "https://127.0.0.1:1";
  dial_url("ws://live.example/");
  run_to_end();
  EXPECT_EQ(recorder_.reason(), Reason::proxy_refused);
}

}  // namespace
}  // namespace tributary::net::testing
