#include "relay/pipeline.hpp"
#include "expression/reading.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "event/memory_in_process.hpp"
#include "relay/delivery.hpp"
#include "relay/fake_downstream.hpp"
#include "schema/embedded.hpp"

namespace tributary::relay {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

const event::Now noon{event::SteadyTime{1h}, event::WallTime{1'790'858'096'912ms}};

schema::Schema compile(std::string_view text) { return std::get<schema::Schema>(schema::Schema::compile(text)); }

event::Draft tip(std::string id, std::string amount = "5.5", std::string_view type = "tip") {
  event::Draft draft;
  const std::string head = "{\"_id\":\"";
  draft.text = head + id + "\",\"channel\":\"5eb8a1f0c2d3e4f5a6b7c8d9\",\"type\":\"";
  draft.id = {8, static_cast<std::uint32_t>(id.size())};
  draft.type = {static_cast<std::uint32_t>(draft.text.size()), static_cast<std::uint32_t>(type.size())};
  draft.text.append(type);
  draft.text +=
      "\",\"provider\":\"twitch\",\"flagged\":false,\"data\":{\"username\":\"viewer_1\",\"displayName\":\"Viewer\","
      "\"amount\":" +
      amount +
      ",\"message\":\"hi\",\"items\":[],\"avatar\":\"https://cdn.example.org/a.png\"},"
      "\"createdAt\":\"2026-10-01T12:34:56.789Z\",\"updatedAt\":\"2026-10-01T12:34:56.789Z\","
      "\"relay\":{\"connector\":\"stage\",\"source\":\"streamelements\",\"upstreamType\":\"tip\",\"upstreamId\":\"" +
      id + "\",\"upstreamChannel\":\"5eb8a1f0c2d3e4f5a6b7c8d9\",\"receivedAt\":\"2026-10-01T12:34:56.912Z\"";
  draft.identified = true;
  draft.source = "streamelements";
  draft.upstream_channel = "5eb8a1f0c2d3e4f5a6b7c8d9";
  draft.updated = draft.created = noon.wall;
  return draft;
}

struct PipelineTest : testing::Test {
  struct Sink {
    std::shared_ptr<FakeDownstream::Shared> wire = std::make_shared<FakeDownstream::Shared>();
    std::shared_ptr<Delivery> delivery;
    std::vector<json> records() {
      delivery->stop(10s);
      delivery->join();
      std::vector<json> parsed;
      for (const auto& record : wire->records) parsed.push_back(json::parse(record));
      return parsed;
    }
  };

  Target sink(std::optional<std::string_view> schema = "event", OnFailure on_failure = OnFailure::dead_letter,
              std::size_t memory = 1u << 20) {
    auto& made = sinks.emplace_back(std::make_unique<Sink>());
    Outbox::Settings settings;
    settings.memory = memory;
    made->delivery = std::make_shared<Delivery>("sink", std::make_unique<FakeDownstream>(made->wire), settings,
                                                [](const std::string&, const SinkAlert&) {});
    Target target;
    target.outlet = made->delivery;
    if (schema) target.schema = compile(schema::embedded(std::string(*schema) + ".schema.json"));
    target.is_marker = schema == "streamelements";
    target.on_failure = on_failure;
    made->delivery->start();
    return target;
  }
  void make(std::vector<Target> targets, std::vector<Route> routes) {
    pipeline = std::make_unique<Pipeline>(table(std::move(targets), std::move(routes)),
                                          compile(schema::embedded("streamelements.schema.json")), "01K9ZB4T", taps);
    intake = pipeline->intake({"stage", "streamelements"});
  }
  static RoutingTablePtr table(std::vector<Target> targets, std::vector<Route> routes) {
    return std::make_shared<const RoutingTable>(RoutingTable{std::move(targets), std::move(routes)});
  }
  event::ConnectorLedger book() {
    intake->settle();
    EXPECT_TRUE(intake->ledger().balances());
    return intake->ledger();
  }

