#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>

#include "connectors/dlive/backfill.hpp"
#include "connectors/dlive/show.hpp"
#include "schema/embedded.hpp"
#include "schema/schema.hpp"
#include "schema/validator.hpp"
#include "text/json.hpp"
#include "text/time.hpp"

// Whatever the API answers, nothing throws, and what goes out is an event: 3,000 answers, spoiled from sound ones by a
// fixed seed.

namespace tributary::connectors::dlive {
namespace {

void spoil(std::string& answer, std::mt19937_64& random) {
  const auto below = [&](std::size_t limit) { return limit == 0 ? 0 : static_cast<std::size_t>(random() % limit); };
  const auto at = below(answer.size());
  switch (below(5)) {
    case 0:
      if (!answer.empty()) answer[at] = static_cast<char>(answer[at] ^ (1 << below(8)));
      break;
    case 1:
      answer.erase(at, below(200));
      break;
    case 2:
      answer.insert(at, answer.substr(below(answer.size()), below(300)));
      break;
    case 3: {
      static constexpr std::string_view values[] = {"null", "{}", "[]", "-1e400", "\"\\ud800\"", "true", "\"\"", "0"};
      const auto colon = answer.find(':', at);
      const auto end = colon == std::string::npos ? colon : answer.find_first_of(",}", colon);
      if (end != std::string::npos) answer.replace(colon + 1, end - colon - 1, values[below(std::size(values))]);
      break;
    }
    default:
      answer.insert(at, std::string(below(80), '['));
  }
}

TEST(ChatHistoryProperty, EverySpoiledAnswerIsUnderstoodOrAFaultAndItsEventsPass) {
  const event::Now when{event::SteadyTime{} + std::chrono::hours(1), *text::parse_time("2026-11-01T12:00:00.000Z")};
  const auto schema = std::get<schema::Schema>(schema::Schema::compile(schema::embedded("event.schema.json")));
  schema::Validator validator;
  std::mt19937_64 random(31);
  Audience audience(7);
  Show show(audience);
  ChatHistory asked;
  asked.streamer = "dbl-lee";
  asked.connector = "arcade";
  const auto from = when.wall - std::chrono::minutes(10);
  std::uint64_t events = 0, faults = 0, sound = 0;
  for (int i = 0; i < 3'000; ++i) {
    asked.limit = 1 + static_cast<std::uint32_t>(random() % 10);
    const Backfill question = missed_chats(asked, from, when.wall);
    std::string chats;
    for (auto rows = random() % 8; rows > 0; --rows) {
      chats += (chats.empty() ? "" : ",") + show.next(false, from + std::chrono::milliseconds(random() % 900'000)).json;
    }
    net::HttpAnswer answer;
    answer.status = random() % 10 == 0 ? 500 : 200;
    answer.body = R"({"data":{"user":{"username":"dbl-lee","chats":[)" + chats + "]}}}";
    for (auto times = random() % 3; times > 0; --times) spoil(answer.body, random);
    const BackfillAnswer judged = question.judge(answer, when);
    ++(judged.fault.empty() ? sound : faults);
    ASSERT_TRUE(text::valid_utf8(judged.fault));
    for (const auto& draft : judged.drafts) {
      ++events;
      const std::string text = draft.text + ",\"backfilled\":true,\"run\":\"01TEST\",\"sequence\":1}}";
      ASSERT_TRUE(text::valid_utf8(text)) << answer.body;
      ASSERT_TRUE(validator.parse(text)) << text;
      ASSERT_TRUE(validator.passes(schema)) << validator.explain(schema).front().message << " in " << text;
    }
  }
  EXPECT_GT(events, 1'000U);
  EXPECT_GT(faults, 300U);
  EXPECT_GT(sound, 300U);
}

}  // namespace
}  // namespace tributary::connectors::dlive
