#include "connectors/link/said_lately.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace tributary::connectors {
namespace {

using namespace std::chrono_literals;

event::Now at(std::chrono::milliseconds time) { return {event::SteadyTime{} + 1h + time, event::WallTime{}}; }

event::Message message(std::uint64_t number, std::string content, const std::string& id,
                       const std::string& words = "") {
  event::Message said;
  said.number = number;
  said.content = std::move(content);
  auto made = std::make_shared<event::Event>();
  made->text = id + words;
  made->id = {0, static_cast<std::uint32_t>(id.size())};
  made->json = {made->id.size, static_cast<std::uint32_t>(words.size())};
  said.event = made;
  return said;
}

TEST(SaidLately, KnowsATextForTenSeconds) {
  SaidLately said;
  EXPECT_FALSE(said.repeated_by("thanks Ann", at(0s)));
  said.said(message(7, "thanks Ann", "x"), at(0s));
  EXPECT_EQ(said.repeated_by("thanks Ann", at(10s)), 7U);
  EXPECT_FALSE(said.repeated_by("thanks Ann!", at(10s)));
  EXPECT_FALSE(said.repeated_by("thanks Ann", at(10'001ms)));
}

TEST(SaidLately, KnowsAnIdWhereverItStands) {
  SaidLately said;
  said.said(message(7, "thanks", "5f1c3d6b9a1b2c3d4e5f6a7b"), at(0s));
  EXPECT_EQ(said.repeated_by(R"({"event":"{\"_id\":\"5f1c3d6b9a1b2c3d4e5f6a7b\"}"})", at(1s)), 7U);
  EXPECT_EQ(said.repeated_by("5f1c3d6b9a1b2c3d4e5f6a7b", at(1s)), 7U);
  EXPECT_FALSE(said.repeated_by("x5f1c3d6b9a1b2c3d4e5f6a7b", at(1s))) << "another id that ends in it";
  EXPECT_FALSE(said.repeated_by("5f1c3d6b9a1b2c3d4e5f6a7", at(1s)));
}

TEST(SaidLately, TheWordsOfATipOrOfATextAreAnybodys) {
  SaidLately said;
  said.said(message(7, "{}", "aaaaaaaa", R"({"data":{"message":"good evening all","amount":0.5}})"), at(0s));
  auto text = message(8, "bob: hello everybody", "bbbbbbbb", R"({"data":{"message":"hello everybody","amount":0}})");
  text.form = event::Form::text;
  said.said(text, at(0s));
  EXPECT_FALSE(said.repeated_by("good evening all", at(1s)));
  EXPECT_FALSE(said.repeated_by("hello everybody", at(1s)));
  EXPECT_EQ(said.repeated_by("bob: hello everybody", at(1s)), 8U);
  said.said(message(9, "{}", "cccccccc", R"({"data":{"message":"good evening all","amount":0e1}})"), at(0s));
  EXPECT_EQ(said.repeated_by("good evening all", at(1s)), 9U) << "nobody paid";
}

TEST(SaidLately, AnIdWithoutTheTimeOfItsEventIsNotTheEvent) {
  SaidLately said;
  auto tip = message(7, "thanks", "5f1c3d6b9a1b2c3d4e5f6a7b", "2026-10-01T12:34:56.789Z");
  auto event = std::make_shared<event::Event>(*tip.event);
  event->created_at = event->json;
  tip.event = event;
  said.said(tip, at(0s));
  EXPECT_FALSE(said.repeated_by(R"({"hello":"5f1c3d6b9a1b2c3d4e5f6a7b"})", at(1s)));
  EXPECT_FALSE(said.repeated_by(R"({"_id":"5f1c3d6b9a1b2c3d4e5f6a7b","created":1})", at(1s)));
  EXPECT_EQ(said.repeated_by(R"({"_id":"5f1c3d6b9a1b2c3d4e5f6a7b","createdAt":"2026-10-01T12:34:56.789Z"})", at(1s)),
            7U);
}

TEST(SaidLately, KnowsTheWordsOfAnEventThatAreTooLongForChance) {
  SaidLately said;
  said.said(message(7, "{}", "aaaaaaaa", R"({"data":{"message":"good \"evening\""}})"), at(0s));
  said.said(message(8, "{}", "bbbbbbbb", R"({"data":{"message":"hi all"}})"), at(0s));
  EXPECT_EQ(said.repeated_by("good \"evening\"", at(1s)), 7U);
  EXPECT_FALSE(said.repeated_by("say good \"evening\"", at(1s)));
  EXPECT_FALSE(said.repeated_by("hi all", at(1s)));
  EXPECT_FALSE(said.repeated_by("good \"evening\"", at(11s)));
}

TEST(SaidLately, AShortIdStandsInManyTextsByChance) {
  SaidLately said;
  said.said(message(7, "thanks", "1234567"), at(0s));
  EXPECT_FALSE(said.repeated_by("1234567", at(1s)));
}

TEST(SaidLately, TheLastOneWhoSaidItIsTold) {
  SaidLately said;
  said.said(message(1, "gg", "aaaaaaaa"), at(0s));
  said.said(message(2, "gg", "aaaaaaaa"), at(5s));
  EXPECT_EQ(said.repeated_by("gg", at(11s)), 2U);
  EXPECT_EQ(said.repeated_by("aaaaaaaa", at(15s)), 2U);
  EXPECT_FALSE(said.repeated_by("gg", at(16s)));
}

TEST(SaidLately, APauseIsNoTime) {
  SaidLately said;
  said.said(message(1, "gg", "aaaaaaaa"), at(0s));
  said.put_off(60s);
  EXPECT_EQ(said.repeated_by("gg", at(70s)), 1U);
}

TEST(SaidLately, IsBounded) {
  SaidLately said;
  for (std::uint64_t i = 0; i <= SaidLately::limit; ++i) {
    said.said(message(i, "text " + std::to_string(i), "id-" + std::to_string(10'000'000 + i)), at(0s));
  }
  EXPECT_FALSE(said.repeated_by("text 0", at(0s)));
  EXPECT_FALSE(said.repeated_by("id-10000000", at(0s)));
  EXPECT_EQ(said.repeated_by("text 1", at(0s)), 1U);
  EXPECT_EQ(said.repeated_by("text 4096", at(0s)), 4096U);
}

const event::SteadyTime start{1h};

TEST(SaidLately, EachOfOurOwnComesBackOnce) {
  SaidLately words;
  EXPECT_TRUE(words.empty(start));
  words.said(1, "hall", "hola", start);
  words.said(2, "hall", "hola", start);
  EXPECT_FALSE(words.empty(start));
  EXPECT_EQ(words.own("hall", "hola ", start), std::nullopt);
  EXPECT_EQ(words.own("another", "hola", start), std::nullopt);
  EXPECT_EQ(words.own("hall", "hola", start + 30s), 1U);
  EXPECT_EQ(words.own("hall", "hola", start + 30s), 2U);
  EXPECT_EQ(words.own("hall", "hola", start + 30s), std::nullopt);
}

TEST(SaidLately, AfterHalfAMinuteNothingIsAwaited) {
  SaidLately words;
  words.said(1, "", "hola", start);
  EXPECT_EQ(words.own("", "hola", start + 30s + 1ms), std::nullopt);
  EXPECT_TRUE(words.empty(start + 30s + 1ms));
}

TEST(SaidLately, WhatDidNotGetThereIsNotAwaited) {
  SaidLately words;
  words.said(1, "", "hola", start);
  words.said(2, "", "adios", start);
  words.take_back(1);
  words.came_back(2);
  EXPECT_EQ(words.own("", "hola", start), std::nullopt);
  EXPECT_EQ(words.own("", "adios", start), std::nullopt) << "it was told by its id";
  EXPECT_EQ(words.copied("", "adios", start), 2U);
}

TEST(SaidLately, AfterATextWasTakenBackACopyIsOfTheOneBefore) {
  SaidLately words;
  words.said(1, "", "hola", start);
  words.said(2, "", "hola", start + 1s);
  words.take_back(2);
  EXPECT_EQ(words.copied("", "hola", start + 10s), 1U);
  words.take_back(1);
  EXPECT_EQ(words.copied("", "hola", start + 2s), std::nullopt);
  EXPECT_TRUE(words.empty(start + 2s));
}

TEST(SaidLately, WhatIsTooOldForACopyIsStillAwaited) {
  SaidLately words;
  words.said(1, "", "hola", start);
  words.said(2, "", "adios", start + 15s);
  EXPECT_EQ(words.copied("", "hola", start + 20s), std::nullopt);
  words.take_back(1);
  EXPECT_EQ(words.copied("", "adios", start + 20s), 2U);
  EXPECT_EQ(words.own("", "adios", start + 40s), 2U);
  EXPECT_EQ(words.own("", "hola", start + 20s), std::nullopt);
}

TEST(SaidLately, ACopyOfAnotherIsToldForTenSeconds) {
  SaidLately words;
  words.said(1, "", "a tip", start);
  EXPECT_EQ(words.copied("", "a tip", start + 10s), 1U);
  EXPECT_EQ(words.copied("", "a tip", start + 10s), 1U) << "each copy that is heard";
  EXPECT_EQ(words.copied("", "another tip", start), std::nullopt);
  EXPECT_EQ(words.copied("", "a tip", start + 10s + 1ms), std::nullopt);
  words.said(2, "", "a tip", start + 5s);
  EXPECT_EQ(words.copied("", "a tip", start + 6s), 2U) << "the last one";
}

TEST(SaidLately, OfWhatChatsWereToldTooTheOldestIsForgotten) {
  SaidLately words;
  for (std::uint64_t i = 0; i <= SaidLately::limit; ++i) words.said(i, "", std::to_string(i), start);
  EXPECT_EQ(words.own("", "0", start), std::nullopt);
  EXPECT_EQ(words.own("", "1", start), 1U);
}

}  // namespace
}  // namespace tributary::connectors
