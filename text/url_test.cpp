#include "text/url.hpp"

#include <gtest/gtest.h>

namespace tributary::text {
namespace {

Url parsed(std::string_view text) {
  std::string fault;
  const auto url = parse_url(text, fault);
  EXPECT_TRUE(url) << text << ": " << fault;
  return url.value_or(Url{});
}

TEST(Url, TakesHostPortAndTargetApart) {
  const Url url = parsed("WSS://Live.Example:8443/socket.io/?EIO=4&transport=websocket");
  EXPECT_EQ(url.scheme, "wss");
  EXPECT_EQ(url.host, "live.example");
  EXPECT_EQ(url.port, 8443);
  EXPECT_EQ(url.target, "/socket.io/?EIO=4&transport=websocket");
  EXPECT_TRUE(url.secure());
}

TEST(Url, DefaultsThePortByScheme) {
  EXPECT_EQ(parsed("ws://a").port, 80);
  EXPECT_EQ(parsed("http://a").port, 80);
  EXPECT_EQ(parsed("wss://a").port, 443);
  EXPECT_EQ(parsed("https://a").port, 443);
}

TEST(Url, TargetBeginsWithASlash) {
  EXPECT_EQ(parsed("ws://a").target, "/");
  EXPECT_EQ(parsed("ws://a?x=1").target, "/?x=1");
  EXPECT_EQ(parsed("ws://a/?x=http://b@c:1/").host, "a");
}

TEST(Url, KnowsIpv6Literals) {
  const Url url = parsed("ws://[2001:DB8::1]:8080/x");
  EXPECT_EQ(url.host, "2001:db8::1");
  EXPECT_EQ(url.bracketed_host(), "[2001:db8::1]");
  EXPECT_EQ(url.host_and_port(), "[2001:db8::1]:8080");
  EXPECT_TRUE(is_address_literal(url.host));
  EXPECT_TRUE(is_address_literal("192.0.2.1"));
  EXPECT_FALSE(is_address_literal("192.0.2.1.example"));
}

TEST(Url, DecodesUserInfo) {
  const Url url = parsed("http://user:p%40ss%3aword@proxy:3128");
  EXPECT_EQ(url.user, "user");
  EXPECT_EQ(url.password, "p@ss:word");
  EXPECT_EQ(url.host, "proxy");
}

TEST(Url, RefusesWhatIsNoUrlWithoutRepeatingIt) {
  for (const char* text : {"",
                           "host",
                           "ftp://a",
                           "ws:/a",
                           "ws://",
                           "ws:///x",
                           "ws://:80",
                           "ws://a:0",
                           "ws://a:65536",
                           "ws://a:",
                           "ws://a:8x",
                           "ws://a b/",
                           "ws://a/\r\nX: y",
                           "ws://a/caf\xc3\xa9",
                           "ws://a#part",
                           "ws://[::1",
                           "ws://[::g]",
                           "ws://[::1]x",
                           "ws://a_b!c/",
                           "ws://a..b/",
                           "ws://.a/",
                           "ws://::1/",
                           "http://u%4:p@a",
                           "http://u%zz@a"}) {
    std::string fault;
    EXPECT_FALSE(parse_url(text, fault)) << text;
    EXPECT_FALSE(fault.empty()) << text;
  }
}

TEST(Url, PercentEncodingKeepsOnlyWhatNeedsNone) {
  EXPECT_EQ(percent_encoded("uFXHjP-sUukXUh8gw_S3yw.~"), "uFXHjP-sUukXUh8gw_S3yw.~");
  EXPECT_EQ(percent_encoded("a b/c?d#e%f+&="), "a%20b%2Fc%3Fd%23e%25f%2B%26%3D");
  EXPECT_EQ(percent_encoded("\xC3\xA9\n"), "%C3%A9%0A");
}

}  // namespace
}  // namespace tributary::text
