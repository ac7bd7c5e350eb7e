#include "connectors/link/gaps.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/link/conversation.hpp"
#include "connectors/link/transport_fixture.hpp"
#include "event/memory_in_process.hpp"
#include "tests/support/fake_intake.hpp"
#include "tests/support/toy_protocol.hpp"

namespace tributary::connectors {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Asked : IdleTransport {
  void fetch(net::HttpRequest request) override { requests.push_back(std::move(request)); }
  std::vector<net::HttpRequest> requests;
};

struct Unheard : LinkObserver {
  void changed(const std::string&, const LinkStatus&) override {}
  void lost(const std::string&, const net::Ending&, bool) override {}
  void remarked(const std::string&, const Remark&) override {}
  void asked_for(const std::string&, const Filling& filling) override { fillings.push_back(filling); }
  std::vector<Filling> fillings;
};

/// A toy connection that is lost and live again, with an archive of what was missed.
class GapsTest : public ::testing::Test {
 protected:
  void make(std::string archive = "http://archive/missed") {
    toy_.archive = std::move(archive);
    protocol_ = std::make_unique<support::ToyProtocol>(toy_);
    Conversation::Settings settings;
    settings.connector = "stage";
    settings.source = "toy";
    settings.memory = &memory_.connector("stage");
    conversation_ = std::make_unique<Conversation>(settings, *protocol_, intake_, observer_, transport_);
    conversation_->start(now_);
    dial();
    pass(10s);
    hear("odd");
  }
  void dial() {
    conversation_->secrets_read({"not-a-real-token"}, {}, now_);
    conversation_->opened(now_);
    hear("welcome den");
  }
  void hear(std::string_view text) {
    conversation_->message(text, false, now_);
    conversation_->read_end(now_);
  }
  void pass(std::chrono::milliseconds time) {
    now_.steady += time;
    now_.wall += time;
    conversation_->tick(now_);
  }
  void lose() { conversation_->ended({net::Reason::eof, ""}, now_); }
  void lose_and_return() {
    lose();
    pass(2min);  // the next attempt, however long the wait
    dial();
  }
  void answer(std::string body, int status = 200) {
    net::HttpAnswer given;
    given.status = status;
    given.body = std::move(body);
    conversation_->fetched(std::move(given), now_);
  }
  void no_answer() {
    conversation_->fetched(net::Ending{net::Reason::dial_timeout, "no answer to not-a-real-token within 10s"}, now_);
  }
  std::vector<std::string> gaps() const { return intake_.notices_of("gap"); }
  std::vector<std::string> ids() const {
    std::vector<std::string> all;
    for (const auto& draft : intake_.drafts) all.emplace_back(draft.id.of(draft.text));
    return all;
  }

