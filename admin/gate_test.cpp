#include "admin/gate.hpp"

#include <gtest/gtest.h>

#include <string>

namespace tributary::admin {
namespace {

using namespace std::chrono_literals;

class GateTest : public ::testing::Test {
 protected:
  GateTest() {
    gate_.use_port(9464);
    gate_.use_token("the-token");
  }
  int bearer(const std::string& token, const std::string& peer = "192.0.2.1") {
    return gate_.judge(Access::read, {{"host", "relay"}, {"authorization", token}}, peer, now_).status;
  }
  int cookie(const std::string& value) {
    return gate_.judge(Access::read, {{"Host", "relay"}, {"Cookie", value}}, "192.0.2.1", now_).status;
  }

  Gate::Time now_{1000h};
  Gate gate_{{false, true}, "owner-token"};
};

TEST_F(GateTest, TakesTheConfiguredTokenAndTheOwners) {
  EXPECT_EQ(bearer("Bearer the-token"), 200);
  EXPECT_EQ(bearer("bearer owner-token"), 200);
  EXPECT_EQ(bearer("Bearer the-tokex"), 401);
  EXPECT_EQ(bearer("Bearer "), 401);
  EXPECT_EQ(bearer("Basic the-token"), 401);
  EXPECT_EQ(bearer("the-token"), 401);
}

TEST_F(GateTest, AnotherTokenTakesThePlaceOfTheFirst) {
  const auto login = gate_.login("the-token", "192.0.2.1", now_);
  gate_.use_token("the-token");
  EXPECT_EQ(cookie("tributary_9464=" + login.session), 200);
  gate_.use_token("another");
  EXPECT_EQ(bearer("Bearer the-token"), 401);
  EXPECT_EQ(bearer("Bearer another"), 200);
  EXPECT_EQ(cookie("tributary_9464=" + login.session), 401) << "who came in by the first token is to come again";
}

TEST_F(GateTest, ATokenThatCannotBeReadOpensNothing) {
  gate_.use_token("");
  EXPECT_EQ(bearer("Bearer "), 401);
  EXPECT_EQ(bearer("Bearer owner-token"), 200);
}

TEST_F(GateTest, ASessionIsNoTokenAndEnds) {
  const auto login = gate_.login("the-token", "192.0.2.1", now_);
  ASSERT_EQ(login.status, 200);
  EXPECT_EQ(login.session.size(), 32u);
  EXPECT_EQ(login.session.find("the-token"), std::string::npos);
  EXPECT_EQ(bearer("Bearer " + login.session), 401);
  EXPECT_EQ(cookie("a=b; tributary_9464=" + login.session + "; c=d"), 200);
  EXPECT_EQ(cookie("tributary_9465=" + login.session), 401) << "another port's";
  EXPECT_EQ(cookie("tributary_9464=" + std::string(32, '0')), 401);
  EXPECT_EQ(cookie("tributary_9464="), 401);
  now_ += Gate::session_life - 1s;
  EXPECT_EQ(cookie("tributary_9464=" + login.session), 200);
  now_ += 1s;
  EXPECT_EQ(cookie("tributary_9464=" + login.session), 401);
}

TEST_F(GateTest, LogoutEndsOneSession) {
  const auto one = gate_.login("the-token", "192.0.2.1", now_);
  const auto other = gate_.login("the-token", "192.0.2.1", now_);
  EXPECT_NE(one.session, other.session);
  gate_.logout({{"Cookie", "tributary_9464=" + one.session}});
  EXPECT_EQ(cookie("tributary_9464=" + one.session), 401);
  EXPECT_EQ(cookie("tributary_9464=" + other.session), 200);
}

TEST_F(GateTest, TheOldestSessionEndsWhenThereAreTooMany) {
  const auto first = gate_.login("the-token", "192.0.2.1", now_);
  for (std::size_t i = 0; i < Gate::session_limit; ++i) gate_.login("the-token", "192.0.2.1", now_ + 1s);
  EXPECT_EQ(cookie("tributary_9464=" + first.session), 401);
}

TEST_F(GateTest, WhoIsWrongTooOftenWaits) {
  for (int i = 0; i < Gate::wrong_limit - 1; ++i) EXPECT_EQ(gate_.login("wrong", "192.0.2.1", now_).status, 401);
  EXPECT_EQ(bearer("Bearer wrong"), 401) << "counted with the others";
  EXPECT_EQ(gate_.login("the-token", "192.0.2.1", now_).status, 429) << "the right one is not told from a wrong one";
  EXPECT_EQ(bearer("Bearer the-token"), 429);
  gate_.use_token("a-token-that-is-long");
  EXPECT_EQ(bearer("Bearer a-token-that-is-long"), 200) << "nobody can guess it: others shut nobody out";
  EXPECT_EQ(gate_.login("a-token-that-is-long", "192.0.2.1", now_).status, 200);
  gate_.use_token("the-token");
  EXPECT_EQ(bearer("Bearer the-token", "192.0.2.2"), 200) << "another address";
  EXPECT_EQ(gate_.judge(Access::anyone, {{"Host", "relay"}}, "192.0.2.1", now_).status, 200) << "a probe";
  now_ += Gate::wrong_time;
  EXPECT_EQ(bearer("Bearer the-token"), 200);
}

TEST_F(GateTest, ForgetsTheOldestOfTooManyAddresses) {
  for (int i = 0; i < Gate::wrong_limit; ++i) bearer("Bearer wrong", "192.0.2.1");
  now_ += 1s;
  for (std::size_t i = 0; i < Gate::address_limit; ++i) bearer("Bearer wrong", "192.0.2.1/" + std::to_string(i));
  EXPECT_EQ(bearer("Bearer the-token", "192.0.2.1"), 200);
}

TEST(GateOnLoopback, NeedsNoTokenUnlessOneIsConfigured) {
  Gate gate({true, false}, "owner");
  const auto status = [&](const std::string& token) {
    return gate.judge(Access::change, {{"Host", "localhost"}, {"Authorization", token}}, "127.0.0.1", {}).status;
  };
  EXPECT_EQ(gate.judge(Access::change, {{"Host", "localhost"}}, "127.0.0.1", {}).status, 200);
  for (int i = 0; i < 2 * Gate::wrong_limit; ++i) EXPECT_EQ(status("Bearer of an earlier day"), 200);
}

TEST(RandomWord, IsLongAndAnotherEachTime) {
  EXPECT_EQ(random_word().size(), 32u);
  EXPECT_NE(random_word(), random_word());
}

}  // namespace
}  // namespace tributary::admin
