#include "expression/reading.hpp"

#include <gtest/gtest.h>

#include "expression/event_fixture.hpp"

namespace tributary::expression {
namespace {

Path path_of(std::string_view text) {
  Scanner scanner(text);
  return *take_path(scanner);
}

void expect_same(const schema::Document& event, const std::vector<std::string>& fields) {
  Reading reading(event);
  for (int again = 0; again < 2; ++again) {
    for (const auto& field : fields) {
      simdjson::dom::element one;
      const bool found = reading.find(path_of(field), one);
      const auto other = find(event, path_of(field));
      ASSERT_EQ(found, other.has_value()) << field;
      if (!found) continue;
      EXPECT_EQ(simdjson::to_string(one), simdjson::to_string(*other)) << field;
    }
  }
}

TEST(Reading, FindsWhatALookForEachFieldFinds) {
  schema::Document event;
  ASSERT_TRUE(event.read(tip_event));
  expect_same(event,
              {"type", "_id", "isMock", "data.amount", "data.gone", "data.items.1.name", "data.\"a b\".0",
               "data.amount.deeper", "data.items.7", "relay.connector", "relay.test", "activityGroup.x", "expiresAt"});
}

TEST(Reading, FindsThemInLargeObjectsAndInWhatIsNoEvent) {
  std::string data;
  for (int i = 0; i < 50; ++i) data += (i == 0 ? "{\"f" : ",\"f") + std::to_string(i) + "\":" + std::to_string(i);
  schema::Document event;
  ASSERT_TRUE(event.read(event_with(data + "}")));
  expect_same(event, {"data.f0", "data.f19", "data.f20", "data.f49", "data.f50", "relay.run"});
  for (const auto* other : {"5", "[]", "{}", R"({"data":[1],"relay":7})", R"({"data":{},"data":{"a":1}})"}) {
    ASSERT_TRUE(event.read(other));
    expect_same(event, {"type", "data.0", "data.a", "data.a.b", "relay.run"});
  }
}

}  // namespace
}  // namespace tributary::expression
