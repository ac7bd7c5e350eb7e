#include "connectors/stagecast/codec.hpp"
#include "connectors/stagecast/config.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "event/id.hpp"
#include "text/json.hpp"
#include "text/time.hpp"

namespace tributary::connectors::stagecast {
namespace {

const event::Now noon{event::SteadyTime{}, *text::parse_time("2026-11-01T12:00:00.000Z")};

event::Draft read(std::string_view text) {
  Codec codec("hall", "livehacks_test", Config());
  Outcome outcome;
  codec.read(text, noon, outcome);
  EXPECT_EQ(outcome.drafts.size(), 1u) << text;
  return outcome.drafts.empty() ? event::Draft{} : outcome.drafts.front();
}

TEST(Codec, KeepsHowValuesAreWritten) {
  for (const std::string value :
       {"4.20", "12345678901234567890", "-0", "1E400", R"("\u2603\/")", R"({"a":4.20,"a":[1.0]})"}) {
    EXPECT_NE(read(value).text.find("\"payload\":" + value), std::string::npos) << value;
    EXPECT_NE(read("{\"from\":\"x\",\"msg\":" + value + "}").text.find("\"payload\":" + value), std::string::npos)
        << value;
  }
}

TEST(Codec, NamesAMomentByItsTypeToo) {
  const auto start = read(R"({"type":"start","id":"m1","event":"e"})");
  const auto stop = read(R"({"type":"stop","id":"m1","event":"e"})");
  EXPECT_TRUE(start.identified);
  EXPECT_EQ(start.id.of(start.text), event::derived_id({"stagecast", "livehacks_test", "start", "m1"}));
  EXPECT_NE(start.id.of(start.text), stop.id.of(stop.text));
  EXPECT_FALSE(read("1").identified);
}

TEST(Codec, AnIdBeyondItsBoundNamesNothing) {
  const auto notice = [](std::size_t bytes) {
    return R"({"type":"start","event":"e","id":")" + std::string(bytes, 'i') + "\"}";
  };
  EXPECT_EQ(read(notice(Codec::id_limit)).type.of(read(notice(Codec::id_limit)).text), "momentStarted");
  EXPECT_EQ(read(notice(Codec::id_limit + 1)).type.of(read(notice(Codec::id_limit + 1)).text), "broadcast");
}

TEST(Codec, CountsWhatItMended) {
  EXPECT_EQ(read("a\xFF\xFE").repaired, 2u);
  EXPECT_EQ(read("\"a\xFF\"").repaired, 1u);
  EXPECT_EQ(read("{\"type\":\"start\",\"event\":\"\xFF\",\"id\":1}").repaired, 1u);
  EXPECT_EQ(read("clean").repaired, 0u);
}

TEST(Codec, TakesLargeValuesInOnePass) {
  std::string wide = "{\"type\":\"start\",\"id\":1,\"event\":1";
  for (int i = 0; i < 50'000; ++i) wide += ",\"k" + std::to_string(i) + "\":1";
  EXPECT_NE(read(wide + "}").text.find("\"k49999\":1"), std::string::npos);
  EXPECT_NE(read("{\"from\":\"x\",\"msg\":\"" + std::string(4u << 20, 'x') + "\"}").text.size(), 8u << 20);
  EXPECT_GT(read(std::string(4u << 20, 'x')).text.size(), 8u << 20);
}

TEST(Codec, TooDeepIsAFaultAndTheNestingIsASetting) {
  Config config;
  config.nesting = 2;
  Codec codec("hall", "c", config);
  Outcome outcome;
  codec.read("[[[1]]]", noon, outcome);
  EXPECT_EQ(outcome.kind, event::FrameKind::malformed);
  EXPECT_EQ(outcome.malformed_reason, "too_deep");
  outcome.clear();
  codec.read("[[1]]", noon, outcome);
  EXPECT_EQ(outcome.kind, event::FrameKind::carrying);
}

}  // namespace
}  // namespace tributary::connectors::stagecast
