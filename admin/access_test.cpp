#include "admin/access.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tributary::admin {
namespace {

const BoundPort here{true, false};
const BoundPort here_with_token{true, true};
const BoundPort elsewhere{false, true};

struct Case {
  const char* what;
  BoundPort bound;
  net::Headers headers;
  bool known;
  Access access;
  int status;
  bool details = false;
};

const Case cases[] = {
    {"curl on this machine", here, {{"Host", "127.0.0.1:9464"}}, false, Access::read, 200, true},
    {"by the name", here, {{"Host", "LocalHost:1"}}, false, Access::read, 200, true},
    {"without a port", here, {{"Host", "localhost"}}, false, Access::read, 200, true},
    {"IPv6", here, {{"Host", "[::1]:9464"}}, false, Access::read, 200, true},
    {"another address of loopback", here, {{"Host", "127.8.9.1:9464"}}, false, Access::read, 200, true},
    {"its own reload", here, {{"Host", "localhost:9464"}}, false, Access::change, 200, true},
    {"no Host", here, {}, false, Access::read, 421},
    {"a name that was rebound", here, {{"Host", "evil.example:9464"}}, false, Access::read, 421},
    {"looks like loopback", here, {{"Host", "127.0.0.1.evil.example"}}, false, Access::read, 421},
    {"looks like loopback, too", here, {{"Host", "localhost.evil.example"}}, false, Access::read, 421},
    {"a user before the host", here, {{"Host", "localhost:9464@evil.example"}}, false, Access::read, 421},
    {"rubbish behind the address", here, {{"Host", "[::1]evil"}}, false, Access::read, 421},
    {"an address of the network", here, {{"Host", "192.0.2.7:9464"}}, false, Access::read, 421},
    {"a rebound name asks for the probe", here, {{"Host", "evil.example"}}, false, Access::anyone, 421},
    {"a rebound name, although with a token", here_with_token, {{"Host", "evil.example"}}, true, Access::read, 421},

    {"a token is needed on loopback once it is configured",
     here_with_token,
     {{"Host", "localhost"}},
     false,
     Access::read,
     401},
    {"and good", here_with_token, {{"Host", "localhost"}}, true, Access::read, 200, true},
    {"a probe does not need it", here_with_token, {{"Host", "localhost"}}, false, Access::anyone, 200, false},
    {"login does not need it", here_with_token, {{"Host", "localhost"}}, false, Access::open, 200, false},

    {"kubelet's probe", elsewhere, {{"Host", "10.1.2.3:9464"}}, false, Access::anyone, 200, false},
    {"a probe without a Host", elsewhere, {}, false, Access::anyone, 200, false},
    {"a probe with a token sees details", elsewhere, {{"Host", "10.1.2.3:9464"}}, true, Access::anyone, 200, true},
    {"Prometheus with its token", elsewhere, {{"Host", "tributary.default.svc:9464"}}, true, Access::read, 200, true},
    {"Prometheus without", elsewhere, {{"Host", "tributary.default.svc:9464"}}, false, Access::read, 401},
    {"reload without", elsewhere, {{"Host", "tributary:9464"}}, false, Access::change, 401},

    {"a page of another origin reads",
     here,
     {{"Host", "localhost:9464"}, {"Origin", "https://evil.example"}},
     false,
     Access::read,
     403},
    {"a page of another port reads",
     here,
     {{"Host", "localhost:9464"}, {"Origin", "http://localhost:3000"}},
     false,
     Access::read,
     403},
    {"a page of another origin reloads",
     here,
     {{"Host", "localhost:9464"}, {"Origin", "https://evil.example"}},
     false,
     Access::change,
     403},
    {"a sandboxed page reloads", here, {{"Host", "localhost:9464"}, {"Origin", "null"}}, false, Access::change, 403},
    {"the same without Origin",
     here,
     {{"Host", "localhost:9464"}, {"Sec-Fetch-Site", "cross-site"}},
     false,
     Access::read,
     403},
    {"another port of this host, without Origin",
     here,
     {{"Host", "localhost:9464"}, {"Sec-Fetch-Site", "same-site"}},
     false,
     Access::change,
     403},
    {"a page of another origin probes",
     here,
     {{"Host", "localhost:9464"}, {"Origin", "https://evil.example"}},
     false,
     Access::anyone,
     403},
    {"a page of another origin logs in",
     elsewhere,
     {{"Host", "relay:9464"}, {"Origin", "https://evil.example"}},
     false,
     Access::open,
     403},
    {"with the cookie, from another origin",
     elsewhere,
     {{"Host", "relay:9464"}, {"Origin", "https://evil.example"}},
     true,
     Access::change,
     403},
    {"our own page",
     here,
     {{"Host", "localhost:9464"}, {"Origin", "http://localhost:9464"}, {"Sec-Fetch-Site", "same-origin"}},
     false,
     Access::change,
     200,
     true},
    {"our own page behind TLS",
     elsewhere,
     {{"Host", "relay.example"}, {"Origin", "https://relay.example"}},
     true,
     Access::change,
     200,
     true},
    {"typed in", here, {{"Host", "localhost:9464"}, {"Sec-Fetch-Site", "none"}}, false, Access::read, 200, true},
    {"a link is followed",
     here,
     {{"Host", "localhost:9464"},
      {"Sec-Fetch-Site", "cross-site"},
      {"Sec-Fetch-Mode", "navigate"},
      {"Sec-Fetch-Dest", "document"}},
     false,
     Access::read,
     200,
     true},
    {"a form of another page",
     here,
     {{"Host", "localhost:9464"},
      {"Sec-Fetch-Site", "cross-site"},
      {"Sec-Fetch-Mode", "navigate"},
      {"Sec-Fetch-Dest", "document"}},
     false,
     Access::change,
     403},
    {"in a frame of another page",
     here,
     {{"Host", "localhost:9464"},
      {"Sec-Fetch-Site", "cross-site"},
      {"Sec-Fetch-Mode", "navigate"},
      {"Sec-Fetch-Dest", "iframe"}},
     false,
     Access::read,
     403},
};

TEST(Access, IsGivenByThisTable) {
  for (const auto& one : cases) {
    Asker asker = Asker::of(one.headers);
    asker.known = one.known;
    const auto verdict = judge(one.bound, asker, one.access);
    EXPECT_EQ(verdict.status, one.status) << one.what;
    EXPECT_EQ(verdict.details, one.details) << one.what;
    EXPECT_EQ(verdict.words.empty(), one.status == 200) << one.what;
  }
}

TEST(Access, ComparesTheWholeSecret) {
  EXPECT_TRUE(same_secret("secret", "secret"));
  for (const char* wrong : {"", "s", "secre", "secreT", "Secret", "secrets", "secretsecret"}) {
    EXPECT_FALSE(same_secret("secret", wrong)) << wrong;
  }
  EXPECT_FALSE(same_secret("", "")) << "what is not there opens nothing";
  EXPECT_FALSE(same_secret("", "x"));
}

TEST(Access, KnowsLoopback) {
  for (const char* one : {"127.0.0.1", "127.255.0.9", "::1"}) EXPECT_TRUE(is_loopback(one)) << one;
  for (const char* one : {"", "0.0.0.0", "::", "127", "127.1", "128.0.0.1", "127.0.0.1.example", "localhost"}) {
    EXPECT_FALSE(is_loopback(one)) << one;
  }
}

}  // namespace
}  // namespace tributary::admin
