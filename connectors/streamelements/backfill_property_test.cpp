#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connectors/simulation/audience.hpp"
#include "connectors/streamelements/backfill.hpp"
#include "connectors/streamelements/show.hpp"
#include "schema/embedded.hpp"
#include "schema/schema.hpp"
#include "schema/validator.hpp"
#include "text/json.hpp"
#include "text/time.hpp"

// Whatever the API answers, nothing throws, every search ends, and what goes out is an event: 3,000 pages, spoiled from
// sound ones by a fixed seed.

namespace tributary::connectors::streamelements {
namespace {

const event::Now much_later{event::SteadyTime{} + std::chrono::hours(1), *text::parse_time("2026-11-01T12:00:00.000Z")};

void spoil(std::string& page, std::mt19937_64& random) {
  const auto below = [&](std::size_t limit) { return limit == 0 ? 0 : static_cast<std::size_t>(random() % limit); };
  const auto at = below(page.size());
  switch (below(5)) {
    case 0:
      if (!page.empty()) page[at] = static_cast<char>(page[at] ^ (1 << below(8)));
      break;
    case 1:
      page.erase(at, below(200));
      break;
    case 2:
      page.insert(at, page.substr(below(page.size()), below(300)));
      break;
    case 3: {
      static constexpr std::string_view values[] = {"null", "{}", "[]", "-1e400", "\"\\ud800\"", "true", "\"\"", "0"};
      const auto colon = page.find(':', at);
      const auto end = colon == std::string::npos ? colon : page.find_first_of(",}", colon);
      if (end != std::string::npos) page.replace(colon + 1, end - colon - 1, values[below(std::size(values))]);
      break;
    }
    default:
      page.insert(at, std::string(below(80), '['));
  }
}

TEST(BackfillProperty, EverySpoiledPageIsUnderstoodOrAFaultAndItsEventsPass) {
  const auto schema = std::get<schema::Schema>(schema::Schema::compile(schema::embedded("event.schema.json")));
  schema::Validator validator;
  std::mt19937_64 random(29);
  Audience audience(3);
  Show show(audience, "5eb8a1f0c2d3e4f5a6b7c8d9");
  Activities asked;
  asked.channel = "5eb8a1f0c2d3e4f5a6b7c8d9";
  asked.codec.connector = "main-stage";
  const auto from = much_later.wall - std::chrono::minutes(10);
  std::uint64_t events = 0, faults = 0, sound = 0;
  for (int search = 0; search < 1'000; ++search) {
    std::vector<Backfill> questions;
    asked.limit = 2 + static_cast<std::uint32_t>(random() % 10);
    questions.push_back(missed_activities(asked, from, much_later.wall));
    for (int pages = 0; !questions.empty() && pages < 3; ++pages) {
      net::HttpAnswer answer;
      answer.status = random() % 10 == 0 ? 500 : 200;
      answer.body = "[";
      for (auto rows = random() % 8; rows > 0; --rows) {
        answer.body +=
            (answer.body.size() > 1 ? "," : "") + show.next(from + std::chrono::milliseconds(random() % 600'000)).json;
      }
      answer.body += "]";
      for (auto times = random() % 3; times > 0; --times) spoil(answer.body, random);
      const auto judge = questions.front().judge;
      BackfillAnswer judged = judge(answer, much_later);
      ++(judged.fault.empty() ? sound : faults);
      ASSERT_TRUE(text::valid_utf8(judged.fault));
      for (const auto& draft : judged.drafts) {
        ++events;
        const std::string text = draft.text + ",\"backfilled\":true,\"run\":\"01TEST\",\"sequence\":1}}";
        ASSERT_TRUE(text::valid_utf8(text)) << answer.body;
        ASSERT_TRUE(validator.parse(text)) << text;
        ASSERT_TRUE(validator.passes(schema)) << validator.explain(schema).front().message << " in " << text;
      }
      for (std::size_t i = 1; i < judged.drafts.size(); ++i) {
        ASSERT_LE(judged.drafts[i - 1].created, judged.drafts[i].created);
      }
      questions = std::move(judged.next);
    }
  }
  EXPECT_GT(events, 1'000U);
  EXPECT_GT(faults, 300U);
  EXPECT_GT(sound, 300U);
}

}  // namespace
}  // namespace tributary::connectors::streamelements
