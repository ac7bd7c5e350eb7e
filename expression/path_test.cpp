#include "expression/path.hpp"

#include <gtest/gtest.h>

#include "expression/event_fixture.hpp"
#include "expression/written.hpp"

namespace tributary::expression {
namespace {

std::optional<Path> path(std::string_view text) {
  Scanner scanner(text);
  return take_path(scanner);
}

TEST(Path, IsWrittenAsItIsRead) {
  for (const auto* text : {"type", "data.amount", "data.items.0.name", R"(data."a b")", R"(data."0")", "data.007",
                           R"(data."\"")", "data.\xc3\xa4-1_", "relay.test"}) {
    const auto read = path(text);
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(text_of(*read), text);
  }
  EXPECT_EQ(text_of(*path("data.'amount'")), "data.amount");
  EXPECT_EQ(text_of(*path("test")), "relay.test");
}

TEST(Path, LeadsToAMemberOrAnItem) {
  schema::Document event;
  ASSERT_TRUE(event.read(tip_event));
  const auto text_at = [&](std::string_view written) -> std::string {
    const auto found = find(event, *path(written));
    return found && found->is_string() ? std::string(found->get_string().value_unsafe()) : "no text";
  };
  EXPECT_EQ(text_at("data.items.1.name"), "\"hat\"");
  EXPECT_EQ(text_at("data.'a b'.0"), "zero") << "a number is also the name of a member";
  EXPECT_EQ(text_at("data.items.\"0\".name"), "no text") << "what is quoted is a name alone";
  EXPECT_EQ(text_at("data.items.99999999999999999999"), "no text");
}

TEST(WrittenNumber, IsTheEventsOwnText) {
  const std::string json =
      R"( { "type" : "a,]}" , "data" : { "x\"" : [ 1 , [ { "y" : -1.50e3 } , 2 ] ] , "z" : 4.20 } } )";
  schema::Document event;
  ASSERT_TRUE(event.read(json));
  const auto written = [&](std::string_view text) {
    std::vector<std::size_t> places;
    EXPECT_TRUE(find(event, *path(text), &places)) << text;
    return written_number(json, places);
  };
  EXPECT_EQ(written("data.z"), "4.20");
  EXPECT_EQ(written("data.'x\\\"'.0"), "1");
  EXPECT_EQ(written("data.'x\\\"'.1.0.y"), "-1.50e3");
  EXPECT_EQ(written("data.'x\\\"'.1.1"), "2");
  EXPECT_EQ(written("type"), "");
}

TEST(WrittenNumber, OfWhatIsNotThereIsEmpty) {
  const std::vector<std::size_t> places{1, 2};
  for (const auto* json :
       {"", " ", "{", "[", "[1", "[1,", "{\"a\":1}", "[1,[2,3]]", "[1,\"", "[1,[2,3", "5", "[1,[2,3,"}) {
    EXPECT_EQ(written_number(json, places), "") << json;
  }
}

}  // namespace
}  // namespace tributary::expression