  std::vector<std::unique_ptr<Sink>> sinks;
  Taps taps;
  std::unique_ptr<Pipeline> pipeline;
  std::unique_ptr<BookedIntake> intake;
};

TEST_F(PipelineTest, AnAcceptedEventReachesItsSinkClosedAndNumbered) {
  make({sink()}, {{{}, {}, 1}});
  intake->carrying();
  intake->accept(tip("5f1c3d6b9a1b2c3d4e5f6a7b"), noon);
  intake->carrying();
  intake->accept(tip("5f1c3d6b9a1b2c3d4e5f6a7c"), noon);
  const auto records = sinks[0]->records();
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0]["relay"]["sequence"], 1);
  EXPECT_EQ(records[1]["relay"]["sequence"], 2);
  EXPECT_EQ(records[0]["relay"]["run"], "01K9ZB4T");
  EXPECT_EQ(book().accepted, 2U);
  EXPECT_EQ(book().frames, 2U);
}

TEST_F(PipelineTest, ARepeatIsADuplicateAndTakesNoNumber) {
  make({sink()}, {{{}, {}, 1}});
  EXPECT_TRUE(intake->accept(tip("5f1c3d6b9a1b2c3d4e5f6a7b"), noon));
  EXPECT_FALSE(intake->accept(tip("5f1c3d6b9a1b2c3d4e5f6a7b"), noon)) << "whoever fetched it is told";
  EXPECT_TRUE(intake->accept(tip("5f1c3d6b9a1b2c3d4e5f6a7c"), noon));
  EXPECT_EQ(sinks[0]->records().back()["relay"]["sequence"], 2);
  EXPECT_EQ(book().duplicate, 1U);
}

/// An input's receipt that counts how often it is told, and as what.
event::ReceiptPtr receipt_into(std::atomic<int>& kept, std::atomic<int>& lost) {
  return std::make_shared<event::Receipt>([&](bool was_kept) { ++(was_kept ? kept : lost); });
}

TEST_F(PipelineTest, AReceiptIsToldOnceAfterTheLastSink) {
  make({sink(), sink()}, {{{}, {}, 3}});
  std::atomic<int> kept{0}, lost{0};
  sinks[1]->wire->hold = true;
  auto draft = tip("5f1c3d6b9a1b2c3d4e5f6a7b");
  draft.receipt = receipt_into(kept, lost);
  intake->accept(std::move(draft), noon);
  ASSERT_TRUE(eventually([&] { return sinks[0]->delivery->ledger().delivered == 1; }));
  EXPECT_EQ(kept + lost, 0) << "the other sink has it still";
  sinks[1]->wire->release();
  EXPECT_TRUE(eventually([&] { return kept == 1; }));
  EXPECT_EQ(lost, 0);
}

TEST_F(PipelineTest, AReceiptIsLostWhenOneSinkLosesTheEvent) {
  make({sink(), sink()}, {{{}, {}, 3}});
  std::atomic<int> kept{0}, lost{0};
  sinks[1]->wire->hold = true;
  auto draft = tip("5f1c3d6b9a1b2c3d4e5f6a7b");
  draft.receipt = receipt_into(kept, lost);
  intake->accept(std::move(draft), noon);
  sinks[1]->delivery->stop(20ms);
  EXPECT_TRUE(eventually([&] { return lost == 1; }));
  EXPECT_EQ(kept, 0);
}

TEST_F(PipelineTest, ADuplicateAndAnUnroutedEventAreKeptAtOnce) {
  make({sink()}, {{{}, {"tip"}, 1}});
  std::atomic<int> kept{0}, lost{0};
  sinks[0]->wire->hold = true;
  intake->accept(tip("5f1c3d6b9a1b2c3d4e5f6a7b"), noon);
  auto duplicate = tip("5f1c3d6b9a1b2c3d4e5f6a7b");
  duplicate.receipt = receipt_into(kept, lost);
  intake->accept(std::move(duplicate), noon);
  EXPECT_EQ(kept, 1);
  auto unrouted = tip("5f1c3d6b9a1b2c3d4e5f6a7c", "1", "follow");
  unrouted.receipt = receipt_into(kept, lost);
  intake->accept(std::move(unrouted), noon);
  EXPECT_EQ(kept, 2);
  EXPECT_EQ(lost, 0);
}

