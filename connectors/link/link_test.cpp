#include "connectors/link/link.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/link/link_fixture.hpp"
#include "tests/support/door.hpp"

namespace tributary::connectors::testing {
namespace {

using net::Reason;
using net::State;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(LinkTest, DialsGreetsAndGoesLive) {
  start_live();
  EXPECT_THAT(server->last().heard, ElementsAre("hello nobody"));
  EXPECT_EQ(server->requests.front().header("X-Toy"), "yes");
  EXPECT_EQ(intake.ledger.connections, 1U);
  EXPECT_EQ(link->status().connections, 1U);
  ASSERT_EQ(intake.notices_of("connectorUp").size(), 1U);
  EXPECT_EQ(intake.notices_of("connectorUp").front(),
            "{\"connection\":1,\"upstream\":\"ws://127.0.0.1:" + std::to_string(server->port()) + "\"}");
  EXPECT_TRUE(intake.notices_of("gap").empty());
}

TEST_F(LinkTest, PassesOnEveryFrameAndBooksItOnce) {
  start_live();
  for (int i = 0; i < 100; ++i) server->say("event a" + std::to_string(i) + " b" + std::to_string(i));
  server->say("test");
  server->say("odd");
  server->say("{");
  server->last().socket->send_binary("\x01\x02");
  server->say("echo done");
  await([&] { return server->last().heard.back() == "done"; });
  EXPECT_EQ(intake.drafts.size(), 200U);
  EXPECT_EQ(intake.drafts.front().id.of(intake.drafts.front().text), "a0");
  EXPECT_EQ(intake.ledger.frames, 106U) << "with the welcome and the echo";
  EXPECT_EQ(intake.ledger.carrying, 101U);
  EXPECT_EQ(intake.ledger.malformed, 2U);
  EXPECT_EQ(intake.ledger.control, 3U);
  EXPECT_EQ(intake.ledger.unknown, 1U);
  EXPECT_TRUE(intake.ledger.balances());
  EXPECT_GE(intake.settled, 1U);
  EXPECT_LE(intake.settled, intake.ledger.frames) << "once per read, not per frame";
}

TEST_F(LinkTest, ComesBackAfterEveryKindOfEnding) {
  start_live();
  const auto again = [&](Reason reason, auto end) {
    const auto before = intake.ledger.connections;
    witness.endings.clear();
    end();
    await([&] { return intake.ledger.connections == before + 1 && state() == State::live; });
    ASSERT_FALSE(witness.endings.empty());
    EXPECT_EQ(witness.endings.front().reason, reason);
  };
  again(Reason::closed, [&] { server->last().socket->close(1001, "restarting"); });
  EXPECT_EQ(witness.endings.front().close_code, 1001);
  again(Reason::disconnected, [&] { server->say("bye"); });
  again(Reason::internal, [&] { server->say("throw"); });
  EXPECT_EQ(intake.faults.back().reason, "internal");
  const auto waited = std::find_if(witness.states.rbegin(), witness.states.rend(),
                                   [](const LinkStatus& status) { return status.state == net::State::waiting; });
  ASSERT_NE(waited, witness.states.rend());
  EXPECT_TRUE(waited->needs_person()) << "our own fault is an ERROR";
  witness.endings.clear();
  server->last().socket->abort({});
  await([&] { return !witness.endings.empty() && state() == State::live; });
  EXPECT_TRUE(witness.last_reason() == Reason::eof || witness.last_reason() == Reason::reset);
  EXPECT_EQ(intake.notices_of("gap").size(), 4U) << "one for each";
  EXPECT_EQ(intake.notices.back().channel, "den");
  EXPECT_EQ(intake.notices.back().channel_source, "toy");
  EXPECT_TRUE(intake.ledger.balances());
}

TEST_F(LinkTest, WaitsAndDialsAgainWhenRefused) {
  net::UpgradeAnswer busy;
  busy.status = 503;
  server->refusals.assign(3, busy);
  start_live();
  ASSERT_EQ(witness.endings.size(), 3U);
  for (const auto& ending : witness.endings) EXPECT_EQ(ending.reason, Reason::upgrade_refused);
  EXPECT_EQ(server->dials(), 4U);
  EXPECT_EQ(intake.notices_of("connectorDown").size(), 1U) << "the same news is told once";
}

TEST_F(LinkTest, ObeysRetryAfter) {
  net::UpgradeAnswer busy;
  busy.status = 503;
  busy.headers.emplace_back("Retry-After", "600");
  server->refusals.assign(1, busy);
  start();
  await([&] { return state() == State::waiting; });
  EXPECT_EQ(link->status().wait, 10min);
}

TEST_F(LinkTest, KeepsTryingAServerThatIsNotThereUntilItIs) {
  const std::uint16_t port = server->port();
  server.reset();
  io.poll();
  start();
  await([&] { return witness.endings.size() >= 3; });
  EXPECT_EQ(witness.last_reason(), Reason::connect_refused);
  server = std::make_unique<ToyServer>(io, port);
  await([&] { return state() == State::live; });
}

TEST_F(LinkTest, EndsAHandshakeThatDoesNotFinish) {
  server->silent = true;
  common.timeouts.handshake = 30ms;
  start();
  await([&] { return witness.endings.size() >= 2; });
  EXPECT_EQ(witness.last_reason(), Reason::handshake_timeout);
  server->silent = false;
  await([&] { return state() == State::live; });
}

TEST_F(LinkTest, PingsKeepAConnectionAndTheirSilenceEndsIt) {
  common.ping_interval = 5ms;
  common.timeouts.pong = 2s;
  start_live();
  run_for(100ms);
  EXPECT_EQ(state(), State::live);
  EXPECT_TRUE(witness.endings.empty());
  link.reset();
  common.timeouts.pong = 40ms;
  start_live();
  server->last().socket->pause_reading();
  await([&] { return !witness.endings.empty(); });
  EXPECT_EQ(witness.last_reason(), Reason::pong_timeout);
}

TEST_F(LinkTest, TheProtocolsHeartbeatRunsOnTheSameClock) {
  toy.beat = 10ms;
  start_live();
  await([&] { return !witness.endings.empty(); });
  EXPECT_EQ(witness.last_reason(), Reason::heartbeat_timeout);
  await([&] { return server->connections.front()->over; });
  EXPECT_THAT(server->connections.front()->heard, ElementsAre("hello nobody", "beat", "bye"));
}

TEST_F(LinkTest, ReadsSecretsAtEveryDial) {
  write("token", "one\n");
  toy.secrets = {secret_file("token")};
  start_live();
  EXPECT_EQ(server->last().heard.front(), "hello one");
  write("token", "two\n");
  server->last().socket->close(1000, "");
  await([&] { return server->connections.size() == 2 && !server->last().heard.empty(); });
  EXPECT_EQ(server->last().heard.front(), "hello two");
}

TEST_F(LinkTest, DialsAtOnceWhenARefusedSecretChanges) {
  write("token", "old");
  toy.secrets = {secret_file("token")};
  server->accepted = {"new"};
  start();
  await([&] { return state() == State::waiting; });
  EXPECT_EQ(witness.last_reason(), Reason::credential_refused);
  EXPECT_GE(link->status().wait, 1min);
  EXPECT_TRUE(link->status().needs_person());
  EXPECT_EQ(intake.notices_of("credentialRefused").size(), 1U);
  run_for(50ms);
  EXPECT_EQ(server->dials(), 1U);
  write("token", "new");
  await([&] { return state() == State::live; });
  EXPECT_EQ(server->dials(), 2U);
}

TEST_F(LinkTest, ParksWithoutASecretAndGoesOnWhenItComes) {
  toy.secrets = {secret_file("token")};
  start();
  await([&] { return state() == State::parked; });
  EXPECT_EQ(witness.last_reason(), Reason::credential_unreadable);
  EXPECT_THAT(link->status().ending.detail, HasSubstr("token"));
  EXPECT_EQ(server->dials(), 0U);
  write("token", "here");
  await([&] { return state() == State::live; });
  EXPECT_EQ(server->last().heard.front(), "hello here");
}

TEST_F(LinkTest, ASecretThatCannotChangeWhileTheProgramRunsIsToldAsSuch) {
  toy.secrets = {config::Secret{config::Secret::Kind::env, "NO_SUCH_VARIABLE_OF_A_TEST", {}, {}, {}, 10s}};
  start();
  await([&] { return state() == State::parked; });
  EXPECT_EQ(witness.last_reason(), Reason::credential_unreadable);
  EXPECT_TRUE(link->status().needs_restart);
  link.reset();
  toy.secrets = {secret_file("none")};
  start();
  await([&] { return state() == State::parked; });
  EXPECT_FALSE(link->status().needs_restart);
}

TEST_F(LinkTest, AddsSecretHeadersToTheUpgrade) {
  write("key", "s3cret-of-a-test");
  common.headers["X-Key"] = secret_file("key");
  common.headers["X-Toy"] = config::Secret{config::Secret::Kind::value, "ours", {}, {}, {}, 10s};
  toy.secrets = {config::Secret{}};
  start_live();
  EXPECT_EQ(server->requests.front().header("X-Key"), "s3cret-of-a-test");
  EXPECT_EQ(server->requests.front().header("X-Toy"), "ours") << "the configuration's header replaces the protocol's";
  EXPECT_EQ(server->last().heard.front(), "hello ") << "a secret that is not configured is empty";
}

TEST_F(LinkTest, ASecretCommandThatHangsHoldsNothingUpAndStopsWithTheLink) {
  config::Secret command;
  command.kind = config::Secret::Kind::command;
  command.command = {"sleep", "2"};
  command.timeout = 300ms;
  toy.secrets = {command};
  start();
  await([&] { return state() == State::parked; });
  EXPECT_EQ(witness.last_reason(), Reason::credential_unreadable);
  link.reset();
  start();
  run_for(20ms);
  bool stopped = false;
  link->stop(1s, [&] { stopped = true; });
  await([&] { return stopped; });
  EXPECT_EQ(state(), State::idle);
}

TEST_F(LinkTest, BackPressureStopsReadingUntilThereIsRoom) {
  start_live();
  intake.full = true;
  server->say("event first");
  await([&] { return link->status().paused; });
  const auto frames = intake.ledger.frames;
  for (int i = 0; i < 50; ++i) server->say("event more");
  run_for(50ms);
  EXPECT_EQ(intake.ledger.frames, frames);
  EXPECT_EQ(state(), State::live);
  intake.make_room();
  await([&] { return intake.drafts.size() == 51; });
  EXPECT_FALSE(link->status().paused);
  EXPECT_TRUE(witness.endings.empty());
}

TEST_F(LinkTest, APauseOverItsLimitEndsTheConnectionUntilThereIsRoom) {
  settings.pause_limit = 30ms;
  start_live();
  intake.full = true;
  server->say("event first");
  await([&] { return !witness.endings.empty(); });
  EXPECT_EQ(witness.last_reason(), Reason::backpressure);
  run_for(60ms);
  EXPECT_EQ(server->dials(), 1U);
  EXPECT_EQ(state(), State::waiting);
  intake.make_room();
  await([&] { return state() == State::live; });
  EXPECT_THAT(intake.notices_of("gap").at(0), HasSubstr("\"cause\":\"backpressure\""));
}

TEST_F(LinkTest, StartedWithoutRoomItDialsWhenThereIs) {
  intake.full = true;
  start();
  run_for(20ms);
  EXPECT_EQ(server->dials(), 0U);
  intake.make_room();
  await([&] { return state() == State::live; });
}

TEST_F(LinkTest, StopSaysFarewellAndEnds) {
  start_live();
  bool stopped = false;
  link->stop(10s, [&] { stopped = true; });
  EXPECT_FALSE(stopped) << "never from inside the call";
  await([&] { return stopped && server->last().over; });
  EXPECT_EQ(server->last().heard.back(), "bye");
  EXPECT_EQ(server->last().ending.close_code, 1001);
  EXPECT_EQ(witness.last_reason(), Reason::stopped);
  EXPECT_EQ(state(), State::idle);
  link->start();
  await([&] { return state() == State::live; });
  EXPECT_THAT(intake.notices_of("gap").at(0), HasSubstr("\"cause\":\"stopped\""));
}

TEST_F(LinkTest, StopEndsInTimeThoughTheUpstreamDoesNotAnswer) {
  start_live();
  server->last().socket->pause_reading();
  bool stopped = false;
  link->stop(50ms, [&] { stopped = true; });
  await([&] { return stopped; }, 2s);
  EXPECT_EQ(state(), State::idle);
}

TEST_F(LinkTest, ItsOwnEndingIsToldBeforeTheUpstreamAnswersTheCloseFrame) {
  start_live();
  auto& mute = server->last();
  server->say("bye");
  mute.socket->pause_reading();  // never sees our close frame
  await([&] { return state() != State::live; });
  EXPECT_EQ(state(), State::waiting);
  EXPECT_EQ(witness.last_reason(), Reason::disconnected);
  EXPECT_EQ(witness.states.back().state, State::waiting);
  EXPECT_GT(witness.states.back().wait, 0ms);
  EXPECT_EQ(intake.notices_of("connectorDown").size(), 1U);
  EXPECT_FALSE(mute.over);
  EXPECT_EQ(server->dials(), 1U);
  run_for(100ms);
  EXPECT_EQ(server->dials(), 1U) << "the delay is long over, the old socket is not";
  mute.socket->resume_reading();
  await([&] { return state() == State::live; });
  EXPECT_EQ(server->dials(), 2U);
  EXPECT_EQ(intake.notices_of("connectorDown").size(), 1U);
}

TEST_F(LinkTest, StopsFromWaitingParkedDialingAndIdle) {
  const auto stops = [&] {
    bool stopped = false;
    link->stop(5s, [&] { stopped = true; });
    await([&] { return stopped; });
    EXPECT_EQ(state(), State::idle);
  };
  link = make();
  stops();
  link->start();
  stops();
  common.backoff.base = 1h;
  net::UpgradeAnswer busy;
  busy.status = 503;
  server->refusals.assign(1, busy);
  start();
  await([&] { return state() == State::waiting; });
  stops();
  toy.secrets = {secret_file("none")};
  start();
  await([&] { return state() == State::parked; });
  stops();
  run_for(20ms);
  EXPECT_EQ(state(), State::idle);
}

TEST_F(LinkTest, TwoStopsAreBothAnswered) {
  start_live();
  int answers = 0;
  link->stop(10s, [&] { ++answers; });
  link->stop(10s, [&] { ++answers; });
  await([&] { return answers == 2; });
}

TEST_F(LinkTest, MayBeDestroyedInEveryState) {
  for (int steps = 0; steps < 40; ++steps) {
    toy.secrets = {secret_file("token")};
    write("token", "x");
    start();
    io.restart();
    for (int i = 0; i < steps; ++i) io.run_one_for(1ms);
    link.reset();
  }
  start_live();
  server->say("event a");
  link.reset();
  await([&] { return server->last().over; });
}

TEST_F(LinkTest, DialsShareOneBudget) {
  net::DialBudget narrow(20, 1);
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::unique_ptr<Link>> links;
  for (int i = 0; i < 5; ++i) {
    links.push_back(std::make_unique<Link>(settings, std::make_unique<support::ToyProtocol>(toy),
                                           LinkSurroundings{io, workers, narrow, intake, witness}));
    links.back()->start();
  }
  await([&] { return server->opened_at.size() == 5; });
  for (std::size_t i = 0; i < 5; ++i) EXPECT_GE(server->opened_at[i] - begin, 50ms * i);
}

TEST_F(LinkTest, ReportsTheGapOfAnEarlierRun) {
  settings.last_seen = event::WallTime(std::chrono::milliseconds(0));
  start_live();
  EXPECT_THAT(intake.notices_of("gap").at(0), HasSubstr("\"from\":\"1970-01-01T00:00:00.000Z\""));
  EXPECT_THAT(intake.notices_of("gap").at(0), HasSubstr("\"cause\":\"stopped\",\"backfilled\":false"));
}

TEST_F(LinkTest, FillsAGapOverHttpAndTellsItThen) {
  support::Door archive(io, 1);
  archive.answer_next("HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\none two more");
  archive.answer_next("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nthree");
  toy.archive = "http://127.0.0.1:" + std::to_string(archive.port()) + "/missed";
  settings.last_seen = event::WallTime(std::chrono::milliseconds(0));
  start_live();
  await([&] { return !intake.notices_of("gap").empty(); });
  EXPECT_THAT(intake.notices_of("gap").at(0), HasSubstr("\"backfilled\":true,\"events\":3"));
  EXPECT_EQ(intake.drafts.size(), 3U);
}

TEST_F(LinkTest, AGapWhoseAnswerIsTooLargeIsToldUnfilled) {
  support::Door archive(io, 1);
  archive.answer_next("HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n");
  toy.archive = "http://127.0.0.1:" + std::to_string(archive.port()) + "/missed";
  settings.last_seen = event::WallTime(std::chrono::milliseconds(0));
  start_live();
  await([&] { return !intake.notices_of("gap").empty(); });
  EXPECT_THAT(intake.notices_of("gap").at(0),
              HasSubstr("\"backfilled\":false,\"events\":0,\"detail\":\"frame_too_large"));
}

TEST_F(LinkTest, AnArchiveThatIsOutOfOrderIsAskedAgain) {
  support::Door archive(io, 1);
  archive.answer_next("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
  archive.answer_next("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none");
  toy.archive = "http://127.0.0.1:" + std::to_string(archive.port()) + "/missed";
  settings.last_seen = event::WallTime(std::chrono::milliseconds(0));
  start_live();
  await([&] { return !intake.notices_of("gap").empty(); });
  EXPECT_THAT(intake.notices_of("gap").at(0), HasSubstr("\"backfilled\":true,\"events\":1"));
}

TEST_F(LinkTest, AnEventOverTheFrameLimitCostsTheConnectionOnly) {
  common.frame_limit = config::kib(1);
  start_live();
  server->say("event " + std::string(2000, 'x'));
  await([&] { return !witness.endings.empty(); });
  EXPECT_EQ(witness.last_reason(), Reason::frame_too_large);
  await([&] { return state() == State::live; });
}

TEST_F(LinkTest, SecretsAreInNoNoticeAndNoStatus) {
  write("token", "t0ken-of-a-test");
  toy.secrets = {secret_file("token")};
  start_live();
  server->last().socket->close(1000, "");
  await([&] { return intake.ledger.connections == 2; });
  for (const auto& note : intake.notices) {
    EXPECT_EQ(note.data_json.find("t0ken"), std::string::npos);
    EXPECT_EQ(note.data_json.find("hidden"), std::string::npos) << "the query of the URL";
  }
}

TEST_F(LinkTest, AUserInTheUrlIsBasicAuthorizationAndItsPasswordIsToldToNobody) {
  toy.url.insert(toy.url.find("127"), "user:p%40ssw0rd@");
  net::UpgradeAnswer refusal;
  refusal.status = 401;
  refusal.body = "not p@ssw0rd, nor dXNlcjpwQHNzdzByZA==";
  server->refusals = {refusal};
  start_live();
  ASSERT_EQ(server->requests.size(), 2u);
  EXPECT_EQ(server->requests.back().header("Authorization"), "Basic dXNlcjpwQHNzdzByZA==");
  server->say("event p@ssw0rd");
  await([&] { return intake.ledger.events == 1; });
  EXPECT_THAT(witness.endings.at(0).detail, HasSubstr("not <redacted>, nor <redacted>"));
  for (const auto& note : intake.notices) {
    EXPECT_THAT(note.data_json, Not(HasSubstr("ssw0rd"))) << note.type;
    EXPECT_THAT(note.data_json, Not(HasSubstr("dXNlcjpw"))) << note.type;
    EXPECT_THAT(note.data_json, Not(HasSubstr("user"))) << note.type;
  }
}

TEST_F(LinkTest, AHeaderOfTheSettingsReplacesTheProtocolsHoweverItIsSpelled) {
  config::Secret value;
  value.kind = config::Secret::Kind::value;
  value.name = "settings";
  common.headers = {{"x-toy", value}};
  start_live();
  int found = 0;
  for (const auto& [name, text] : server->requests.back().headers) {
    if (!net::same_header(name, "x-toy")) continue;
    ++found;
    EXPECT_EQ(text, "settings");
  }
  EXPECT_EQ(found, 1);
}

}  // namespace
}  // namespace tributary::connectors::testing
