#include "text/url.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tributary::text {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Url parsed(std::string_view text) {
  std::string fault;
  const auto url = parse_url(text, {"wss", "ws", "https", "http"}, fault);
  EXPECT_TRUE(url) << text << ": " << fault;
  EXPECT_EQ(fault, "") << text;
  return url.value_or(Url{});
}

std::string fault_of(std::string_view text) {
  std::string fault;
  EXPECT_FALSE(parse_url(text, {"wss", "ws"}, fault)) << text;
  return fault;
}

TEST(Url, TakesHostPortAndTargetApart) {
  const Url url = parsed("WSS://Live.Example:8443/socket.io/?EIO=4&transport=websocket");
  EXPECT_EQ(url.scheme, "wss");
  EXPECT_EQ(url.host, "live.example");
  EXPECT_EQ(url.port, 8443);
  EXPECT_EQ(url.target, "/socket.io/?EIO=4&transport=websocket");
  EXPECT_EQ(url.path(), "/socket.io/");
  EXPECT_EQ(url.query(), "EIO=4&transport=websocket");
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
  EXPECT_EQ(parsed("ws://a/").query(), "");
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

TEST(Url, DecodesUserInfoAndMakesBasicAuthorizationOfIt) {
  const Url url = parsed("http://user:p%40ss%3aword@proxy:3128");
  EXPECT_EQ(url.user, "user");
  EXPECT_EQ(url.password, "p@ss:word");
  EXPECT_EQ(url.host, "proxy");
  EXPECT_EQ(parsed("ws://user:p%40ss@host/").basic_authorization(), "Basic dXNlcjpwQHNz");
  EXPECT_EQ(parsed("ws://user@host/").basic_authorization(), "Basic dXNlcjo=");
  EXPECT_EQ(parsed("ws://@host/").basic_authorization(), "");
}

TEST(Url, IsWrittenAsItWasUnderstoodAndShownWithoutItsSecrets) {
  for (const char* text : {"ws://a/", "wss://a:444/b?c=d", "ws://[::1]:81/", "ws://u:p%40ss@a/", "ws://u@a/"}) {
    EXPECT_EQ(parsed(text).text(), text);
  }
  EXPECT_EQ(parsed("wss://u:p@a:443/secret?x=y").origin(), "wss://a");
  EXPECT_EQ(parsed("ws://u:p@[::1]:81/secret").origin(), "ws://[::1]:81");
}

TEST(Url, IsShownAsAUrlWithoutUserInfoAndQuery) {
  EXPECT_EQ(parsed("wss://u:p@a:444/b?token=x").shown(), "wss://(hidden)@a:444/b?(hidden)");
  EXPECT_EQ(parsed("ws://u@[::1]:81/b").shown(), "ws://(hidden)@[::1]:81/b");
  EXPECT_EQ(parsed("wss://a:443/").shown(), "wss://a/");
  EXPECT_EQ(parsed(parsed("wss://u:p@a/b?c=d").shown()).shown(), "wss://(hidden)@a/b?(hidden)") << "a URL still";
}

TEST(Url, SecretsAreThePasswordAndWhatBasicAuthorizationMakesOfIt) {
  EXPECT_THAT(secrets_of("ws://user:p%40ssword@host/"), ElementsAre("p@ssword", "user:p@ssword"));
  EXPECT_THAT(secrets_of("ws://user@host/"), IsEmpty());
  EXPECT_THAT(secrets_of("ws://host/"), IsEmpty());
  EXPECT_THAT(secrets_of(""), IsEmpty());
}

TEST(Url, SaysOfAHostWhatIsWrongWithIt) {
  EXPECT_THAT(fault_of("ws://"), HasSubstr("the host is missing"));
  EXPECT_THAT(fault_of("ws:///x"), HasSubstr("the host is missing"));
  EXPECT_THAT(fault_of("ws://:80"), HasSubstr("the host is missing"));
  EXPECT_THAT(fault_of("ws://user@/"), HasSubstr("the host is missing"));
  EXPECT_THAT(fault_of("ws://a..b/"), HasSubstr("a dot with nothing before it"));
  EXPECT_THAT(fault_of("ws://.a/"), HasSubstr("a dot with nothing before it"));
  EXPECT_THAT(fault_of("ws://./"), HasSubstr("a dot with nothing before it"));
  EXPECT_THAT(fault_of("ws://-a/"), HasSubstr("begins with `-`"));
  EXPECT_THAT(fault_of("ws://a_b!c/"), HasSubstr("a character that no host name has"));
  EXPECT_THAT(fault_of("ws://\xc3\xa9.example/"), HasSubstr("punycode form, which begins with `xn--`"));
  EXPECT_THAT(fault_of("ws://caf%C3%A9.example/"), HasSubstr("not encoded"));
  EXPECT_THAT(fault_of("ws://" + std::string(64, 'a') + ".example/"), HasSubstr("more than 63 characters"));
  std::string long_name;
  for (int i = 0; i < 64; ++i) long_name += "abc.";
  EXPECT_THAT(fault_of("ws://" + long_name + "example/"), HasSubstr("more than 253 characters"));
  for (const char* host :
       {"1.2.3.4.5", "256.1.1.1", "1.2.3", "2130706433", "0x7f.0.0.1", "0x7f000001", "01.2.3.4", "1.2.3.4."}) {
    EXPECT_THAT(fault_of(std::string("ws://").append(host) + "/"), HasSubstr("looks like an IPv4 address")) << host;
  }
}

TEST(Url, TakesEveryHostThatCanBeDialled) {
  for (const char* host : {"a", "a.", "xn--9ca.example", "a-b.c_d", "a.b-", "1a.example", "192.0.2.1", "4.example",
                           "[::1]", "[::ffff:192.0.2.1]"}) {
    parsed(std::string("ws://").append(host) + "/");
  }
  parsed("ws://" + std::string(63, 'a') + ".example/");
}

TEST(Url, SaysOfBracketsWhatIsWrongWithThem) {
  EXPECT_THAT(fault_of("ws://[::1/"), HasSubstr("a `[` without its `]`"));
  EXPECT_THAT(fault_of("ws://[]/"), HasSubstr("nothing stands in the brackets"));
  EXPECT_THAT(fault_of("ws://[::g]/"), HasSubstr("not an IPv6 address"));
  EXPECT_THAT(fault_of("ws://[127.0.0.1]/"), HasSubstr("not an IPv6 address"));
  EXPECT_THAT(fault_of("ws://[::1]x:80/"), HasSubstr("something between the `]` and the port"));
  EXPECT_THAT(fault_of("ws://[fe80::1%25eth0]/"), HasSubstr("with a zone"));
  EXPECT_THAT(fault_of("ws://::1/"), HasSubstr("the host is missing"));
}

TEST(Url, SaysOfAPortWhatIsWrongWithIt) {
  EXPECT_THAT(fault_of("ws://a:0/"), HasSubstr("expected a port from 1 to 65535 after the host's `:`, found `0`"));
  EXPECT_THAT(fault_of("ws://a:65536/"), HasSubstr("found `65536`"));
  EXPECT_THAT(fault_of("ws://[::1]:70000/"), HasSubstr("found `70000`"));
  EXPECT_THAT(fault_of("ws://a:/"), HasSubstr("found nothing"));
  EXPECT_THAT(fault_of("ws://a:-1/"), HasSubstr("something that is no number"));
  EXPECT_THAT(fault_of("ws://127.0.0.1:80:90/"), HasSubstr("a second `:`"));
  EXPECT_THAT(fault_of("ws://fe80::1/"), HasSubstr("an IPv6 address stands in brackets"));
}

TEST(Url, SaysOfASchemeWhichOnesAreExpected) {
  EXPECT_EQ(fault_of("https://a"), "expected a URL that begins with `wss://` or `ws://`, found `https`");
  EXPECT_EQ(fault_of("host"), "expected a URL that begins with `wss://` or `ws://`");
  EXPECT_EQ(fault_of("ws:/a"), "expected a URL that begins with `wss://` or `ws://`");
  EXPECT_EQ(fault_of(""), "expected a URL that begins with `wss://` or `ws://`");
}

TEST(Url, SaysOfTheRestWhatIsWrongWithIt) {
  EXPECT_THAT(fault_of("ws://a b/"), HasSubstr("a space"));
  EXPECT_THAT(fault_of("ws://a/\r\nX: y"), HasSubstr("line break"));
  EXPECT_THAT(fault_of("ws://a/caf\xc3\xa9"), HasSubstr("`%C3%A9`"));
  EXPECT_THAT(fault_of("ws://a#part"), HasSubstr("without a fragment"));
  EXPECT_THAT(fault_of("ws://u%4:p@a"), HasSubstr("two hexadecimal digits"));
  EXPECT_THAT(fault_of("ws://u%zz@a"), HasSubstr("two hexadecimal digits"));
  EXPECT_THAT(fault_of("ws://u%3Av:p@a"), HasSubstr("Basic authorization cannot carry"));
  EXPECT_THAT(fault_of("ws://u:p%0Aq@a"), HasSubstr("control character"));
}

// A password with `/` in it is cut there, and what is before it looks like a port.
TEST(Url, AFaultRepeatsNothingOfAPassword) {
  for (const char* text :
       {"ws://user:hunter2/x@a/", "ws://user:hunter2?x@a/", "ws://user:hunter2 x@a/", "ws://user:hunter2#x@a/",
        "ws://user:hunter2%zz@a/", "ws://user:hunter2@a:b/", "hunter2@a", "ws://hunter2!x/"}) {
    const std::string fault = fault_of(text);
    EXPECT_EQ(fault.find("hunter2"), std::string::npos) << fault;
  }
  EXPECT_THAT(fault_of("ws://user:hunter2/x@a/"), HasSubstr("`%2F`"));
}

}  // namespace
}  // namespace tributary::text
