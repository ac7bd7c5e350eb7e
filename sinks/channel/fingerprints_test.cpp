#include "sinks/channel/fingerprints.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "text/json.hpp"

namespace tributary::sinks::channel {
namespace {

using namespace std::chrono_literals;
using event::Form;

/// An event with that `_id` and that `data`.
event::EventPtr event_with(const std::string& id, const std::string& data) {
  auto made = std::make_shared<event::Event>();
  made->text = R"({"_id":")" + id + R"(","type":"x","data":)" + data + R"(,"relay":{"connector":"a"}})";
  made->json = {0, static_cast<std::uint32_t>(made->text.size())};
  made->id = {8, static_cast<std::uint32_t>(id.size())};
  return made;
}

std::string data_of(std::string_view message, std::string_view who = "viewer") {
  std::string json = R"({"username":)";
  text::append_quoted(json, who);
  json += R"(,"message":)";
  text::append_quoted(json, message);
  return json + R"(,"amount":0})";
}

class ChannelFingerprints : public testing::Test {
 protected:
  event::Message message(const event::EventPtr& event, std::string content, Form form = Form::text) {
    event::Message made;
    made.number = ++numbers;
    made.form = form;
    made.content = std::move(content);
    made.event = event;
    return made;
  }
  /// Says it, unless it has come round.
  bool say(const event::Message& made) {
    if (prints.came_round(made, now)) return false;
    prints.said(made, now);
    return true;
  }
  bool say(const std::string& data, std::string content, Form form = Form::text) {
    return say(message(event_with("e" + std::to_string(numbers + 1), data), std::move(content), form));
  }
  void hear(const std::string& data) { prints.heard(event_with("h", data)->json_text(), now); }

