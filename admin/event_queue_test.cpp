#include "admin/event_queue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tributary::admin {
namespace {

using ::testing::HasSubstr;

event::EventPtr event_of(std::string_view connector, std::string_view type, std::uint64_t sequence, bool test = false) {
  auto event = std::make_shared<event::Event>();
  event->text = "{\"type\":\"" + std::string(type) + "\",\"n\":" + std::to_string(sequence) + "}";
  event->json = {0, static_cast<std::uint32_t>(event->text.size())};
  event->type = {9, static_cast<std::uint32_t>(type.size())};
  event->connector = std::make_shared<const std::string>(connector);
  event->sequence = sequence;
  event->test = test;
  return event;
}

EventFilter filter_of(const std::vector<std::pair<std::string, std::string>>& query) {
  std::string fault;
  auto filter = event_filter(query, fault);
  EXPECT_TRUE(filter) << fault;
  return filter.value_or(EventFilter{});
}

std::string fault_of(const std::vector<std::pair<std::string, std::string>>& query) {
  std::string fault;
  EXPECT_FALSE(event_filter(query, fault));
  return fault;
}

TEST(EventFilter, WithoutAQueryTakesEverything) { EXPECT_TRUE(EventFilter{}.takes(*event_of("hall", "tip", 1, true))); }

TEST(EventFilter, TakesTheTypesAndConnectorsThatAreNamed) {
  const auto filter = filter_of({{"type", "tip,cheer"}, {"type", "raid"}, {"connector", "hall"}});
  EXPECT_TRUE(filter.takes(*event_of("hall", "tip", 1)));
  EXPECT_TRUE(filter.takes(*event_of("hall", "raid", 1)));
  EXPECT_FALSE(filter.takes(*event_of("hall", "follow", 1)));
  EXPECT_FALSE(filter.takes(*event_of("arcade", "tip", 1)));
}

TEST(EventFilter, TestEventsCanBeChosenOrLeftOut) {
  EXPECT_FALSE(filter_of({{"test", "true"}}).takes(*event_of("hall", "tip", 1)));
  EXPECT_FALSE(filter_of({{"test", "false"}}).takes(*event_of("hall", "tip", 1, true)));
  EXPECT_TRUE(filter_of({{"test", "true"}}).takes(*event_of("hall", "tip", 1, true)));
}

TEST(EventFilter, SaysWhatItDoesNotKnow) {
  EXPECT_EQ(fault_of({{"typ", "tip"}}),
            "nothing is known of `typ`; did you mean `type`?; /events takes type, connector, test, limit");
  EXPECT_EQ(fault_of({{"test", "yes"}}), "test: expected true or false, found `yes`");
  EXPECT_EQ(fault_of({{"limit", "-1"}}), "limit: expected a whole number above 0, found `-1`");
  EXPECT_EQ(fault_of({{"limit", "0"}}), "limit: expected a whole number above 0, found `0`");
  EXPECT_EQ(fault_of({{"type", ""}}), "type: expected a value, found nothing");
}

TEST(EventQueue, WritesEachEventOnOneLineWithItsNumber) {
  EventQueue queue({});
  EXPECT_TRUE(queue.empty());
  queue.add(event_of("hall", "tip", 7));
  EXPECT_FALSE(queue.empty());
  EXPECT_EQ(sse_text(queue.take(false)), "id: hall:7\ndata: {\"type\":\"tip\",\"n\":7}\n\n");
  EXPECT_TRUE(queue.empty());
}

TEST(EventQueue, NoLineFeedOfAnEventEndsItsLine) {
  auto event = std::make_shared<event::Event>();
  event->text = "{\"a\":\r\n[1]}";
  event->json = {0, static_cast<std::uint32_t>(event->text.size())};
  std::string out;
  append_sse(out, *event);
  EXPECT_EQ(out, "id: :0\ndata: {\"a\":  [1]}\n\n");
}

TEST(EventQueue, IsBoundedAndTellsWhatItDropped) {
  EventQueue queue({});
  const auto event = event_of("hall", "tip", 1);
  const std::size_t fit = EventQueue::most_bytes / event->bytes();
  for (std::size_t i = 0; i < fit + 5; ++i) queue.add(event);
  const auto batch = queue.take(false);
  EXPECT_EQ(batch.events.size(), fit);
  EXPECT_EQ(batch.dropped, 5U);
  auto large = std::make_shared<event::Event>();
  large->text.resize(EventQueue::most_bytes);
  queue.add(large);
  EXPECT_EQ(sse_text(queue.take(false)), "event: dropped\ndata: {\"count\":1}\n\n");
}

TEST(EventQueue, ToAReaderThatIsBehindNothingIsWrittenUntilItCatchesUp) {
  EventQueue queue({});
  queue.add(event_of("hall", "tip", 1));
  queue.add(event_of("hall", "tip", 2));
  EXPECT_EQ(sse_text(queue.take(true)), "");
  EXPECT_FALSE(queue.empty()) << "it is yet to be told";
  queue.add(event_of("hall", "tip", 3));
  EXPECT_EQ(sse_text(queue.take(false)),
            "id: hall:3\ndata: {\"type\":\"tip\",\"n\":3}\n\nevent: dropped\ndata: {\"count\":2}\n\n");
}

TEST(EventQueue, EndsAtItsLimit) {
  EventQueue queue(filter_of({{"limit", "2"}}));
  for (std::uint64_t i = 1; i <= 3; ++i) queue.add(event_of("hall", "tip", i));
  EXPECT_EQ(sse_text(queue.take(false)),
            "id: hall:1\ndata: {\"type\":\"tip\",\"n\":1}\n\nid: hall:2\ndata: {\"type\":\"tip\",\"n\":2}\n\n");
  EXPECT_TRUE(queue.finished());
  queue.add(event_of("hall", "tip", 4));
  EXPECT_TRUE(queue.empty());
}

}  // namespace
}  // namespace tributary::admin