  event::Now now_{event::SteadyTime{1h - 10s}, event::WallTime{1h - 10s}};
  event::MemoryInProcess memory_;
  support::ToySettings toy_;
  std::unique_ptr<support::ToyProtocol> protocol_;
  support::FakeIntake intake_;
  Unheard observer_;
  Asked transport_;
  std::unique_ptr<Conversation> conversation_;
};

TEST_F(GapsTest, IsToldAtOnceWhereThereIsNothingToAsk) {
  make("");
  lose_and_return();
  EXPECT_THAT(gaps(), ElementsAre(R"({"from":"1970-01-01T01:00:00.000Z","to":"1970-01-01T01:02:00.000Z","cause":"eof",)"
                                  R"("backfilled":false})"));
  EXPECT_THAT(transport_.requests, IsEmpty());
}

TEST_F(GapsTest, IsFilledFirstAndThenToldOnce) {
  make();
  lose_and_return();
  EXPECT_THAT(gaps(), IsEmpty()) << "found, and asked for";
  ASSERT_EQ(transport_.requests.size(), 1U);
  EXPECT_EQ(transport_.requests[0].url,
            "http://archive/missed?channel=den&from=1970-01-01T00:59:50.000Z&to=1970-01-01T01:02:10.000Z&page=1")
      << "ten seconds more at both ends";
  EXPECT_EQ(net::header_value(transport_.requests[0].headers, "Authorization"), "Bearer not-a-real-token");
  answer("one two");
  EXPECT_THAT(ids(), ElementsAre("one", "two"));
  EXPECT_TRUE(intake_.drafts[0].backfilled);
  EXPECT_THAT(gaps(), ElementsAre(R"({"from":"1970-01-01T01:00:00.000Z","to":"1970-01-01T01:02:00.000Z","cause":"eof",)"
                                  R"("backfilled":true,"events":2})"));
}

TEST_F(GapsTest, WhatCameOfItIsToldForTheLogOnceForAllGapsThatWereOpen) {
  make();
  lose_and_return();
  lose_and_return();
  answer("one two");
  EXPECT_THAT(observer_.fillings, IsEmpty()) << "another one is open";
  answer("three");
  ASSERT_EQ(observer_.fillings.size(), 1U);
  const Filling& filled = observer_.fillings[0];
  EXPECT_TRUE(filled.filled);
  EXPECT_EQ(filled.gaps, 2U);
  EXPECT_EQ(filled.events, 3U);
  EXPECT_EQ(filled.from, event::WallTime{1h});
  EXPECT_EQ(filled.to, event::WallTime{1h + 4min});
  EXPECT_EQ(filled.channel, "den");
}

TEST_F(GapsTest, WhyItWasNotFilledIsToldForTheLog) {
  make();
  lose_and_return();
  answer("one more");
  answer("", 403);
  ASSERT_EQ(observer_.fillings.size(), 1U);
  EXPECT_FALSE(observer_.fillings[0].filled);
  EXPECT_EQ(observer_.fillings[0].events, 1U);
  EXPECT_EQ(observer_.fillings[0].reason, "incomplete");
  EXPECT_EQ(observer_.fillings[0].detail, "HTTP 403");
  lose_and_return();
  for (unsigned tries = 1; tries <= Gaps::most_tries; ++tries) {
    no_answer();
    pass(16s);
  }
  ASSERT_EQ(observer_.fillings.size(), 2U);
  EXPECT_EQ(observer_.fillings[1].reason, "unreachable");
  lose_and_return();
  conversation_->stop(now_.steady + 1s, now_);
  ASSERT_EQ(observer_.fillings.size(), 3U);
  EXPECT_EQ(observer_.fillings[2].reason, "stopped");
}

TEST_F(GapsTest, EveryPageIsAskedFor) {
  make();
  lose_and_return();
  answer("one more");
  ASSERT_EQ(transport_.requests.size(), 2U);
  EXPECT_THAT(transport_.requests[1].url, HasSubstr("page=2"));
  EXPECT_THAT(gaps(), IsEmpty());
  answer("two");
  EXPECT_THAT(gaps(), ElementsAre(HasSubstr(R"("backfilled":true,"events":2)")));
}

TEST_F(GapsTest, APageIsNotAskedForBeforeTheUpstreamAllowsIt) {
  make();
  lose_and_return();
  answer("one later 30000");
  EXPECT_EQ(transport_.requests.size(), 1U);
  EXPECT_LE(conversation_->deadline(), now_.steady + 30s);
  pass(29s);
  EXPECT_EQ(transport_.requests.size(), 1U);
  pass(1s);
  EXPECT_EQ(transport_.requests.size(), 2U);
}

TEST_F(GapsTest, ARefusalLeavesItUnfilledAndSaysWhy) {
  make();
  lose_and_return();
  answer("one more");
  answer("", 403);
  EXPECT_THAT(gaps(), ElementsAre(HasSubstr(R"("backfilled":false,"events":1,"detail":"HTTP 403"})")));
}

TEST_F(GapsTest, NoAnswerInFiveTriesLeavesItUnfilledAndSaysWhy) {
  make();
  lose_and_return();
  for (const auto wait : {2s, 4s, 8s, 16s}) {
    no_answer();
    EXPECT_THAT(gaps(), IsEmpty());
    const auto asked = transport_.requests.size();
    pass(wait - 1ms);
    EXPECT_EQ(transport_.requests.size(), asked) << wait.count();
    pass(1ms);
    EXPECT_EQ(transport_.requests.size(), asked + 1) << wait.count();
  }
  no_answer();
  EXPECT_THAT(gaps(),
              ElementsAre(HasSubstr(
                  R"("backfilled":false,"events":0,"detail":"dial_timeout: no answer to <redacted> within 10s"})")));
  pass(1h);
  EXPECT_EQ(transport_.requests.size(), 5U);
}

TEST_F(GapsTest, AnAnswerThatIsTooLargeIsNotAskedForAgain) {
  make();
  lose_and_return();
  conversation_->fetched(net::Ending{net::Reason::frame_too_large, "8 MiB"}, now_);
  EXPECT_THAT(gaps(), ElementsAre(HasSubstr(R"("detail":"frame_too_large: 8 MiB"})")));
}

TEST_F(GapsTest, WhatMayPassIsTriedAgainAndEachPageAnew) {
  make();
  lose_and_return();
  for (unsigned page = 1; page <= 3; ++page) {
    for (unsigned tries = 1; tries < Gaps::most_tries; ++tries) {
      answer("", 503);
      pass(16s);
    }
    EXPECT_THAT(transport_.requests.back().url, HasSubstr("page=" + std::to_string(page)));
    answer(page == 3 ? "three" : "one more");
  }
  EXPECT_THAT(gaps(), ElementsAre(HasSubstr(R"("backfilled":true,"events":3)")));
}

TEST_F(GapsTest, NothingIsAskedSoonerThanTheUpstreamWants) {
  make();
  lose_and_return();
  answer("", 429);
  EXPECT_LE(conversation_->deadline(), now_.steady + 1min);
  pass(59s);
  EXPECT_EQ(transport_.requests.size(), 1U);
  pass(1s);
  ASSERT_EQ(transport_.requests.size(), 2U);
  EXPECT_EQ(transport_.requests[0].url, transport_.requests[1].url);
  answer("one");
  EXPECT_THAT(gaps(), ElementsAre(HasSubstr(R"("backfilled":true,"events":1)")));
}

TEST_F(GapsTest, AfterOneThatWasTriedInVainTheNextHasOneTry) {
  make();
  lose_and_return();
  lose_and_return();
  ASSERT_EQ(transport_.requests.size(), 1U) << "one at a time";
  for (unsigned tries = 1; tries <= Gaps::most_tries; ++tries) {
    no_answer();
    pass(16s);
  }
  ASSERT_THAT(gaps().size(), 1U);
  no_answer();
  EXPECT_THAT(gaps().size(), 2U);
  lose_and_return();
  no_answer();
  EXPECT_THAT(gaps().size(), 2U) << "and those of later have all of them again";
}

TEST_F(GapsTest, CountsOnlyWhatWasNotHeardBefore) {
  make();
  lose_and_return();
  intake_.known = [](const event::Draft& draft) { return draft.id.of(draft.text) == "heard"; };
  answer("heard missed");
  EXPECT_THAT(gaps(), ElementsAre(HasSubstr(R"("backfilled":true,"events":1)")));
}

TEST_F(GapsTest, TakesNothingThatIsOutsideOfIt) {
  make();  // a gap from 3600 s to 3720 s
  lose_and_return();
  answer("at 3589999 early at 3590000 begin at 3730000 end at 3730001 late");
  EXPECT_THAT(ids(), ElementsAre("begin", "end")) << "but ten seconds at both ends, as clocks differ";
}

TEST_F(GapsTest, TakesNothingOfBeforeTheConnectionThatWasLost) {
  make();
  lose_and_return();  // live again at 3720 s
  answer("");
  pass(3s);
  hear("odd");
  lose_and_return();
  EXPECT_THAT(transport_.requests.back().url, HasSubstr("from=1970-01-01T01:02:00.000Z&"));
  answer("at 3719999 early at 3720000 begin");
  EXPECT_THAT(ids(), ElementsAre("begin"));
}

TEST_F(GapsTest, WhatHasNoIdIsTakenOnlyWhereItWasSurelyMissed) {
  make();
  lose_and_return();
  answer("at 3599999 nameless at 3600000 nameless at 3720000 nameless at 3720001 nameless");
  EXPECT_EQ(intake_.drafts.size(), 2U);
}

TEST_F(GapsTest, PagesThatGoBackwardsArePassedOnOldestFirst) {
  make();
  lose_and_return();
  answer("five six older");
  EXPECT_THAT(ids(), IsEmpty()) << "until what is older has come";
  answer("three four older");
  answer("one two");
  EXPECT_THAT(ids(), ElementsAre("one", "two", "three", "four", "five", "six"));
  EXPECT_THAT(gaps(), ElementsAre(HasSubstr(R"("backfilled":true,"events":6)")));
}

TEST_F(GapsTest, WhatNewerPagesBroughtIsPassedOnWhenOlderOnesAreRefused) {
  make();
  lose_and_return();
  answer("five six older");
  answer("", 401);
  EXPECT_THAT(ids(), ElementsAre("five", "six"));
  EXPECT_THAT(gaps(), ElementsAre(HasSubstr(R"("backfilled":false,"events":2,"detail":"HTTP 401")")));
}

TEST_F(GapsTest, NewerPagesAreHeldUpToALimitOfBytes) {
  make();
  lose_and_return();
  const std::string mebibyte(1U << 20U, 'x');
  std::size_t pages = 0;
  for (; gaps().empty() && pages < 20; ++pages) answer(mebibyte + " older");
  EXPECT_LT(pages, 20U);
  EXPECT_EQ(intake_.drafts.size(), pages);
  EXPECT_THAT(gaps(), ElementsAre(HasSubstr("more than 16 MiB were missed, the older part is not fetched")));
}

TEST_F(GapsTest, AConnectionThatIsLostWhileAGapIsFilledChangesNothing) {
  make();
  lose_and_return();
  pass(10s);
  hear("event live");
  lose();
  answer("one more");
  EXPECT_THAT(ids(), ElementsAre("live", "one")) << "while nothing is connected";
  pass(2min);
  dial();
  answer("two");
  ASSERT_THAT(gaps(), ElementsAre(HasSubstr(R"("to":"1970-01-01T01:02:00.000Z","cause":"eof","backfilled":true,)"
                                            R"("events":2)")));
  answer("three");
  EXPECT_THAT(gaps().back(), HasSubstr(R"("from":"1970-01-01T01:02:10.000Z","to":"1970-01-01T01:04:10.000Z",)"
                                       R"("cause":"eof","backfilled":true,"events":1)"));
}

TEST_F(GapsTest, WhatAStopLeftUnfilledTheNextLifeFills) {
  make();
  lose_and_return();
  answer("six older");
  conversation_->stop(now_.steady + 1s, now_);
  EXPECT_THAT(ids(), ElementsAre("six"));
  EXPECT_THAT(gaps(),
              ElementsAre(HasSubstr(R"("backfilled":false,"events":1,"detail":"stopped before it was filled")")));
  pass(1min);
  transport_.requests.clear();
  make();
  ASSERT_EQ(transport_.requests.size(), 1U);
  EXPECT_THAT(transport_.requests[0].url, HasSubstr("from=1970-01-01T00:59:50.000Z&to=1970-01-01T01:03:10.000Z"));
}

TEST_F(GapsTest, AProtocolThatThrowsLeavesItUnfilled) {
  make();
  lose_and_return();
  answer("throw");
  EXPECT_THAT(gaps(), ElementsAre(HasSubstr("a fault of this program, please report it: a bug")));
}

TEST_F(GapsTest, AnUpstreamWhosePagesDoNotEndIsLeft) {
  make();
  lose_and_return();
  for (unsigned page = 0; page < Gaps::most_requests; ++page) answer("more");
  EXPECT_EQ(transport_.requests.size(), Gaps::most_requests);
  EXPECT_THAT(gaps(), ElementsAre(HasSubstr("more than 100 requests")));
}

TEST_F(GapsTest, NothingIsAskedWhileTheSinksAreFull) {
  make();
  lose_and_return();
  intake_.full = true;
  conversation_->read_end(now_);
  answer("one more");
  EXPECT_EQ(transport_.requests.size(), 1U);
  intake_.full = false;
  conversation_->room(now_);
  EXPECT_EQ(transport_.requests.size(), 2U);
}

TEST_F(GapsTest, AStopTellsWhatIsNotFilledYet) {
  make();
  lose_and_return();
  conversation_->stop(now_.steady + 1s, now_);
  EXPECT_THAT(gaps(),
              ElementsAre(HasSubstr(R"("backfilled":false,"events":0,"detail":"stopped before it was filled")")));
  answer("one");
  EXPECT_THAT(ids(), IsEmpty()) << "a late answer";
}

TEST_F(GapsTest, TheNextLifeReportsTheGapOfEachChannelItKnows) {
  make("");
  pass(10s);
  hear("event one");
  pass(1s);
  memory_.connector("stage").seen("attic", event::WallTime{0h});
  make("");
  EXPECT_THAT(gaps(), ElementsAre(R"({"from":"1970-01-01T01:00:10.000Z","to":"1970-01-01T01:00:11.000Z",)"
                                  R"("cause":"stopped","backfilled":false})"))
      << "and nothing of the attic, which is not served";
}

TEST_F(GapsTest, TheMemoryIsToldEveryTwoSecondsAndAtTheEnd) {
  make("");
  const auto seen = [&] { return memory_.connector("stage").last_seen().at(0).at; };
  const auto begin = now_.wall;
  EXPECT_EQ(seen(), begin);
  pass(1s);
  hear("odd");
  EXPECT_EQ(seen(), begin) << "not for every message";
  lose();
  EXPECT_EQ(seen(), begin + 1s);
}

TEST_F(GapsTest, AGapThatIsNotToldYetIsFoundAgainAfterARestart) {
  make();
  lose_and_return();
  ASSERT_THAT(gaps(), IsEmpty());
  pass(5s);
  hear("odd");
  EXPECT_EQ(memory_.connector("stage").last_seen().at(0).at, event::WallTime{1h});
}

}  // namespace
}  // namespace tributary::connectors