  event::SteadyTime now{1h};
  std::uint64_t numbers = 0;
  Fingerprints prints;
};

TEST_F(ChannelFingerprints, TwoEqualThanksForTwoTipsAreBothSaid) {
  const std::string tip = R"({"username":"bob","message":"gg","amount":5.00,"currency":"USD"})";
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(say(tip, "bob tipped 5.00 USD: gg"));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(say(tip, "gg")) << "also where the text is the message itself";
  hear(data_of("gg"));
  EXPECT_TRUE(say(tip, "gg")) << "and where somebody else says it, too";
}

TEST_F(ChannelFingerprints, AnIdAloneMayNameAnything) {
  auto tip = std::make_shared<event::Event>(*event_with("5f1c3d6b9a1b2c3d4e5f6a7b", data_of("hello")));
  const std::string time = "2026-10-01T12:34:56.789Z";
  tip->created_at = {static_cast<std::uint32_t>(tip->text.size()), static_cast<std::uint32_t>(time.size())};
  tip->text += time;
  EXPECT_TRUE(say(message(tip, "{}", Form::envelope)));
  EXPECT_TRUE(say(R"({"details":{"file":{"_id":"5f1c3d6b9a1b2c3d4e5f6a7b"}},"amount":0})", "{}", Form::envelope));
  EXPECT_FALSE(say(R"({"payload":{"_id":"5f1c3d6b9a1b2c3d4e5f6a7b","createdAt":")" + time + R"("},"amount":0})", "{}",
                   Form::envelope))
      << "the event itself";
}

TEST_F(ChannelFingerprints, TwoEqualFollowsAreBothSaid) {
  EXPECT_TRUE(say(data_of("", "bob"), "bob follows"));
  EXPECT_TRUE(say(data_of("", "bob"), "bob follows"));
}

TEST_F(ChannelFingerprints, WhatItSaidComesBackInsideALongerText) {
  EXPECT_TRUE(say(data_of("hello", "bob"), "bob: hello"));
  const auto back = message(event_with("b", data_of("relay: bob: hello", "relay")), "relay: relay: bob: hello");
  const auto round = prints.came_round(back, now);
  ASSERT_TRUE(round);
  EXPECT_EQ(round->number, 1U) << "certain: its template made it";
}

TEST_F(ChannelFingerprints, WhatItSaidComesBackCutByAChannel) {
  const std::string text = "bob: " + std::string(200, 'x');
  EXPECT_TRUE(say(data_of(std::string(200, 'x'), "bob"), text));
  EXPECT_FALSE(say(data_of(text.substr(0, 140), "relay"), "relay: " + text.substr(0, 140)));
}

TEST_F(ChannelFingerprints, WhatItPassedOnWordForWordComesBackWordForWord) {
  EXPECT_TRUE(say(data_of("hello"), "hello"));
  EXPECT_TRUE(say(data_of("hello everybody"), "hello everybody")) << "another text, which holds it";
  const auto back = message(event_with("b", data_of("hello", "bot")), "hello");
  const auto round = prints.came_round(back, now);
  ASSERT_TRUE(round);
  EXPECT_FALSE(round->number) << "two people may say the same: nothing for a breaker";
  now += Fingerprints::window;
  EXPECT_TRUE(say(data_of("hello"), "hello"));
}

TEST_F(ChannelFingerprints, WhatSomebodyElseHasSaidThereIsNotRepeated) {
  hear(data_of("hello", "alice"));
  EXPECT_FALSE(say(data_of("hello", "relay"), "hello"));
  EXPECT_TRUE(say(data_of("hello", "relay"), "relay: hello"));
  now += Fingerprints::window;
  EXPECT_TRUE(say(data_of("hello", "relay"), "hello"));
}

TEST_F(ChannelFingerprints, ItsOwnEchoIsNotSomebodyElse) {
  EXPECT_TRUE(say(data_of("", "bob"), "bob follows"));
  hear(data_of("bob follows", "us"));
  EXPECT_TRUE(say(data_of("", "bob"), "bob follows")) << "bob follows once more";
}

TEST_F(ChannelFingerprints, AnEventComesBackAsContent) {
  for (const Form form : {Form::event, Form::envelope}) {
    const auto first = event_with("tip" + std::to_string(numbers), R"({"amount":5})");
    const auto made = message(first, std::string(first->json_text()), form);
    EXPECT_TRUE(say(made));
    std::string as_text = R"({"message":)";
    text::append_quoted(as_text, first->json_text());
    for (const auto& data : {R"({"details":)" + std::string(first->json_text()) + "}", as_text + "}"}) {
      const auto round = prints.came_round(message(event_with("b", data), "x", form), now);
      ASSERT_TRUE(round) << data;
      EXPECT_EQ(round->number, made.number);
    }
  }
}

TEST_F(ChannelFingerprints, AnUpdateOfTheSameEventIsSaid) {
  const auto first = event_with("tip", R"({"details":{"_id":"tip"},"amount":0})");
  EXPECT_TRUE(say(message(first, "{}", Form::event)));
  EXPECT_TRUE(say(message(first, "{}", Form::event)));
}

TEST_F(ChannelFingerprints, AnEventThatIsOnTheChannelAlreadyIsNotSaidAgain) {
  hear(R"({"details":{"_id":"follow"}})");
  EXPECT_FALSE(say(message(event_with("follow", R"({"amount":0})"), "{}", Form::event)));
}

TEST_F(ChannelFingerprints, WhatWasReturnedWasNotSaid) {
  const auto made = message(event_with("a", data_of("hello")), "hello");
  EXPECT_TRUE(say(made));
  prints.unsaid(made.number);
  EXPECT_TRUE(say(made));
}

TEST_F(ChannelFingerprints, WhatItRemembersIsBounded) {
  for (std::size_t i = 0; i <= Fingerprints::most_heard; ++i) hear(R"({"m":"heard )" + std::to_string(i) + R"("})");
  EXPECT_TRUE(say("{}", "heard 0")) << "forgotten";
  EXPECT_FALSE(say("{}", "heard 1"));
}

}  // namespace
}  // namespace tributary::sinks::channel
