#include "connectors/dlive/backfill.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "connectors/dlive/config.hpp"
#include "connectors/dlive/protocol.hpp"
#include "connectors/link/gaps.hpp"
#include "text/time.hpp"

namespace tributary::connectors::dlive {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

event::WallTime time_at(const std::string& time) { return *text::parse_time("2026-11-01T" + time + "Z"); }
const event::Now asked_at{event::SteadyTime{1h}, time_at("12:00:00.000")};

/// A message of the chat; `second` after 11:50, or without a time.
nlohmann::json message_of(const std::string& id, std::optional<int> second, const std::string& type_name = "ChatText") {
  nlohmann::json message = {{"__typename", type_name},
                            {"id", id},
                            {"content", "hello"},
                            {"sender", {{"username", "ada"}, {"displayname", "Ada"}}}};
  if (second) {
    const auto since_1970 = time_at("11:50:00.000").time_since_epoch() + std::chrono::seconds(*second);
    message["createdAt"] = std::to_string(std::chrono::nanoseconds(since_1970).count());
  }
  return message;
}

std::string chat_of(const std::vector<nlohmann::json>& messages) {
  return nlohmann::json{{"data", {{"user", {{"username", "dbl-lee"}, {"chats", messages}}}}}}.dump();
}

/// What is asked for a gap from 11:50:00 to 11:51:00.
class ChatSearch : public ::testing::Test {
 protected:
  ChatSearch() {
    history_.api_url = "https://api.example/";
    history_.streamer = "dbl-lee";
    history_.token = "fake-token";
    history_.connector = "arcade";
    history_.known_since = time_at("00:00:00.000");
    ask();
  }
  void ask() {
    question_ =
        missed_chats(history_, time_at("11:50:00.000") - Gaps::overlap, time_at("11:51:00.000") + Gaps::overlap);
  }
  const BackfillAnswer& answer(const std::string& body, int status = 200) {
    answer_ = question_.judge({status, {}, body}, asked_at);
    return answer_;
  }
  std::vector<std::string> ids() const {
    std::vector<std::string> all;
    for (const auto& draft : answer_.drafts) {
      all.push_back(nlohmann::json::parse(draft.text + "}}").at("relay").value("upstreamId", "none"));
    }
    return all;
  }

  ChatHistory history_;
  Backfill question_;
  BackfillAnswer answer_;
};

TEST_F(ChatSearch, AsksForTheLastMessagesOfAUser) {
  EXPECT_EQ(question_.request.method, "POST");
  EXPECT_EQ(question_.request.url, "https://api.example/");
  EXPECT_EQ(net::header_value(question_.request.headers, "authorization"), "fake-token");
  const auto body = nlohmann::json::parse(question_.request.body);
  EXPECT_EQ(body["variables"], (nlohmann::json{{"u", "dbl-lee"}, {"c", 50}}));
  EXPECT_THAT(body["query"].get<std::string>(), HasSubstr("user(username:$u){username chats(count:$c)"));
  EXPECT_THAT(question_.request.body, Not(HasSubstr("fake-token")));
  history_.token.clear();
  ask();
  EXPECT_EQ(net::header_value(question_.request.headers, "authorization"), "");
}

TEST_F(ChatSearch, AMessageIsTheSameEventAsOnTheSocket) {
  answer(chat_of({message_of("m1", 5)}));
  ASSERT_EQ(answer_.drafts.size(), 1U);
  Codec codec("arcade", 64);
  Outcome socket;
  codec.read(
      nlohmann::json{
          {"type", "data"}, {"id", "1"}, {"payload", {{"data", {{"streamMessageReceived", {message_of("m1", 5)}}}}}}}
          .dump(),
      socket);
  codec.messages("dbl-lee", asked_at, socket);
  EXPECT_EQ(answer_.drafts.front().text, socket.drafts.front().text);
  EXPECT_TRUE(answer_.drafts.front().identified);
  EXPECT_EQ(answer_.fault, "");
}

TEST_F(ChatSearch, TakesWhatWasSaidInThatTimeOldestFirst) {
  answer(chat_of({message_of("early", -11), message_of("b", 1), message_of("c", 59), message_of("late", 71)}));
  EXPECT_THAT(ids(), ElementsAre("b", "c"));
  answer(chat_of({message_of("late", 71), message_of("c", 59), message_of("b", 1), message_of("early", -11)}));
  EXPECT_THAT(ids(), ElementsAre("b", "c")) << "also from a list that begins with the newest";
}

TEST_F(ChatSearch, AListThatIsFullAndDoesNotGoBackFarEnoughIsAFault) {
  history_.limit = 2;
  ask();
  answer(chat_of({message_of("b", 30), message_of("c", 40)}));
  EXPECT_THAT(ids(), ElementsAre("b", "c"));
  EXPECT_EQ(answer_.fault,
            "the API tells the last 2 messages only, since 2026-11-01T11:50:30.000Z; what was said before "
            "is missing (`limit`)");
  answer(chat_of({message_of("a", -11), message_of("c", 40)}));
  EXPECT_EQ(answer_.fault, "") << "it reaches back to before the time asked for";
  answer(chat_of({message_of("c", 40)}));
  EXPECT_EQ(answer_.fault, "") << "there are no more";
}

TEST_F(ChatSearch, AMessageWithoutATimeIsPlacedByItsNeighbours) {
  answer(chat_of({message_of("old", std::nullopt, "ChatGift"), message_of("t1", -40),
                  message_of("before", std::nullopt, "ChatGift"), message_of("t2", -20),
                  message_of("between", std::nullopt, "ChatGift"), message_of("t3", 20),
                  message_of("last", std::nullopt, "ChatGift")}));
  EXPECT_THAT(ids(), ElementsAre("between", "t3", "last")) << "what may be of the gap; dedupe knows what was heard";
  EXPECT_EQ(answer_.fault, "");
}

TEST_F(ChatSearch, AMessageWithoutATimeThatNobodyCanPlaceIsLeftOut) {
  answer(chat_of({message_of("g1", std::nullopt, "ChatGift"), message_of("g2", std::nullopt, "ChatGift")}));
  EXPECT_THAT(ids(), IsEmpty());
  EXPECT_EQ(answer_.fault, "2 messages without a time may be of before, and are left out");
  history_.known_since = time_at("11:49:50.000");
  ask();
  answer(chat_of({message_of("t", -3'000), message_of("g", std::nullopt, "ChatGift")}));
  EXPECT_THAT(ids(), IsEmpty()) << "dedupe may have forgotten it";
  EXPECT_THAT(answer_.fault, HasSubstr("1 messages without a time"));
}

TEST_F(ChatSearch, WhatHasNeitherIdNorTimeIsNoEvent) {
  answer(chat_of({{{"__typename", "ChatDelete"}, {"type", "Delete"}}, message_of("a", 5)}));
  EXPECT_THAT(ids(), ElementsAre("a"));
  EXPECT_EQ(answer_.fault, "");
}

TEST_F(ChatSearch, OurOwnWordsAreNoEvents) {
  history_.is_own = [](const ChatWords& chat, const event::Now&) { return chat.id == "ours" && chat.user == "ada"; };
  ask();
  answer(chat_of({message_of("ours", 5), message_of("theirs", 6)}));
  EXPECT_THAT(ids(), ElementsAre("theirs"));
}

TEST_F(ChatSearch, AnApiWithoutTheTimeOfGiftsIsAskedForLess) {
  answer(R"({"errors":[{"message":"Cannot query field \"createdAt\" on type \"ChatGift\"."}],"data":null})", 422);
  EXPECT_EQ(answer_.fault, "");
  ASSERT_EQ(answer_.next.size(), 1U);
  const auto query = nlohmann::json::parse(answer_.next[0].request.body)["query"].get<std::string>();
  EXPECT_THAT(query, HasSubstr("ChatGift{id gift amount message ...S}"));
  EXPECT_THAT(query, HasSubstr("ChatText{id content subLength emojis createdAt ...S}"));
  EXPECT_EQ(net::header_value(answer_.next[0].request.headers, "authorization"), "fake-token");
  question_ = answer_.next[0];
  answer(R"({"errors":[{"message":"Cannot query field \"createdAt\" on type \"ChatText\"."}]})", 422);
  EXPECT_THAT(answer_.fault, HasSubstr("HTTP 422")) << "once, and no loop";
  EXPECT_THAT(answer_.next, IsEmpty());
}

