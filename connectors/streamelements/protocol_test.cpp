#include "connectors/streamelements/protocol.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>

#include "connectors/streamelements/config.hpp"
#include "tests/support/source_dir.hpp"
#include "tests/support/transcript.hpp"
#include "text/time.hpp"

namespace tributary::connectors::streamelements {
namespace {

std::unique_ptr<Protocol> make(const support::TranscriptConfig& given) {
  Config config;
  config.token.kind = config::Secret::Kind::env;
  config.token.name = "TOKEN";
  std::string connector = "main-stage";
  for (const auto& [key, value] : given.values) {
    if (key == "connector") {
      connector = value;
    } else if (key == "url") {
      config.url = value;
    } else if (key == "engine_io") {
      config.engine_io = std::stoi(value);
    } else if (key == "method") {
      config.method = value == "apikey" ? Method::apikey : value == "oauth2" ? Method::oauth2 : Method::jwt;
    } else if (key == "channel") {
      config.channel = value;
    } else if (key == "test_events") {
      config.test_events = value == "true";
    } else if (key == "backfill") {
      config.backfill.enabled = value == "on";
    } else if (key == "state_updates") {
      config.state_updates = value == "true";
    } else if (key == "heartbeat") {
      config.common.timeouts.heartbeat = *config::parse_duration(value);
    } else if (key == "header") {
      config.common.headers[value].kind = config::Secret::Kind::env;
    } else {
      throw std::invalid_argument("unknown setting " + key);
    }
  }
  return std::make_unique<StreamElementsProtocol>(connector, config);
}

const int registered = support::run_transcripts("StreamElementsTranscript",
                                                support::source_dir() + "/connectors/streamelements/testdata", make);

const event::Now now{event::SteadyTime{} + std::chrono::hours(1), *text::parse_time("2026-11-01T12:00:00.000Z")};

TEST(Session, NoTextHoldsTheTokenEvenWhenTheServerRepeatsIt) {
  Config config;
  StreamElementsProtocol session("main-stage", config);
  const std::string token = "fake-token-that-nobody-has";
  ASSERT_TRUE(std::holds_alternative<net::DialTarget>(session.dial({token}, now)));
  Outcome outcome;
  session.open(1, now, outcome);
  session.frame("0{}", false, now, outcome);
  session.frame("40", false, now, outcome);
  ASSERT_EQ(outcome.sends.size(), 1u);
  EXPECT_NE(outcome.sends[0].payload.find(token), std::string::npos);
  outcome.clear();
  session.frame("42[\"unauthorized\",{\"message\":\"bad token " + token + "\"}]", false, now, outcome);
  ASSERT_TRUE(outcome.down);
  EXPECT_EQ(outcome.down->detail, "bad token <redacted>");
}

TEST(Session, AReasonIsFoundWhereverTheServerPutIt) {
  for (const char* frame :
       {R"(42["unauthorized",{"message":"bad token"}])", R"(42["unauthorized","bad token"])",
        R"(42["unauthorized",{"error":{"message":"bad token"}}])", R"(42["unauthorized",[{"reason":"bad token"}]])",
        R"(42["unauthorized",{"code":"bad token"}])", R"(44"bad token")", R"(44{"message":"bad token"})",
        R"(44{"message":{"reason":"bad token"}})", R"(44{"data":{"message":"bad token"}})", "44bad token"}) {
    StreamElementsProtocol session("main-stage", Config{});
    session.dial({"fake"}, now);
    Outcome outcome;
    session.open(1, now, outcome);
    session.frame("0{}", false, now, outcome);
    session.frame("40", false, now, outcome);
    session.frame(frame, false, now, outcome);
    ASSERT_TRUE(outcome.down) << frame;
    EXPECT_NE(outcome.down->detail.find("bad token"), std::string::npos) << outcome.down->detail;
    EXPECT_EQ(outcome.down->detail.find('{'), std::string::npos) << outcome.down->detail;
  }
}

TEST(Session, AReasonThatComesWithAGoodbyeIsKept) {
  const auto detail_of = [](std::string_view frame) {
    StreamElementsProtocol session("main-stage", Config{});
    session.dial({"fake"}, now);
    Outcome outcome;
    session.open(1, now, outcome);
    session.frame("0{}", false, now, outcome);
    session.frame("40", false, now, outcome);
    session.frame(frame, false, now, outcome);
    return outcome.down ? outcome.down->detail : std::string();
  };
  EXPECT_EQ(detail_of("41"), "the server left the namespace");
  EXPECT_EQ(detail_of(R"(41{"reason":"maintenance"})"), "the server left the namespace: maintenance");
  EXPECT_EQ(detail_of(R"(41"maintenance")"), "the server left the namespace: maintenance");
  EXPECT_EQ(detail_of("1"), "the server closed the session");
  EXPECT_EQ(detail_of(R"(1{"message":"bye"})"), "the server closed the session: bye");
}

TEST(Session, AnEventOfTheNameErrorIsRemarkedAndTheConnectionGoesOn) {
  StreamElementsProtocol session("main-stage", Config{});
  session.dial({"fake"}, now);
  Outcome outcome;
  session.open(1, now, outcome);
  session.frame("0{}", false, now, outcome);
  session.frame("40", false, now, outcome);
  session.frame(R"(42["error",{"error":{"message":"rate limited"}}])", false, now, outcome);
  EXPECT_FALSE(outcome.down);
  ASSERT_EQ(outcome.remarks.size(), 1u);
  EXPECT_EQ(outcome.remarks[0].code, "upstream_error");
  EXPECT_EQ(outcome.remarks[0].detail, "rate limited");
  EXPECT_EQ(outcome.kind, event::FrameKind::control);
}

TEST(Session, AnOddHandshakeIsToldWithWhatIsUsed) {
  StreamElementsProtocol session("main-stage", Config{});
  session.dial({"fake"}, now);
  Outcome outcome;
  session.open(1, now, outcome);
  session.frame(R"(0{"pingInterval":"soon","pingTimeout":1})", false, now, outcome);
  ASSERT_EQ(outcome.remarks.size(), 2u);
  EXPECT_EQ(outcome.remarks[0].detail, R"(found "soon", expected 20 to 600000 ms; 25000 ms is used)");
  EXPECT_EQ(outcome.remarks[1].detail, "found 1, expected 20 to 600000 ms; 20 ms is used");
}

TEST(Session, WordsOfARefusalAreClipped) {
  Config config;
  StreamElementsProtocol session("main-stage", config);
  session.dial({"fake"}, now);
  Outcome outcome;
  session.open(1, now, outcome);
  session.frame("0{}", false, now, outcome);
  session.frame("40", false, now, outcome);
  session.frame("42[\"unauthorized\",\"" + std::string(5000, 'x') + "\"]", false, now, outcome);
  ASSERT_TRUE(outcome.down);
  EXPECT_LE(outcome.down->detail.size(), 300u);
}

TEST(Session, AnEmptyTokenIsNotDialledWith) {
  StreamElementsProtocol session("main-stage", Config{});
  const auto answer = session.dial({" \n"}, now);
  ASSERT_TRUE(std::holds_alternative<net::Ending>(answer));
  EXPECT_EQ(std::get<net::Ending>(answer).reason, net::Reason::credential_unreadable);
}

}  // namespace
}  // namespace tributary::connectors::streamelements
