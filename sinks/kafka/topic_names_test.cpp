#include <gtest/gtest.h>

#include "sinks/kafka/record.hpp"
#include "sinks/test_events.hpp"

namespace tributary::sinks::kafka {
namespace {

TopicTemplate parse(std::string_view text) {
  std::string fault;
  auto made = TopicTemplate::parse(text, fault);
  EXPECT_TRUE(made) << text << ": " << fault;
  return made.value_or(TopicTemplate{});
}

std::string fault_of(std::string_view text) {
  std::string fault;
  EXPECT_FALSE(TopicTemplate::parse(text, fault)) << text;
  return fault;
}

TEST(TopicNames, APlainNameIsTheSameForEveryEvent) {
  TopicNames names(parse("stream.events"));
  const auto name = names.of(*make_event());
  EXPECT_EQ(name, "stream.events");
  EXPECT_EQ(names.of(*make_event()).data(), name.data());
}

TEST(TopicNames, FillPlacesWithFoldedValues) {
  TopicNames names(parse("live.{source}.{provider}.{type}.{connector}"));
  EventParts parts;
  parts.type = "subscriberGift";
  parts.provider = R"(You \"Tube\" ä)";
  parts.connector = "Main_Stage-1.x";
  EXPECT_EQ(names.of(*make_event(parts)), "live.streamelements.you__tube___.subscribergift.main_stage-1.x");
}

TEST(TopicNames, KeepTheirAddress) {
  TopicNames names(parse("{type}"));
  const auto tip = names.of(*make_event());
  for (int i = 0; i < 200; ++i) {
    EventParts parts;
    const auto type = "t" + std::to_string(i);
    parts.type = type;
    names.of(*make_event(parts));
  }
  EXPECT_EQ(names.of(*make_event()).data(), tip.data());
}

TEST(TopicNames, After256TheNextOneIsUnknown) {
  TopicNames names(parse("stream.{type}"));
  const auto of = [&](int i) {
    EventParts parts;
    const auto type = "t" + std::to_string(i);
    parts.type = type;
    return std::string(names.of(*make_event(parts)));
  };
  for (int i = 0; i < 256; ++i) EXPECT_EQ(of(i), "stream.t" + std::to_string(i));
  EXPECT_EQ(of(256), "stream.unknown");
  EXPECT_EQ(of(255), "stream.t255");
}

TEST(TopicNames, AnEventWithoutATypeTakesNoPlaceAmongThem) {
  TopicNames names(parse("stream.{type}"));
  event::Event probe;
  probe.connector = std::make_shared<const std::string>();
  EXPECT_EQ(names.of(probe), "stream.unknown");
}

TEST(TopicNames, AreNeverTooLongOrADirectory) {
  TopicNames names(parse("{type}"));
  EventParts parts;
  const std::string type(400, 'x');
  parts.type = type;
  EXPECT_EQ(names.of(*make_event(parts)).size(), 249U);
  parts.type = "..";
  EXPECT_EQ(names.of(*make_event(parts)), "_");
  parts.type = "tip";
  parts.provider = "";
  TopicNames by_provider(parse("{provider}"));
  EXPECT_EQ(by_provider.of(*make_event(parts)), "_");
}

TEST(TopicTemplate, RefusesWhatKafkaWould) {
  EXPECT_NE(fault_of("stream events").find("cannot be a topic"), std::string::npos);
  EXPECT_NE(fault_of("a/{type}").find("cannot be a topic"), std::string::npos);
  EXPECT_NE(fault_of("..").find(".."), std::string::npos);
  EXPECT_NE(fault_of(std::string(250, 'x')).find("249"), std::string::npos);
  EXPECT_NE(fault_of("").find("name"), std::string::npos);
}

TEST(TopicTemplate, RefusesUnknownAndUnclosedPlaces) {
  EXPECT_NE(fault_of("stream.{channel}").find("unknown placeholder `{channel}`"), std::string::npos);
  EXPECT_NE(fault_of("stream.{type").find("without its `}`"), std::string::npos);
  EXPECT_NE(fault_of("stream.{}").find("unknown placeholder"), std::string::npos);
  EXPECT_NE(fault_of("stream.type}").find("cannot be a topic"), std::string::npos);
}

}  // namespace
}  // namespace tributary::sinks::kafka