TEST_F(PipelineTest, AnIdOfAnEventThatIsNotSafeYetIsNotRemembered) {
  make({sink()}, {{{}, {}, 1}});
  event::MemoryInProcess memory;
  auto& stage = memory.connector("stage");
  IntakeSettings settings{"stage", "streamelements"};
  settings.memory = &stage;
  intake = pipeline->intake(settings);
  sinks[0]->wire->hold = true;
  intake->accept(tip("5f1c3d6b9a1b2c3d4e5f6a7b"), noon);
  EXPECT_TRUE(stage.ids(noon.wall - 1h, 8).empty());
  sinks[0]->wire->release();
  ASSERT_TRUE(eventually([&] { return stage.ids(noon.wall - 1h, 8).size() == 1; }));
  intake = pipeline->intake(settings);  // the connector is made anew
  intake->accept(tip("5f1c3d6b9a1b2c3d4e5f6a7b"), noon);
  EXPECT_EQ(book().duplicate, 1U);
  sinks[0]->records();  // nothing may point at the memory any more
}

TEST_F(PipelineTest, DedupeCanBeSwitchedOff) {
  make({sink()}, {{{}, {}, 1}});
  relay::IntakeSettings settings{"stage", "streamelements"};
  settings.dedupe_ids = 0;
  intake = pipeline->intake(settings);
  for (int i = 0; i < 2; ++i) intake->accept(tip("5f1c3d6b9a1b2c3d4e5f6a7b"), noon);
  EXPECT_EQ(sinks[0]->records().size(), 2U);
}

TEST_F(PipelineTest, ANewerRepeatIsAnUpdate) {
  make({sink()}, {{{}, {}, 1}});
  intake->accept(tip("5f1c3d6b9a1b2c3d4e5f6a7b"), noon);
  auto newer = tip("5f1c3d6b9a1b2c3d4e5f6a7b");
  *newer.updated += 1s;
  newer.backfilled = true;
  EXPECT_TRUE(intake->accept(std::move(newer), noon));
  const auto records = sinks[0]->records();
  ASSERT_EQ(records.size(), 2U);
  EXPECT_FALSE(records[0]["relay"].contains("update"));
  EXPECT_EQ(records[1]["relay"]["update"], true);
}

TEST_F(PipelineTest, TestsAreNotDeduped) {
  make({sink()}, {{{}, {}, 1}});
  for (int i = 0; i < 2; ++i) {
    auto draft = tip("5f1c3d6b9a1b2c3d4e5f6a7b");
    draft.test = true;
    intake->accept(std::move(draft), noon);
  }
  EXPECT_EQ(sinks[0]->records().size(), 2U);
}

TEST_F(PipelineTest, WithoutARouteAnEventIsUnroutedAndTakesNoNumber) {
  make({sink()}, {{{}, {"raid"}, 1}});
  intake->accept(tip("5f1c3d6b9a1b2c3d4e5f6a7b"), noon);
  intake->accept(tip("5f1c3d6b9a1b2c3d4e5f6a7c", "3", "raid"), noon);
  const auto records = sinks[0]->records();
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0]["relay"]["sequence"], 1);
  EXPECT_EQ(book().unrouted, 1U);
}

TEST_F(PipelineTest, AStateValueThatNoSinkTakesIsUnrouted) {
  make({sink()}, {{{}, {}, 1}});
  auto draft = tip("5f1c3d6b9a1b2c3d4e5f6a7b");
  draft.kind = event::Kind::state;
  intake->accept(std::move(draft), noon);
  EXPECT_EQ(book().unrouted, 1U);
}

