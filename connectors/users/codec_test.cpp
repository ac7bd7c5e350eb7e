#include "connectors/users/codec.hpp"
#include "connectors/users/config.hpp"

#include <gtest/gtest.h>

#include <string>

#include "event/id.hpp"
#include "text/time.hpp"

namespace tributary::connectors::users {
namespace {

const event::Now noon{event::SteadyTime{}, *text::parse_time("2026-11-01T12:00:00.000Z")};

Outcome read(std::string_view text) {
  Codec codec("accounts", "main", Config());
  Outcome outcome;
  codec.read(text, noon, outcome);
  return outcome;
}

std::string list_of(std::size_t files) {
  std::string list = "[{}";
  for (std::size_t i = 1; i < files; ++i) list += ",{}";
  return list + "]";
}

TEST(Codec, KeepsHowSizesAreWritten) {
  const auto outcome = read(R"({"eventType":7,"bucket":{"_id":"b","memoryUsed":12345678901234567890,"x":4.20}})");
  EXPECT_NE(outcome.drafts.at(0).text.find(R"("bucket":{"_id":"b","memoryUsed":12345678901234567890,"x":4.20})"),
            std::string::npos);
}

TEST(Codec, TheUploadAndTheRemovalOfAFileAreTwoEvents) {
  const auto upload = read(R"({"eventType":5,"file":{"_id":"f"}})").drafts.at(0);
  const auto removal = read(R"({"eventType":6,"file":{"_id":"f"}})").drafts.at(0);
  EXPECT_EQ(upload.id.of(upload.text), event::derived_id({"users", "main", "5", "f"}));
  EXPECT_EQ(removal.id.of(removal.text), event::derived_id({"users", "main", "6", "f"}));
}

TEST(Codec, AnIdBeyondItsBoundNamesNothing) {
  const auto file = [](std::size_t bytes) {
    return R"({"eventType":5,"file":{"_id":")" + std::string(bytes, 'i') + "\"}}";
  };
  EXPECT_TRUE(read(file(Codec::id_limit)).drafts.at(0).identified);
  EXPECT_FALSE(read(file(Codec::id_limit + 1)).drafts.at(0).identified);
}

TEST(Codec, ATypeBeyondItsBoundIsClippedInRelayAndWholeInData) {
  const std::string type(100, 't');
  const auto draft = read("{\"type\":\"" + type + "\"}").drafts.at(0);
  EXPECT_NE(draft.text.find("\"upstream\":{\"type\":\"" + type + "\"}"), std::string::npos);
  EXPECT_NE(draft.text.find("\"upstreamType\":\"" + type.substr(0, Codec::type_limit) + "\""), std::string::npos);
}

TEST(Codec, AFrameOfVeryManyFilesStaysOneEvent) {
  EXPECT_EQ(read("{\"eventType\":5,\"files\":" + list_of(Codec::files_limit) + "}").drafts.size(), Codec::files_limit);
  const std::string many = list_of(Codec::files_limit + 1);
  const auto outcome = read("{\"eventType\":5,\"files\":" + many + "}");
  ASSERT_EQ(outcome.drafts.size(), 1u);
  EXPECT_NE(outcome.drafts[0].text.find("\"details\":{\"files\":" + many + "}"), std::string::npos);
}

TEST(Codec, WhatStandsBesideTheFilesIsNotRepeatedWithoutBound) {
  const std::string rest = "\"eventType\":5,\"note\":\"" + std::string(Codec::shared_limit, 'x') + "\",\"files\":";
  EXPECT_EQ(read("{" + rest + "[{},{}]}").drafts.size(), 1u);
  EXPECT_EQ(read("{" + rest + "[{}]}").drafts.size(), 1u);
  EXPECT_NE(read("{" + rest + "[{},{}]}").drafts.at(0).text.find("\"files\":[{},{}]"), std::string::npos);
}

TEST(Codec, TakesLargeFramesInOnePass) {
  std::string wide = "{\"eventType\":5,\"file\":{\"_id\":1";
  for (int i = 0; i < 50'000; ++i) wide += ",\"k" + std::to_string(i) + "\":1";
  wide += "}";
  for (int i = 0; i < 50'000; ++i) wide += ",\"d" + std::to_string(i) + "\":1";
  EXPECT_NE(read(wide + "}").drafts.at(0).text.find("\"d49999\":1"), std::string::npos);
}

TEST(Codec, CountsWhatItMendedOnce) {
  const auto outcome = read("{\"eventType\":5,\"files\":[{\"name\":\"\xFF\"},{\"name\":\"\xFE\"}]}");
  ASSERT_EQ(outcome.drafts.size(), 2u);
  EXPECT_EQ(outcome.drafts[0].repaired + outcome.drafts[1].repaired, 2u);
}

TEST(Codec, KnowsAProbeByItsShape) {
  const std::string base = "tributary-probe-0123456789abcdef01234567-";
  EXPECT_TRUE(is_probe(base + "1"));
  EXPECT_TRUE(is_probe(base + "18446744073709551615"));
  for (const std::string& other : {base, base + "x", base + "1x", base + std::string(22, '1'), base.substr(0, 40),
                                   base.substr(0, 20), std::string("tributary-probe-"), std::string(), "x" + base + "1",
                                   std::string("tributary-probe-0123456789ABCDEF01234567-1")}) {
    EXPECT_FALSE(is_probe(other)) << other;
  }
}

}  // namespace
}  // namespace tributary::connectors::users
