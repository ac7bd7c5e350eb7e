#include "tests/support/transcript.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "tests/support/source_dir.hpp"
#include "tests/support/toy_protocol.hpp"
#include "tests/support/transcript_player.hpp"

namespace tributary::support {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using namespace std::chrono_literals;

std::unique_ptr<connectors::Protocol> toy(const TranscriptConfig& config) {
  ToySettings settings;
  for (const auto& [key, value] : config.values) {
    if (key == "beat")
      settings.beat = duration_of(value);
    else if (key == "publishes")
      settings.publishes = value == "true";
    else if (key == "pace")
      settings.pace = duration_of(value);
    else if (key != "connector")
      throw std::invalid_argument("unknown key " + key);
  }
  settings.secrets.resize(1);
  return std::make_unique<ToyProtocol>(settings);
}

std::string play(std::string_view text) { return play_transcript_text(text, "it", toy); }

/// The conversations of a connection's life that hold for every connector.
const int registered = run_transcripts("LifeTranscript", source_dir() + "/tests/support/testdata", toy);

TEST(Transcript, AllFilesAreRegistered) { EXPECT_GE(registered, 6); }

TEST(Transcript, HoldsWhenEveryLineComes) { EXPECT_EQ(play("open\n> hello <redacted>\n< welcome den\n= live\n"), ""); }

TEST(Transcript, NamesFileAndLineOfAnOutputThatDiffers) {
  EXPECT_THAT(play("# a remark\nopen\n> hello you\n"), StartsWith("it:3: came `> hello <redacted>`"));
}

TEST(Transcript, NamesFileAndLineOfAnOutputThatDoesNotCome) {
  EXPECT_THAT(play("open\n> hello <redacted>\n= live\n"), StartsWith("it:3: expected `live `, and nothing came"));
}

TEST(Transcript, RefusesOutputThatIsNotExpected) {
  const std::string fault = play("open\n> hello <redacted>\n< welcome den\n< odd\n");
  EXPECT_THAT(fault, StartsWith("it:4: came and is not expected:"));
  EXPECT_THAT(fault, HasSubstr("= live"));
  EXPECT_THAT(play("open\n"), StartsWith("it:1: came and is not expected:"));
}

TEST(Transcript, RefusesWhatCannotBe) {
  EXPECT_THAT(play("< welcome den\n"), StartsWith("it:1: came and is not expected"));
  EXPECT_THAT(play("= dial\n< welcome den\n"), HasSubstr("no connection is open"));
  EXPECT_THAT(play("open\n> hello <redacted>\nopen\n"), HasSubstr("there is no such connection now"));
  EXPECT_THAT(play("sing\n"), HasSubstr("came and is not expected"));
  EXPECT_THAT(play("= dial\nsing\n"), HasSubstr("no such line: sing"));
  EXPECT_THAT(play("= dial\n+ soon\n"), HasSubstr("not a number"));
  EXPECT_THAT(play("= dial\nended well\n"), HasSubstr("no such reason"));
  EXPECT_THAT(play(""), HasSubstr("no conversation"));
  EXPECT_THAT(play("config colour: red\nopen\n"), HasSubstr("unknown key colour"));
}

TEST(Transcript, ComparesPartsOfEvents) {
  const std::string begin = "open\n> hello <redacted>\n< welcome den\n= live\n< event a\n";
  EXPECT_EQ(play(begin + R"(= event {"_id":"a","data":{"amount":4.2},"relay":{"test":"<absent>"}})"), "");
  EXPECT_EQ(play(begin + "= event {\"_id\":\"a\", \\\n   \"type\":\"tip\"}"), "");
  EXPECT_THAT(play(begin + R"(= event {"_id":"b"})"), HasSubstr("_id is \"a\", not \"b\""));
  EXPECT_THAT(play(begin + R"(= event {"data":{"list":[1]}})"), HasSubstr("data.list is [1,2], not [1]"));
  EXPECT_THAT(play(begin + R"(= event {"data":{"colour":1}})"), HasSubstr("data.colour is missing"));
  EXPECT_THAT(play(begin + R"(= event {"type":"<absent>"})"), HasSubstr("type must not be there"));
  EXPECT_THAT(play(begin + R"(= event {"_id")"), HasSubstr("this line is not JSON"));
  EXPECT_THAT(play(begin + R"(= state {"_id":"a"})"), HasSubstr("expected `state`"));
  EXPECT_EQ(
      play(begin + "= event! {\"_id\":\"a\",\"type\":\"tip\",\"provider\":\"toy\",\"data\":{\"amount\":4.20,\"list\":"
                   "[1,2]},\"createdAt\":\"2026-11-01T12:00:00.000Z\",\"relay\":{\"receivedAt\":"
                   "\"2026-11-01T12:00:00.000Z\"}}"),
      "");
}

TEST(Transcript, ComparesWaitsByRange) {
  EXPECT_EQ(play("ended eof\n= down eof\n= wait 1s\n"), "");
  EXPECT_EQ(play("ended eof\n= down eof\n= wait 500ms..1m30s\n"), "");
  EXPECT_THAT(play("ended eof\n= down eof\n= wait 2s..3s\n"), HasSubstr("came `= wait 1s`"));
}

TEST(Transcript, ReadsDurations) {
  EXPECT_EQ(duration_of("250ms"), 250ms);
  EXPECT_EQ(duration_of("1m30s"), 90s);
  EXPECT_EQ(duration_of("2h"), 2h);
  EXPECT_THROW(duration_of("10"), TranscriptFault);
  EXPECT_THROW(duration_of(""), TranscriptFault);
}

TEST(Transcript, GivesAFactoryItsSettingsAsYaml) {
  TranscriptConfig config;
  config.values = {{"url", "wss://a"}, {"auth.method", "jwt"}, {"auth.token", "{env: T}"}};
  EXPECT_EQ(config.yaml(), "url: wss://a\nauth: {method: jwt, token: {env: T}}\n");
}

}  // namespace
}  // namespace tributary::support
