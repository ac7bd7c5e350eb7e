#include "connectors/users/protocol.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>

#include "connectors/link/marks_fixture.hpp"
#include "connectors/users/config.hpp"
#include "tests/support/source_dir.hpp"
#include "tests/support/transcript.hpp"

namespace tributary::connectors::users {
namespace {

using namespace std::chrono_literals;

config::Secret secret() {
  config::Secret secret;
  secret.kind = config::Secret::Kind::env;
  secret.name = "SECRET";
  return secret;
}

std::unique_ptr<Protocol> make(const support::TranscriptConfig& given) {
  Config config;
  config.url = "ws://127.0.0.1:1";
  config.origin = "trusted-host";
  config.probe_interval = 1min;  // beyond most conversations
  connectors::testing::MarkKeys marks;
  for (const auto& [key, value] : given.values) {
    if (marks.take(key, value)) continue;
    if (key == "label") {
      config.label = value;
    } else if (key == "listen") {
      config.listen = value == "true";
    } else if (key == "api_key") {
      config.api_key = secret();
    } else if (key == "probe_interval") {
      config.probe_interval = *config::parse_duration(value);
    } else {
      throw std::invalid_argument("unknown setting " + key);
    }
  }
  marks.give(config);
  return std::make_unique<UsersProtocol>("accounts", config);
}

const int registered =
    support::run_transcripts("UsersTranscript", support::source_dir() + "/connectors/users/testdata", make);

const event::Now now{event::SteadyTime{} + 1h, event::WallTime{}};

/// The first probe of a connection.
std::string probe_of(UsersProtocol& session, std::uint64_t connection, const event::Now& at) {
  Outcome outcome;
  session.open(connection, at, outcome);
  EXPECT_EQ(outcome.sends.size(), 1u);
  return outcome.sends.at(0).payload;
}

TEST(Session, ProbesDifferBetweenConnectionsRelaysAndStarts) {
  UsersProtocol one("accounts", {}), other("people", {});
  const std::string first = probe_of(one, 1, now);
  EXPECT_EQ(first, probe_of(one, 1, now)) << "the same inputs, the same probe";
  EXPECT_NE(first, probe_of(one, 2, now));
  EXPECT_NE(first, probe_of(other, 1, now));
  EXPECT_NE(first, probe_of(one, 1, {now.steady, now.wall + 1ms}));
  EXPECT_NE(first, probe_of(one, 1, {now.steady + 1ns, now.wall}));
}

TEST(Session, EndlessAnswersTeachNothing) {
  UsersProtocol session("accounts", {});
  const std::string probe = probe_of(session, 1, now);
  Outcome outcome;
  for (std::uint32_t i = 0; i < 2 * UsersProtocol::copies_limit; ++i) session.frame(probe, false, now, outcome);
  std::size_t events = 0;
  for (int i = 0; i < 5; ++i) {
    outcome.clear();
    session.frame(R"({"eventType":1,"username":"a"})", false, now, outcome);
    events += outcome.drafts.size();
  }
  EXPECT_EQ(events, 5u);
}

TEST(Session, ACopyIsControlTraffic) {
  UsersProtocol session("accounts", {});
  const std::string probe = probe_of(session, 1, now);
  Outcome outcome;
  session.frame(probe, false, now, outcome);
  session.frame(probe, false, now, outcome);
  outcome.clear();
  session.frame(R"({"eventType":1,"username":"a"})", false, now, outcome);
  EXPECT_EQ(outcome.kind, event::FrameKind::carrying);
  outcome.clear();
  session.frame(R"({"eventType":1,"username":"a"})", false, now, outcome);
  EXPECT_EQ(outcome.kind, event::FrameKind::control);
  EXPECT_FALSE(outcome.unknown);
}

TEST(Session, AnEmptyKeyIsNotDialledWith) {
  Config config;
  config.api_key = secret();
  const auto answer = UsersProtocol("accounts", config).dial({""}, now);
  ASSERT_TRUE(std::holds_alternative<net::Ending>(answer));
  EXPECT_EQ(std::get<net::Ending>(answer).reason, net::Reason::credential_unreadable);
}

TEST(Session, TheKeyGoesInItsHeader) {
  Config config;
  config.api_key = secret();
  UsersProtocol session("accounts", config);
  EXPECT_EQ(session.secrets().size(), 1u);
  const auto target = std::get<net::DialTarget>(session.dial({"k"}, now));
  ASSERT_EQ(target.headers.size(), 1u);
  EXPECT_EQ(target.headers[0], (std::pair<std::string, std::string>{"users-api-key", "k"}));
}

TEST(Session, WhoWasLetInIsSaidAsItWas) {
  Config config;
  config.origin = "trusted-host";
  EXPECT_EQ(UsersProtocol("accounts", config).admission().words,
            "let in from origin trusted-host, no probe was answered");
  config.origin.clear();
  config.api_key = secret();
  EXPECT_EQ(UsersProtocol("accounts", config).admission().words,
            "let in without an origin with the api_key, no probe was answered");
}

TEST(Session, WithoutAHandshakeTimeoutItIsListenOnlyAfterTenSeconds) {
  Config config;
  config.common.timeouts.handshake = 0ms;
  config.probe_interval = 60s;
  UsersProtocol session("accounts", config);
  probe_of(session, 1, now);
  EXPECT_EQ(session.deadline(), now.steady + 10s);
  Outcome outcome;
  session.tick({now.steady + 10s, now.wall}, outcome);
  EXPECT_TRUE(outcome.live);
}

}  // namespace
}  // namespace tributary::connectors::users