TEST_F(PipelineTest, TheFirstUnroutedEventIsToldWithWhatIsMissingAndNoOther) {
  make({sink()}, {{{"stage"}, {"raid"}, 1}});
  std::vector<std::pair<std::string, Unrouted::Why>> told;
  const auto tell = [&](const Unrouted& unrouted) { told.emplace_back(unrouted.type, unrouted.why); };
  relay::IntakeSettings settings{"stage", "streamelements"};
  settings.first_unrouted = tell;
  intake = pipeline->intake(settings);
  intake->accept(tip("5f1c3d6b9a1b2c3d4e5f6a7a", "3", "raid"), noon);
  intake->accept(tip("5f1c3d6b9a1b2c3d4e5f6a7b"), noon);
  intake->accept(tip("5f1c3d6b9a1b2c3d4e5f6a7c", "3", "cheer"), noon);
  settings.connector = "arcade";
  intake = pipeline->intake(settings);
  intake->accept(tip("5f1c3d6b9a1b2c3d4e5f6a7d"), noon);
  EXPECT_EQ(told, (decltype(told){{"tip", Unrouted::Why::no_type}, {"tip", Unrouted::Why::no_route}}));
}

TEST_F(PipelineTest, StateThatNoSinkTakesIsToldAsSuch) {
  make({sink()}, {{{}, {}, 1}});
  std::vector<Unrouted::Why> told;
  relay::IntakeSettings settings{"stage", "streamelements"};
  settings.first_unrouted = [&](const Unrouted& unrouted) { told.push_back(unrouted.why); };
  intake = pipeline->intake(settings);
  auto draft = tip("5f1c3d6b9a1b2c3d4e5f6a7b", "1", "stateUpdate");
  draft.kind = event::Kind::state;
  intake->accept(std::move(draft), noon);
  EXPECT_EQ(told, std::vector{Unrouted::Why::not_taken});
}

TEST_F(PipelineTest, EachSinkHasItsOwnSchemaAndPolicy) {
  // 5.5 is no integer: StreamElements' own schema refuses it, the canonical one does not.
  make({sink("event"), sink("streamelements"), sink("streamelements", OnFailure::drop),
        sink("streamelements", OnFailure::forward), sink(std::nullopt)},
       {{{}, {}, 0b11111}});
  intake->accept(tip("5f1c3d6b9a1b2c3d4e5f6a7b", "5.5"), noon);
  intake->accept(tip("5f1c3d6b9a1b2c3d4e5f6a7c", "5"), noon);
  EXPECT_EQ(sinks[0]->records().size(), 2U);
  EXPECT_EQ(sinks[1]->records().size(), 1U);
  ASSERT_EQ(sinks[1]->wire->letters.size(), 1U);
  const auto letter = json::parse(sinks[1]->wire->letters[0]);
  EXPECT_EQ(letter["reason"], "invalid");
  EXPECT_EQ(letter["violations"][0]["path"], "/data/amount");
  EXPECT_EQ(letter["event"]["_id"], "5f1c3d6b9a1b2c3d4e5f6a7b");
  EXPECT_EQ(sinks[2]->records().size(), 1U);
  EXPECT_EQ(sinks[3]->records().size(), 2U);
  EXPECT_EQ(sinks[4]->records().size(), 2U);
  for (const auto& sink : sinks) {
    const auto ledger = sink->delivery->ledger();
    EXPECT_EQ(ledger.offered, 2U);
    EXPECT_TRUE(ledger.balances());
  }
  EXPECT_EQ(sinks[2]->delivery->ledger().dropped[static_cast<std::size_t>(event::Dropped::validation)], 1U);
}

TEST_F(PipelineTest, AMalformedFrameIsADeadLetterOfEverySinkOfItsConnector) {
  make({sink(), sink()}, {{{"stage"}, {}, 0b01}, {{"hall"}, {}, 0b10}});
  intake->malformed({"not_json", "unexpected end", "42["}, noon);
  sinks[0]->records();
  sinks[1]->records();
  ASSERT_EQ(sinks[0]->wire->letters.size(), 1U);
  EXPECT_EQ(json::parse(sinks[0]->wire->letters[0])["frame"], "42[");
  EXPECT_TRUE(sinks[1]->wire->letters.empty());
  EXPECT_EQ(book().malformed, 1U);
}

TEST_F(PipelineTest, BytesOfACodecThatAreNoJsonAreADeadLetterAndNothingMore) {
  make({sink()}, {{{}, {}, 1}});
  auto draft = tip("5f1c3d6b9a1b2c3d4e5f6a7b", "five");
  intake->accept(std::move(draft), noon);
  EXPECT_TRUE(sinks[0]->records().empty());
  ASSERT_EQ(sinks[0]->wire->letters.size(), 1U);
  EXPECT_EQ(json::parse(sinks[0]->wire->letters[0])["reason"], "not_json");
}

