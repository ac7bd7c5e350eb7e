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
  std::vector<std::string> gaps() const { return intake_.notices_of("gap"); }
  std::vector<std::string> ids() const {
    std::vector<std::string> all;
    for (const auto& draft : intake_.drafts) all.emplace_back(draft.id.of(draft.text));
    return all;
  }

  event::Now now_{event::SteadyTime{1h}, event::WallTime{1h}};
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
            "http://archive/missed?channel=den&from=1970-01-01T01:00:00.000Z&to=1970-01-01T01:02:00.000Z&page=1");
  EXPECT_EQ(net::header_value(transport_.requests[0].headers, "Authorization"), "Bearer not-a-real-token");
  answer("one two");
  EXPECT_THAT(ids(), ElementsAre("one", "two"));
  EXPECT_TRUE(intake_.drafts[0].backfilled);
  EXPECT_THAT(gaps(), ElementsAre(R"({"from":"1970-01-01T01:00:00.000Z","to":"1970-01-01T01:02:00.000Z","cause":"eof",)"
                                  R"("backfilled":true,"events":2})"));
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
  answer("", 429);
  EXPECT_THAT(gaps(), ElementsAre(HasSubstr(R"("backfilled":false,"events":1,"detail":"HTTP 429"})")));
}

TEST_F(GapsTest, NoAnswerLeavesItUnfilledAndSaysWhy) {
  make();
  lose_and_return();
  conversation_->fetched(net::Ending{net::Reason::dial_timeout, "no answer to not-a-real-token within 10s"}, now_);
  EXPECT_THAT(gaps(),
              ElementsAre(HasSubstr(
                  R"("backfilled":false,"events":0,"detail":"dial_timeout: no answer to <redacted> within 10s"})")));
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
