#include "sinks/channel/event_strings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace tributary::sinks::channel {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> strings_of(std::string_view json, bool* paid = nullptr) {
  std::vector<std::string> all;
  const bool is_paid = each_string_of_data(json, [&](std::string_view text) { all.emplace_back(text); });
  if (paid != nullptr) *paid = is_paid;
  return all;
}

bool paid(const std::string& amount) {
  bool is_paid = false;
  strings_of(R"({"_id":"x","data":{"username":"a 5","amount":)" + amount + R"(,"tier":7},"amount":3})", &is_paid);
  return is_paid;
}

TEST(ChannelEventStrings, AreTheValuesWithinDataAtAnyDepth) {
  EXPECT_THAT(strings_of(R"({"_id":"no","data":{"a":"one","b":{"c":["two", "three" ],"d":4}, "e" : "" },"type":"no",)"
                         R"("relay":{"data":{"x":"no"}}})"),
              ElementsAre("one", "two", "three", ""));
  EXPECT_THAT(strings_of(R"({"_id":"no","data":"no","type":"no"})"), IsEmpty());
}

TEST(ChannelEventStrings, AreUnescaped) {
  EXPECT_THAT(strings_of(R"({"data":{"a":"q\" b\\ n\n u\u00e9 e\ud83d\ude00 s\/"}})"),
              ElementsAre("q\" b\\ n\n u\u00e9 e\U0001F600 s/"));
}

TEST(ChannelEventStrings, JsonInAStringIsLookedIntoToo) {
  EXPECT_THAT(strings_of(R"({"data":{"message":"{\"event\":\"{\\\"_id\\\":\\\"inner\\\"}\"}"}})"),
              ElementsAre(R"({"event":"{\"_id\":\"inner\"}"})", R"({"_id":"inner"})", "inner"));
}

TEST(ChannelEventStrings, ADraftLacksItsEnd) {
  EXPECT_THAT(strings_of(R"({"_id":"x","data":{"a":"one"},"relay":{"receivedAt":"y")"), ElementsAre("one"));
  EXPECT_THAT(strings_of(R"({"_id":"x","data":{"a":"one","b":"cut)"), ElementsAre("one"));
}

TEST(ChannelEventStrings, AnAmountThatIsNotZeroIsPaid) {
  for (const auto* amount : {"5", "0.01", "-3", "1e2", "1234567890123456789"}) EXPECT_TRUE(paid(amount)) << amount;
  for (const auto* amount : {"0", "0.00", "0e5", "-0", "null", "\"5\"", "[]"}) EXPECT_FALSE(paid(amount)) << amount;
  bool nested = false;
  strings_of(R"({"data":{"details":{"amount":5}}})", &nested);
  EXPECT_FALSE(nested) << "anybody may say so";
}

TEST(ChannelEventStrings, NoTextBreaksIt) {
  std::mt19937 random(7);
  const std::string good = R"({"_id":"x","data":{"a":"o\u00e9\ud83d\ude00\"","b":[1,{"c":"{\"d\":[]}"}],"amount":5}})";
  for (int turn = 0; turn < 20'000; ++turn) {
    std::string bad = good;
    for (int i = 0; i < 3; ++i) bad[random() % bad.size()] = "\"\\u{}[]:,de0\x80"[random() % 13];
    bad.resize(random() % (bad.size() + 1));
    std::size_t bytes = 0;
    each_string_of_data(bad, [&](std::string_view text) { bytes += text.size(); });
    EXPECT_LE(bytes, 4 * good.size());
  }
}

}  // namespace
}  // namespace tributary::sinks::channel