TEST_F(PipelineTest, NoticesGoToEverySinkThatTakesThemWhateverTheRoutes) {
  make({sink()}, {});
  intake->notice({"connectorUp", "{}"}, noon);
  const auto records = sinks[0]->records();
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0]["type"], "connectorUp");
  EXPECT_EQ(sinks[0]->delivery->ledger().offered, 0U);
}

TEST_F(PipelineTest, GapsAreCountedAlsoWhereNoSinkTakesNotices) {
  make({}, {});
  intake->notice({"connectorUp", "{}"}, noon);
  intake->notice({"gap", "{}", "room", "streamelements"}, noon);
  intake->notice({"gap", "{}", "hall", "streamelements"}, noon);
  intake->settle();
  EXPECT_EQ(intake->ledger().gaps, 2U);
}

TEST_F(PipelineTest, AConnectorIsCongestedWhileASinkOfItsRoutesIsFull) {
  auto slow = sink("event", OnFailure::dead_letter, 4'000);
  sinks[0]->wire->hold = true;
  make({slow, sink()}, {{{"stage"}, {}, 0b01}, {{"hall"}, {}, 0b10}});
  const auto hall = pipeline->intake({"hall", "streamelements"});
  int resumed = 0;
  intake->on_room([&] { ++resumed; });
  for (int i = 0; i < 10; ++i) intake->accept(tip(std::to_string(i)), noon);
  EXPECT_TRUE(intake->congested());
  EXPECT_FALSE(hall->congested());
  intake->room();
  EXPECT_EQ(resumed, 0) << "still full";
  sinks[0]->wire->release();
  ASSERT_TRUE(eventually([&] { return !intake->congested(); }));
  intake->room();
  EXPECT_EQ(resumed, 1);
}

TEST_F(PipelineTest, AFullSinkThatDoesNotPauseHoldsUpNobody) {
  auto channel = sink("event", OnFailure::dead_letter, 4'000);
  channel.pauses = false;
  sinks[0]->wire->hold = true;  // its connector is down
  make({channel, sink()}, {{{}, {}, 0b11}});
  for (int i = 0; i < 10; ++i) intake->accept(tip(std::to_string(i)), noon);
  EXPECT_TRUE(channel.outlet->full());
  EXPECT_FALSE(intake->congested());
  EXPECT_EQ(sinks[1]->records().size(), 10U);
  sinks[0]->wire->release();
}

TEST_F(PipelineTest, WhatSpeaksOnAConnectionGetsNothingOfItsOwnConnector) {
  auto channel = sink();
  channel.connector = "stage";
  make({channel, sink()}, {{{}, {}, 0b11}});
  const auto hall = pipeline->intake({"hall", "streamelements"});
  intake->accept(tip("5f1c3d6b9a1b2c3d4e5f6a7b"), noon);
  hall->accept(tip("5f1c3d6b9a1b2c3d4e5f6a7c"), noon);
  EXPECT_EQ(sinks[0]->records().size(), 1U);
  EXPECT_EQ(sinks[1]->records().size(), 2U);
}

/// Holds where `data.amount` is at least this.
struct AtLeast final : Condition {
  explicit AtLeast(double least) : amount(least) {}
  bool holds(expression::Reading& event) const override {
    ++asked;
    const auto value = event.event().root()["data"]["amount"].get_double();
    return value.error() == simdjson::SUCCESS && value.value_unsafe() >= amount;
  }
  double amount;
  mutable int asked = 0;
};

TEST_F(PipelineTest, ARouteMayLookIntoTheEventAndOnlyWhatHasASinkIsNumbered) {
  const auto large = std::make_shared<AtLeast>(5);
  make({sink()}, {{{}, {"tip"}, 1, large}});
  for (const auto* amount : {"1", "5", "4.99", "7", "0"})
    intake->accept(tip("id-" + std::string(amount), amount), noon);
  intake->accept(tip("5f1c3d6b9a1b2c3d4e5f6a7b", "9", "raid"), noon);
  EXPECT_EQ(large->asked, 5) << "not of another type";
  const auto records = sinks[0]->records();
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0]["data"]["amount"], 5);
  EXPECT_EQ(records[0]["relay"]["sequence"], 1);
  EXPECT_EQ(records[1]["relay"]["sequence"], 2);
  EXPECT_EQ(book().accepted, 2U);
  EXPECT_EQ(book().unrouted, 4U);
}

