#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "connectors/link/conversation.hpp"
#include "connectors/link/link.hpp"
#include "connectors/link/link_fixture.hpp"
#include "connectors/link/transport_fixture.hpp"
#include "net/websocket_fixture.hpp"
#include "tests/support/fake_outbound.hpp"

namespace tributary::connectors::testing {
namespace {

using net::Reason;
using net::State;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class LinkPublishing : public LinkTest {
 protected:
  LinkPublishing() { toy.publishes = true; }
  void start_publishing() {
    start_live();
    link->attach(sink);
  }
  std::vector<std::string>& heard() { return server->last().heard; }

  std::shared_ptr<support::FakeOutbound> sink = std::make_shared<support::FakeOutbound>();
};

TEST_F(LinkPublishing, SaysWhatASinkHasAndTellsItTheUpstreamsWord) {
  start_publishing();
  sink->put(7, "a tip");
  await([&] { return heard().back() == "say 1 a tip"; });
  server->say("said 1");
  await([&] { return sink->reports.size() == 2; });
  EXPECT_THAT(sink->words(), ElementsAre("awaiting 7", "confirmed 7"));
  EXPECT_EQ(intake.ledger.events, 0U);
}

TEST_F(LinkPublishing, NothingIsTakenBeforeItIsLive) {
  server->silent = true;
  start();
  link->attach(sink);
  sink->put(1, "early");
  await([&] { return state() == State::handshaking; });
  run_for(20ms);
  EXPECT_EQ(sink->asked, 0);
  EXPECT_THAT(sink->lives, ElementsAre(false));
  server->say("welcome den");
  await([&] { return heard().back() == "say 1 early"; });
  EXPECT_THAT(sink->lives, ElementsAre(false, true));
}

TEST_F(LinkPublishing, WhatAwaitedAWordWhenTheConnectionEndedIsUnconfirmedAndTheNextConnectionSaysTheRest) {
  start_publishing();
  sink->put(1, "a");
  await([&] { return !sink->reports.empty(); });
  server->last().socket->abort({});
  await([&] { return intake.ledger.connections == 2 && state() == State::live; });
  EXPECT_THAT(sink->words(), ElementsAre("awaiting 1", "unconfirmed 1"));
  sink->put(2, "b");
  await([&] { return heard().back() == "say 2 b"; });
  EXPECT_THAT(sink->lives, ElementsAre(true, false, true));
}

TEST_F(LinkPublishing, ASinkIsToldWhenNothingIsReadSoThatNoWordCanCome) {
  settings.pause_limit = 50ms;
  start_publishing();
  EXPECT_THAT(sink->pauses, ElementsAre(false));
  intake.full = true;
  server->say("event first");
  await([&] { return sink->pauses.size() == 2; });
  intake.make_room();
  await([&] { return sink->pauses.size() == 3; });
  EXPECT_THAT(sink->pauses, ElementsAre(false, true, false));
  intake.full = true;
  server->say("event second");
  await([&] { return !witness.endings.empty(); });
  EXPECT_THAT(sink->pauses, ElementsAre(false, true, false, true, false)) << "over with the connection";
}

TEST_F(LinkPublishing, TwoSinksTakeTurnsAndEachHearsOfItsOwn) {
  const auto other = std::make_shared<support::FakeOutbound>();
  for (std::uint64_t i = 1; i <= 3; ++i) sink->put(i, "quiet a"), other->put(i, "quiet b");
  start();
  link->attach(sink);
  link->attach(other);
  await([&] { return sink->reports.size() + other->reports.size() == 6; });
  await([&] { return heard().size() == 7; });
  for (std::size_t i = 1; i + 1 < heard().size(); ++i) {
    EXPECT_NE(heard()[i].back(), heard()[i + 1].back()) << "one after the other";
    EXPECT_THAT(heard()[i], HasSubstr("say " + std::to_string(i) + " ")) << "numbers of their own would be twice there";
  }
  EXPECT_THAT(sink->words(), ElementsAre("sent 1", "sent 2", "sent 3"));
}

TEST_F(LinkPublishing, ASinkThatIsTakenAwayIsNotAskedAnyMore) {
  start_publishing();
  sink->put(1, "a");
  await([&] { return !sink->reports.empty(); });
  link->detach(*sink);
  EXPECT_FALSE(sink->served());
  EXPECT_THAT(sink->words(), ElementsAre("awaiting 1", "unconfirmed 1"));
  EXPECT_FALSE(sink->lives.back());
  sink->put(2, "b");
  server->say("echo done");
  await([&] { return heard().back() == "done"; });
  EXPECT_EQ(sink->waiting.size(), 1U);
}

TEST_F(LinkPublishing, TheEndOfTheLinkLeavesWhatIsUnsaidWithTheSink) {
  start_publishing();
  server->say("hold");
  server->say("echo held");
  await([&] { return heard().back() == "held"; });
  sink->put(1, "a");
  run_for(10ms);
  link.reset();
  EXPECT_FALSE(sink->served());
  EXPECT_FALSE(sink->lives.back());
  EXPECT_EQ(sink->waiting.size(), 1U);
  EXPECT_TRUE(sink->reports.empty());
  link = make();  // the connector comes again, e.g. with other settings
  link->start();
  link->attach(sink);
  await([&] { return !sink->reports.empty(); });
  EXPECT_EQ(sink->words().front(), "awaiting 1");
}

TEST_F(LinkPublishing, AStopSaysWhatCanStillBeSaidAndGivesNothingAwayTwice) {
  start_publishing();
  for (std::uint64_t i = 1; i <= 100; ++i) sink->put(i, "quiet " + std::to_string(i));
  bool stopped = false;
  link->stop(10s, [&] { stopped = true; });
  EXPECT_TRUE(sink->waiting.empty());
  await([&] { return stopped; });
  await([&] { return server->last().over; });
  ASSERT_EQ(heard().size(), 102U);
  EXPECT_EQ(heard()[100], "say 100 quiet 100");
  EXPECT_EQ(heard()[101], "bye");
}

TEST_F(LinkPublishing, AnUpstreamThatDoesNotReadStopsTheTakingAndNothingElse) {
  toy.say_limit = 1U << 20U;
  start_publishing();
  server->last().socket->pause_reading();
  constexpr int count = 600;
  const std::string content = "quiet " + std::string(100'000, 'x');
  for (std::uint64_t i = 1; i <= count; ++i) sink->put(i, content);
  std::size_t left = 0;
  do {  // until the kernel takes no more
    left = sink->waiting.size();
    run_for(300ms);
  } while (sink->waiting.size() != left);
  EXPECT_GT(left, 400U) << "what the kernel holds is all that may be under way";
  server->say("event a");
  await([&] { return intake.drafts.size() == 1; });  // it reads on
  EXPECT_EQ(state(), State::live);
  EXPECT_EQ(sink->waiting.size(), left);
  server->last().socket->resume_reading();
  await([&] { return heard().size() == count + 1; }, 60s);
  EXPECT_EQ(intake.ledger.connections, 1U);
  EXPECT_TRUE(sink->waiting.empty());
}

TEST_F(LinkPublishing, AFaultOfOursInAMessageCostsThatMessageAndTheConnection) {
  start_publishing();
  sink->put(1, "bug");
  await([&] { return intake.ledger.connections == 2; });
  EXPECT_THAT(sink->words(), ElementsAre("refused 1 internal"));
  EXPECT_THAT(witness.endings.front().detail, HasSubstr("a fault of this program"));
}

TEST_F(LinkPublishing, AMessageLargerThanTheSocketEverTakesIsRefused) {
  toy.say_limit = 64U << 20U;
  start_publishing();
  sink->put(1, std::string(net::WebSocket::unsent_limit + 1, 'x'));
  sink->put(2, "small");
  await([&] { return sink->reports.size() == 2; });
  EXPECT_THAT(sink->words(), ElementsAre("refused 1 too_large", "awaiting 2"));
  EXPECT_EQ(intake.ledger.connections, 1U);
}

TEST_F(LinkPublishing, APostCarriesItsSecretAndItsAnswerWithoutIt) {
  std::string request;
  net::testing::ScriptedPeer peer([&](net::testing::PeerSocket& socket) {
    request = socket.read_head();
    socket.write("HTTP/1.1 400 Bad Request\r\nContent-Length: 27\r\n\r\nno such token: very-private");
  });
  write("token", "very-private");
  toy.post_url = "http://127.0.0.1:" + std::to_string(peer.port()) + "/say";
  toy.post_secret = secret_file("token");
  start_publishing();
  sink->put(1, "post hello");
  await([&] { return sink->reports.size() == 2; });
  peer.join();
  EXPECT_THAT(request, HasSubstr("authorization: very-private"));
  EXPECT_THAT(sink->words(), ElementsAre("awaiting 1", "refused 1 upstream_error"));
  EXPECT_EQ(sink->reports.back().detail, "no such token: <redacted>");
}

TEST_F(LinkPublishing, APostWhoseSecretCannotBeReadHasAnAnswer) {
  toy.post_secret = secret_file("missing");
  start_publishing();
  sink->put(1, "post hello");
  await([&] { return sink->reports.size() == 2; });
  EXPECT_THAT(sink->words(), ElementsAre("returned 1 credential_unreadable", "returned 1 credential_unreadable"));
  EXPECT_EQ(sink->waiting.front().attempt, 1U) << "it was never said";
  link.reset();
  EXPECT_EQ(sink->reports.size(), 2U);
}

TEST_F(LinkPublishing, APostWhoseSecretCanNeverBeReadIsRefused) {
  toy.post_secret.kind = config::Secret::Kind::env;
  toy.post_secret.name = "TRIBUTARY_TEST_NO_SUCH_VARIABLE";
  start_publishing();
  sink->put(1, "post hello");
  await([&] { return !sink->reports.empty(); });
  EXPECT_THAT(sink->words(), ElementsAre("refused 1 credential_unreadable"));
}

TEST_F(LinkPublishing, APostThatReachesNobodyIsReturned) {
  toy.post_url = "http://127.0.0.1:1/say";
  start_publishing();
  sink->put(1, "post hello");
  await([&] { return !sink->reports.empty(); });
  EXPECT_THAT(sink->words(), ElementsAre("returned 1 connect_refused"));
}

TEST_F(LinkPublishing, APostThatLeftAndHasNoAnswerIsUnconfirmed) {
  net::testing::ScriptedPeer peer([&](net::testing::PeerSocket& socket) { socket.read_head(); });
  toy.post_url = "http://127.0.0.1:" + std::to_string(peer.port()) + "/say";
  start_publishing();
  sink->put(1, "post hello");
  await([&] { return sink->reports.size() == 2; });
  peer.join();
  EXPECT_THAT(sink->words(), ElementsAre("awaiting 1", "unconfirmed 1"));
}

TEST_F(LinkPublishing, TheEndOfTheLinkReturnsAPostThatHasNotLeft) {
  const auto pipe = directory / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  toy.post_secret.kind = config::Secret::Kind::command;  // it does not end before we let it
  toy.post_secret.command = {"/bin/cat", pipe.string()};
  toy.post_secret.timeout = 20s;
  start_publishing();
  sink->put(1, "post hello");
  await([&] { return sink->waiting.empty(); });
  run_for(10ms);
  EXPECT_TRUE(sink->reports.empty()) << "nobody has heard of it";
  link.reset();
  EXPECT_THAT(sink->words(), ElementsAre("returned 1"));
  std::ofstream(pipe, std::ios::out) << "very-private";  // the worker can end
}

TEST_F(LinkPublishing, AFaultOfOursInTheAnswerToAPostLeavesItWithAnAnswer) {
  net::testing::ScriptedPeer peer([&](net::testing::PeerSocket& socket) {
    socket.read_head();
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbug");
  });
  toy.post_url = "http://127.0.0.1:" + std::to_string(peer.port()) + "/say";
  start_publishing();
  sink->put(1, "post hello");
  await([&] { return sink->reports.size() == 2; });
  peer.join();
  EXPECT_THAT(sink->words(), ElementsAre("awaiting 1", "unconfirmed 1"));
  await([&] { return intake.ledger.connections == 2; });
  EXPECT_THAT(witness.endings.front().detail, HasSubstr("a fault of this program"));
}

TEST_F(LinkPublishing, AMessageIsHeardBackBeforeAndAfterItsLastWord) {
  start_publishing();
  sink->put(1, "a");
  sink->put(2, "quiet b");
  await([&] { return sink->reports.size() == 2; });
  server->say("heard 1");
  server->say("said 1");
  server->say("heard 1");
  server->say("heard 2");
  server->say("heard 7");
  await([&] { return sink->reports.size() == 6; });
  EXPECT_THAT(sink->words(), ElementsAre("awaiting 1", "sent 2", "echoed 1", "confirmed 1", "echoed 1", "echoed 2"));
}

TEST_F(LinkPublishing, ASinkHearsWhatOthersSayOnItsChannel) {
  start_publishing();
  server->say("event a");
  server->say("state b");
  server->say("event c");
  await([&] { return sink->heard_events.size() == 2; });
  EXPECT_THAT(sink->heard_events[0], HasSubstr("\"_id\":\"a\""));
  EXPECT_THAT(sink->heard_events[1], HasSubstr("\"_id\":\"c\""));
}

TEST_F(LinkPublishing, WhatIsReturnedHoldsUpNoOtherSink) {
  const auto other = std::make_shared<support::FakeOutbound>();
  for (std::uint64_t i = 1; i <= 3; ++i) sink->put(i, "odd"), other->put(i, "quiet b");
  start();
  link->attach(sink);
  link->attach(other);
  await([&] { return other->reports.size() == 3; });
  EXPECT_THAT(sink->words(), ElementsAre("returned 1"));
}

TEST_F(LinkPublishing, AFaultOfOursWhileStoppingDoesNotHoldUpTheStop) {
  start_publishing();
  sink->put(1, "bug");  // nothing of it has happened when the stop comes
  bool stopped = false;
  link->stop(10s, [&] { stopped = true; });
  await([&] { return stopped; });
  EXPECT_THAT(sink->words(), ElementsAre("refused 1 internal"));
}

struct NoHttp : IdleTransport {
  void post(Post) override { throw std::runtime_error("a bug"); }
};

/// A conversation that is live on a transport of the test.
class ConversationPublishing : public ::testing::Test {
 protected:
  void start(Transport& transport) {
    toy.publishes = true;
    protocol = std::make_unique<support::ToyProtocol>(toy);
    Conversation::Settings settings;
    settings.connector = "stage";
    conversation = std::make_unique<Conversation>(settings, *protocol, intake, witness, transport);
    conversation->start(now);
    conversation->secrets_read({}, {}, now);
    conversation->opened(now);
    conversation->message("welcome den", false, now);
    ASSERT_EQ(conversation->status().state, State::live);
    conversation->attach(sink, now);
  }
  event::Now now{event::SteadyTime{1h}, event::WallTime{1h}};
  support::ToySettings toy;
  support::FakeIntake intake;
  Witness witness;
  std::shared_ptr<support::FakeOutbound> sink = std::make_shared<support::FakeOutbound>();
  std::unique_ptr<support::ToyProtocol> protocol;
  std::unique_ptr<Conversation> conversation;
};

TEST_F(ConversationPublishing, APostThatCannotEvenBeStartedHasAnAnswer) {
  NoHttp wire;
  start(wire);
  sink->put(1, "post hello");
  EXPECT_ANY_THROW(conversation->work(now));
  EXPECT_THAT(sink->words(), ElementsAre("refused 1 internal"));
  conversation->fail({}, now);
  EXPECT_EQ(sink->reports.size(), 1U);
}

TEST_F(ConversationPublishing, ASocketThatNeverSaysThatItHasDrainedIsLookedAtAgain) {
  struct : IdleTransport {
    bool room() override { return has_room; }
    bool has_room = false;
  } wire;
  start(wire);
  sink->put(1, "quiet a");
  conversation->work(now);
  EXPECT_TRUE(sink->reports.empty());
  wire.has_room = true;
  ASSERT_LE(conversation->deadline(), now.steady + 1s);
  now.steady = conversation->deadline();
  conversation->tick(now);
  EXPECT_THAT(sink->words(), ElementsAre("sent 1"));
}

/// A socket that has no room for what the protocol itself must say.
struct FullTransport : IdleTransport {
  bool send(std::string_view, bool) override { return taken; }
  bool room() override { return taken; }
  bool taken = true;
};

TEST(ConversationOnAFullSocket, WhatTheProtocolMustSayAndTheSocketDoesNotTakeEndsTheConnection) {
  const event::Now now{event::SteadyTime{1h}, event::WallTime{1h}};
  support::ToyProtocol protocol{{}};
  support::FakeIntake intake;
  Witness witness;
  FullTransport wire;
  Conversation::Settings settings;
  settings.connector = "stage";
  Conversation conversation(settings, protocol, intake, witness, wire);
  conversation.start(now);
  conversation.secrets_read({}, {}, now);
  conversation.opened(now);
  conversation.message("welcome den", false, now);
  ASSERT_EQ(conversation.status().state, State::live);
  wire.taken = false;
  conversation.message("echo this", false, now);
  ASSERT_EQ(witness.endings.size(), 1U);
  EXPECT_EQ(witness.last_reason(), Reason::reset);
  EXPECT_THAT(witness.endings[0].detail, HasSubstr("the upstream does not read"));
}

}  // namespace
}  // namespace tributary::connectors::testing
