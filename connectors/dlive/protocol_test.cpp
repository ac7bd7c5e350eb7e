#include "connectors/dlive/protocol.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>

#include "config/load.hpp"
#include "connectors/dlive/config.hpp"
#include "tests/support/source_dir.hpp"
#include "tests/support/transcript.hpp"
#include "text/time.hpp"

namespace tributary::connectors::dlive {
namespace {

/// The lines of a transcript are the connector's YAML.
std::unique_ptr<Settings> settings_of(const support::TranscriptConfig& given) {
  config::Vocabulary vocabulary;
  vocabulary.connectors.push_back({"dlive", "", "arcade", config::make_settings<Config>});
  std::string text = "version: 1\nconnectors:\n  main-stage:\n    type: dlive\n";
  for (const auto& [key, value] : given.values) {
    if (key != "connector") text += "    " + key + ": " + value + "\n";
  }
  if (given.get("streamers").empty()) text += "    streamers: [dbl-lee]\n";
  auto loaded = config::load_text(text, "transcript.yaml", vocabulary);
  if (!loaded.settings) throw std::invalid_argument(config::format(loaded.faults.front()));
  return std::make_unique<Config>(loaded.settings->connectors.front().as<Config>());
}

std::unique_ptr<Protocol> make(const support::TranscriptConfig& given) {
  return std::make_unique<DLiveProtocol>(given.get("connector", "main-stage"),
                                         dynamic_cast<const Config&>(*settings_of(given)));
}

/// The keys of a sink, which `publish` needs.
std::shared_ptr<const event::Address> speaker(const support::TranscriptConfig& given) {
  auto made = std::make_shared<Speaker>();
  made->streamer = given.get("streamer", "dbl-lee");
  made->length = std::stoul(given.get("length", "140"));
  return made;
}

const int registered = support::run_transcripts("DLiveTranscript", support::source_dir() + "/connectors/dlive/testdata",
                                                make, settings_of, speaker);

const event::Now now{event::SteadyTime{} + std::chrono::hours(1), *text::parse_time("2026-11-01T12:00:00.000Z")};

TEST(Session, AnEmptyTokenIsNotDialledWith) {
  Config config;
  config.streamers = {"dbl-lee"};
  config.token.emplace();
  DLiveProtocol session("arcade", config);
  EXPECT_EQ(session.secrets().size(), 1u);
  const auto answer = session.dial({" \n"}, now);
  ASSERT_TRUE(std::holds_alternative<net::Ending>(answer));
  EXPECT_EQ(std::get<net::Ending>(answer).reason, net::Reason::credential_unreadable);
}

TEST(Session, ATokenIsSentAsItIs) {
  Config config;
  config.streamers = {"dbl-lee"};
  config.token.emplace();
  DLiveProtocol session("arcade", config);
  session.dial({"fake \"token\"\n"}, now);
  Outcome outcome;
  session.open(1, now, outcome);
  ASSERT_EQ(outcome.sends.size(), 1u);
  EXPECT_EQ(outcome.sends[0].payload, R"({"type":"connection_init","payload":{"authorization":"fake \"token\""}})");
}

TEST(Session, AReasonIsFoundWhereverTheServerPutIt) {
  for (const char* frame : {R"({"type":"error","id":"1","errors":[{"message":"no payload"}]})",
                            R"({"type":"error","id":"1","payload":"no payload"})",
                            R"({"type":"error","id":"1","payload":{"errors":[{"message":"no payload"}]}})",
                            R"({"type":"error","id":"1","payload":null,"message":"no payload"})",
                            R"({"type":"error","id":"1","payload":[{"extensions":{"code":"no payload"}}]})",
                            R"({"type":"complete","id":"1","payload":{"errors":[{"message":"no payload"}]}})",
                            R"({"type":"complete","id":"1","error":"no payload"})"}) {
    Config config;
    config.streamers = {"dbl-lee"};
    DLiveProtocol session("arcade", config);
    session.dial({}, now);
    Outcome outcome;
    session.open(1, now, outcome);
    session.frame(R"({"type":"connection_ack"})", false, now, outcome);
    outcome.clear();
    session.frame(frame, false, now, outcome);
    ASSERT_EQ(outcome.remarks.size(), 1u) << frame;
    EXPECT_EQ(outcome.remarks[0].detail, "no payload") << frame;
    outcome.clear();
    session.frame(R"({"type":"connection_error","payload":{"error":{"message":"no payload"}}})", false, now, outcome);
    ASSERT_TRUE(outcome.down);
    EXPECT_EQ(outcome.down->detail, "no payload");
  }
}

TEST(Session, AThousandStreamersShareOneSocketAndEachIsTold) {
  Config config;
  for (int i = 0; i < 1000; ++i) config.streamers.push_back("streamer-" + std::to_string(i));
  DLiveProtocol session("arcade", config);
  session.dial({}, now);
  Outcome outcome;
  session.open(1, now, outcome);
  outcome.clear();
  session.frame(R"({"type":"connection_ack"})", false, now, outcome);
  EXPECT_TRUE(outcome.live);
  EXPECT_EQ(outcome.sends.size(), 2000u);
  EXPECT_EQ(session.channels().size(), 1000u);
  outcome.clear();
  session.frame(
      R"({"id":"1999","type":"data","payload":{"data":{"streamMessageReceived":[{"__typename":"ChatLive"}]}}})", false,
      now, outcome);
  ASSERT_EQ(outcome.drafts.size(), 1u);
  EXPECT_EQ(outcome.drafts[0].upstream_channel, "streamer-999");
}

}  // namespace
}  // namespace tributary::connectors::dlive