TEST_F(ChatSearch, EachLayerThatFailsIsTold) {
  const auto fault = [&](const std::string& body, int status = 200) { return answer(body, status).fault; };
  EXPECT_THAT(fault(R"({"errors":[{"message":"not signed in"}]})", 401), HasSubstr("not accept the token"));
  EXPECT_THAT(answer_.fault, HasSubstr("it says: not signed in"));
  EXPECT_THAT(fault("slowly", 429), HasSubstr("asked too often"));
  EXPECT_TRUE(answer_.again);
  EXPECT_THAT(fault("", 500), HasSubstr("out of order"));
  EXPECT_EQ(fault("<html>"), "the answer is no JSON object");
  EXPECT_EQ(fault("[]"), "the answer is no JSON object");
  EXPECT_EQ(fault("{}"), "the answer is without a user");
  EXPECT_EQ(fault(R"({"data":{"user":null}})"), "the answer is that nobody has the username dbl-lee");
  EXPECT_EQ(fault(R"({"errors":[{"message":"internal system error"}],"data":null})"),
            "the answer is an error: internal system error");
  EXPECT_EQ(fault(R"({"data":{"user":{"username":"dbl-lee"}}})"), "the answer is no list of chats");
  EXPECT_FALSE(answer_.again);
}

TEST_F(ChatSearch, ASessionAsksForEachStreamerWhereThatIsOn) {
  Config config;
  config.streamers = {"dbl-lee"};
  const auto ask_session = [&](const std::string& channel) {
    const DLiveProtocol session("arcade", config);
    return session.backfill(channel, time_at("11:50:00.000"), time_at("11:51:00.000"), {" t\n"});
  };
  EXPECT_THAT(ask_session("dbl-lee"), IsEmpty());
  config.backfill = true;
  config.backfill_limit = 7;
  const auto asked = ask_session("dbl-lee");
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].request.url, "https://api.dlive.tv");
  EXPECT_EQ(net::header_value(asked[0].request.headers, "authorization"), "t");
  EXPECT_EQ(nlohmann::json::parse(asked[0].request.body)["variables"]["c"], 7);
  config.api_url.clear();
  EXPECT_THAT(ask_session("dbl-lee"), IsEmpty());
}

}  // namespace
}  // namespace tributary::connectors::dlive
