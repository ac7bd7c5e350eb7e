#include "connectors/stagecast/protocol.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>

#include "connectors/link/marks_fixture.hpp"
#include "connectors/stagecast/config.hpp"
#include "connectors/stagecast/publishing.hpp"
#include "tests/support/source_dir.hpp"
#include "tests/support/transcript.hpp"

namespace tributary::connectors::stagecast {
namespace {

config::Secret secret() {
  config::Secret secret;
  secret.kind = config::Secret::Kind::env;
  secret.name = "SECRET";
  return secret;
}

Auth token() {
  Auth auth;
  auth.token = secret();
  return auth;
}

std::unique_ptr<Protocol> make(const support::TranscriptConfig& given) {
  Config config;
  config.url = "ws://127.0.0.1:1";
  config.channel = "livehacks_test";
  connectors::testing::MarkKeys marks;
  for (const auto& [key, value] : given.values) {
    if (marks.take(key, value)) continue;
    if (key == "url") {
      config.url = value;
    } else if (key == "channel") {
      config.channel = value;
    } else if (key == "listen") {
      config.listen = value == "true";
    } else if (key == "auth") {
      config.auth = token();
      if (value == "password") std::swap(config.auth->token, config.auth->password);
    } else if (key == "email") {
      config.auth->email = value;
    } else {
      throw std::invalid_argument("unknown setting " + key);
    }
  }
  marks.give(config);
  return std::make_unique<StagecastProtocol>("hall", config);
}

std::shared_ptr<const event::Address> address(const support::TranscriptConfig& sink) {
  return std::make_shared<Recipient>(sink.get("to"));
}

const int registered = support::run_transcripts(
    "StagecastTranscript", support::source_dir() + "/connectors/stagecast/testdata", make, {}, address);

const event::Now now{event::SteadyTime{} + std::chrono::hours(1), event::WallTime{}};

/// A session that has sent its token and awaits `ok`.
StagecastProtocol asked(const std::string& secret) {
  Config config;
  config.channel = "c";
  config.auth = token();
  StagecastProtocol session("hall", config);
  EXPECT_TRUE(std::holds_alternative<net::DialTarget>(session.dial({secret}, now)));
  Outcome outcome;
  session.open(1, now, outcome);
  return session;
}

TEST(Session, WordsOfARefusalAreCleanAndClippedAndHoldNoSecret) {
  const std::string secret = "fake-\"token\"-that-nobody-has";
  auto session = asked(secret);
  Outcome outcome;
  session.frame("bad \xFF " + secret + " fake-\\\"token\\\"-that-nobody-has " + std::string(5000, 'x'), true, now,
                outcome);
  ASSERT_TRUE(outcome.down);
  EXPECT_EQ(outcome.down->detail.find("nobody"), std::string::npos) << outcome.down->detail;
  EXPECT_NE(outcome.down->detail.find("<redacted> <redacted>"), std::string::npos) << outcome.down->detail;
  EXPECT_LE(outcome.down->detail.size(), 300u);
  EXPECT_EQ(session.deadline(), event::SteadyTime::max());
}

TEST(Session, ACloseBeforeOkIsExplainedWithItsWords) {
  const auto session = asked("fake-token");
  net::Ending ending{net::Reason::closed, "1008 no fake-token", 1008};
  session.explain(ending);
  EXPECT_EQ(ending.reason, net::Reason::credential_refused);
  EXPECT_EQ(ending.detail, "the server closed before `ok`: 1008 no <redacted>");
  for (const int code : {1001, 1011, 1012, 1013}) {
    ending = {net::Reason::closed, "", code};
    session.explain(ending);
    EXPECT_EQ(ending.reason, net::Reason::closed) << code;
  }
}

TEST(Session, AnEmptySecretIsNotDialledWith) {
  Config config;
  config.channel = "c";
  config.auth = token();
  const auto answer = StagecastProtocol("hall", config).dial({""}, now);
  ASSERT_TRUE(std::holds_alternative<net::Ending>(answer));
  EXPECT_EQ(std::get<net::Ending>(answer).reason, net::Reason::credential_unreadable);
}

TEST(Session, BeingToldTwiceOfAPauseIsBeingToldOnce) {
  auto session = asked("fake-token");
  Outcome outcome;
  for (int i = 0; i < 2; ++i) session.paused(true, now, outcome);
  EXPECT_EQ(session.deadline(), event::SteadyTime::max());
  for (int i = 0; i < 2; ++i) session.paused(false, {now.steady + std::chrono::hours(1), now.wall}, outcome);
  EXPECT_EQ(session.deadline(), now.steady + std::chrono::hours(1) + std::chrono::seconds(10));
}

TEST(Session, WithoutAHandshakeTimeoutItWaitsForever) {
  Config config;
  config.channel = "c";
  config.auth = token();
  config.common.timeouts.handshake = std::chrono::milliseconds(0);
  StagecastProtocol session("hall", config);
  session.dial({"fake"}, now);
  Outcome outcome;
  session.open(1, now, outcome);
  session.paused(true, now, outcome);
  session.paused(false, now, outcome);
  EXPECT_EQ(session.deadline(), event::SteadyTime::max());
}

}  // namespace
}  // namespace tributary::connectors::stagecast
