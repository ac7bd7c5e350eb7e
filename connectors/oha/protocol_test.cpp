#include "connectors/oha/protocol.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>

#include "config/load.hpp"
#include "connectors/oha/config.hpp"
#include "tests/support/source_dir.hpp"
#include "tests/support/transcript.hpp"
#include "text/time.hpp"

namespace tributary::connectors::oha {
namespace {

/// The lines of a transcript are the connector's YAML.
std::unique_ptr<Protocol> make(const support::TranscriptConfig& given) {
  config::Vocabulary vocabulary;
  vocabulary.connectors.push_back({"oha", "", "classroom", config::make_settings<Config>});
  std::string text =
      "version: 1\nconnectors:\n  main-stage:\n    type: oha\n    stream: {env: S}\n    label: maths-101\n";
  for (const auto& [key, value] : given.values) {
    if (key != "connector") text += "    " + key + ": " + value + "\n";
  }
  auto loaded = config::load_text(text, "transcript.yaml", vocabulary);
  if (!loaded.settings) throw std::invalid_argument(config::format(loaded.faults.front()));
  return std::make_unique<OhaProtocol>(given.get("connector", "main-stage"),
                                       loaded.settings->connectors.front().as<Config>());
}

const int registered =
    support::run_transcripts("OhaTranscript", support::source_dir() + "/connectors/oha/testdata", make);

const event::Now now{event::SteadyTime{} + std::chrono::hours(1), *text::parse_time("2026-11-01T12:00:00.000Z")};
const std::string key = "ingest/key=of+somebody";
const std::string token = "fake.\"token\".nobody";

Config with_token(TokenIn in) {
  Config config;
  config.label = "maths-101";
  config.auth.emplace().in = in;
  return config;
}

TEST(Session, ALabelThatTellsTheKeyIsNotDialledWith) {
  Config config;
  config.label = "maths of the-secret-key";
  OhaProtocol session("classroom", config);
  const auto answer = session.dial({"the-secret-key"}, {});
  ASSERT_TRUE(std::holds_alternative<net::Ending>(answer));
  const auto& ending = std::get<net::Ending>(answer);
  EXPECT_EQ(ending.reason, net::Reason::credential_unreadable);
  EXPECT_NE(ending.detail.find("choose another label"), std::string::npos);
  EXPECT_EQ(ending.detail.find("the-secret-key"), std::string::npos);
}

TEST(Session, TheKeyIsOneSegmentAndTheTokenGoesWhereItShould) {
  const std::string path = "wss://api.oha.education/ws/streams/ingest%2Fkey%3Dof%2Bsomebody/";
  OhaProtocol header("classroom", with_token(TokenIn::header));
  const auto by_header = std::get<net::DialTarget>(header.dial({key + "\n", " " + token + "\n"}, now));
  EXPECT_EQ(by_header.url, path);
  ASSERT_EQ(by_header.headers.size(), 1u);
  EXPECT_EQ(by_header.headers[0], (std::pair<std::string, std::string>{"Authorization", "Bearer " + token}));

  OhaProtocol query("classroom", with_token(TokenIn::query));
  const auto by_query = std::get<net::DialTarget>(query.dial({key, token}, now));
  EXPECT_EQ(by_query.url, path + "?token=fake.%22token%22.nobody");
  EXPECT_TRUE(by_query.headers.empty());

  OhaProtocol message("classroom", with_token(TokenIn::message));
  const auto by_message = std::get<net::DialTarget>(message.dial({key, token}, now));
  EXPECT_EQ(by_message.url, path);
  EXPECT_TRUE(by_message.headers.empty());
  Outcome outcome;
  message.open(1, now, outcome);
  ASSERT_EQ(outcome.sends.size(), 1u);
  EXPECT_EQ(outcome.sends[0].payload, R"({"type":"auth","data":{"token":"fake.\"token\".nobody"}})");
}

TEST(Session, WithoutATokenNothingIsSaid) {
  Config config;
  config.label = "maths-101";
  OhaProtocol session("classroom", config);
  EXPECT_EQ(session.secrets().size(), 1u);
  const auto target = std::get<net::DialTarget>(session.dial({key}, now));
  EXPECT_TRUE(target.headers.empty());
  Outcome outcome;
  session.open(1, now, outcome);
  EXPECT_TRUE(outcome.sends.empty());
}

TEST(Session, WhatTheServerRepeatsOfKeyAndTokenIsTakenOut) {
  OhaProtocol session("classroom", with_token(TokenIn::message));
  session.dial({key, token}, now);
  Outcome outcome;
  session.open(1, now, outcome);
  const auto frames = {
      R"({"type":"chat","data":{"user":"eve","message":"the key is ingest/key=of+somebody!"}})",
      R"({"type":"chat","data":{"user":"ingest\/key=of+somebody","message":"x"}})",
      R"({"type":"ingest%2Fkey%3Dof%2Bsomebody","x":"aW5nZXN0L2tleT1vZitzb21lYm9keQ=="})",
      R"({"type":"chat","data":{"user":"eve","message":"fake.\"token\".nobody"}})",
      R"({"type":"chat","data":{"user":"eve","message":"\u0069ngest/key=of+somebody"}})",
  };
  for (const char* frame : frames) {
    outcome.clear();
    session.frame(frame, false, now, outcome);
    ASSERT_EQ(outcome.drafts.size(), 1u) << frame;
    const std::string& text = outcome.drafts[0].text;
    EXPECT_NE(text.find("<redacted>"), std::string::npos) << text;
    for (const char* part : {"ingest", "aW5nZXN0", "fake."}) EXPECT_EQ(text.find(part), std::string::npos) << text;
  }
  outcome.clear();
  session.frame(
      R"({"type":"error","data":{"error_code":"ingest/key=of+somebody","message":"\u0069ngest/key=of+somebody"}})",
      false, now, outcome);
  ASSERT_EQ(outcome.remarks.size(), 1u);
  EXPECT_EQ(outcome.remarks[0].subject, "<redacted>");
  EXPECT_EQ(outcome.remarks[0].detail, "<redacted>");
}

TEST(Session, SecretsThatAreEmptyAreNotDialledWith) {
  OhaProtocol session("classroom", with_token(TokenIn::header));
  for (const auto& secrets : {std::vector<std::string>{" \n", token}, {key, "\n"}}) {
    const auto answer = session.dial(secrets, now);
    ASSERT_TRUE(std::holds_alternative<net::Ending>(answer));
    EXPECT_EQ(std::get<net::Ending>(answer).reason, net::Reason::credential_unreadable);
  }
}

TEST(Session, AWordOfTheServerIsPrintableAndClipped) {
  OhaProtocol session("classroom", with_token(TokenIn::header));
  session.dial({key, token}, now);
  Outcome outcome;
  session.open(1, now, outcome);
  session.frame(R"({"type":"error","data":{"error_code":"a b\nc)" + std::string(500, 'x') + R"(","message":")" +
                    std::string(5000, 'y') + "\"}}",
                false, now, outcome);
  ASSERT_EQ(outcome.remarks.size(), 1u);
  EXPECT_EQ(outcome.remarks[0].subject.substr(0, 5), "a_b_c");
  EXPECT_LE(outcome.remarks[0].subject.size(), 64u);
  EXPECT_LE(outcome.remarks[0].detail.size(), 200u);
}

}  // namespace
}  // namespace tributary::connectors::oha