TEST_F(PipelineTest, WhatARouteKeepsOutIsNotToldAsMistyped) {
  make({sink()}, {{{}, {}, 1, std::make_shared<AtLeast>(5)}});
  IntakeSettings settings{"stage", "streamelements"};
  int told = 0;
  settings.first_unrouted = [&](const Unrouted&) { ++told; };
  intake = pipeline->intake(settings);
  intake->accept(tip("5f1c3d6b9a1b2c3d4e5f6a7b", "1"), noon);
  EXPECT_EQ(book().unrouted, 1U);
  EXPECT_EQ(told, 0);
}

TEST_F(PipelineTest, AnotherTableTakesOverBetweenTwoEvents) {
  const auto one = sink();
  const auto other = sink();
  make({one}, {{{}, {}, 1}});
  intake->accept(tip("5f1c3d6b9a1b2c3d4e5f6a7b"), noon);
  pipeline->use(table({other}, {{{"stage"}, {}, 1}}));
  intake->accept(tip("5f1c3d6b9a1b2c3d4e5f6a7b"), noon);  // what is known stays known
  intake->accept(tip("5f1c3d6b9a1b2c3d4e5f6a7c"), noon);
  EXPECT_EQ(sinks[0]->records().size(), 1U);
  const auto records = sinks[1]->records();
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0]["relay"]["sequence"], 2);
  EXPECT_EQ(book().duplicate, 1U);
}

TEST_F(PipelineTest, WhoWaitsForASinkThatGoesReadsAgain) {
  auto slow = sink("event", OnFailure::dead_letter, 4'000);
  sinks[0]->wire->hold = true;
  make({slow}, {{{}, {}, 1}});
  int resumed = 0;
  intake->on_room([&] { ++resumed; });
  for (int i = 0; i < 10; ++i) intake->accept(tip(std::to_string(i)), noon);
  ASSERT_TRUE(intake->congested());
  pipeline->use(table({sink()}, {{{}, {}, 1}}));
  EXPECT_EQ(resumed, 1);
  EXPECT_FALSE(intake->congested());
  sinks[0]->wire->release();
}

TEST_F(PipelineTest, AnIntakeGoesOnWhereTheOneBeforeItEnded) {
  make({sink()}, {{{}, {}, 1}});
  intake->accept(tip("5f1c3d6b9a1b2c3d4e5f6a7b"), noon);
  IntakeSettings settings{"stage", "streamelements"};
  settings.progress = intake->progress();
  intake = pipeline->intake(settings);
  intake->accept(tip("5f1c3d6b9a1b2c3d4e5f6a7c"), noon);
  EXPECT_EQ(sinks[0]->records().back()["relay"]["sequence"], 2);
  EXPECT_EQ(book().accepted, 2U);
}

TEST_F(PipelineTest, EveryTapSeesWhatIsAcceptedUntilItIsTakenAway) {
  make({sink()}, {{{}, {"tip"}, 1}});
  int one = 0, other = 0;
  const auto number = taps.add([&](const event::EventPtr&) { ++one; });
  taps.add([&](const event::EventPtr& event) { other += event->type_text() == "tip" ? 1 : 100; });
  intake->accept(tip("5f1c3d6b9a1b2c3d4e5f6a7b"), noon);
  intake->accept(tip("5f1c3d6b9a1b2c3d4e5f6a7c", "1", "raid"), noon);
  taps.remove(number);
  intake->accept(tip("5f1c3d6b9a1b2c3d4e5f6a7d"), noon);
  EXPECT_EQ(one, 1);
  EXPECT_EQ(other, 2);
}

}  // namespace
}  // namespace tributary::relay
