#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "config/fixture.hpp"

namespace tributary::config {
namespace {

using Json = nlohmann::json;

Json schema() { return Json::parse(json_schema(fixture::vocabulary())); }

TEST(Schema, is_draft_07_and_closed_at_the_top) {
  const Json whole = schema();
  EXPECT_EQ(whole["$schema"], "http://json-schema.org/draft-07/schema#");
  EXPECT_EQ(whole["additionalProperties"], false);
  EXPECT_EQ(whole["required"], Json::array({"version"}));
}

TEST(Schema, gives_each_type_its_own_keys) {
  const Json whole = schema();
  const Json& gauge = whole["definitions"]["connectors.gauge"];
  EXPECT_EQ(gauge["required"], Json::array({"url", "auth"}));
  EXPECT_EQ(gauge["additionalProperties"], false);
  EXPECT_EQ(gauge["properties"]["dialect"]["enum"], Json::array({"3", 3, "4", 4}));
  EXPECT_EQ(gauge["properties"]["frame_limit"]["default"], "4MiB");
  EXPECT_EQ(gauge["properties"]["share"]["maximum"], 1);
  EXPECT_TRUE(gauge["properties"].contains("enabled"));
  EXPECT_FALSE(whole["definitions"]["sinks.lines"]["properties"].contains("enabled"));
  EXPECT_FALSE(whole["definitions"].contains("connectors.sluice"));
}

TEST(Schema, refers_only_to_what_it_defines) {
  const Json whole = schema();
  const auto visit = [&](const Json& node, const auto& self) -> void {
    if (node.is_object() && node.contains("$ref")) {
      EXPECT_TRUE(whole.contains(Json::json_pointer(node["$ref"].get<std::string>().substr(1)))) << node;
      EXPECT_EQ(node.size(), 1U) << node;
    }
    if (!node.is_structured()) return;
    for (const auto& child : node) self(child, self);
  };
  visit(whole, visit);
}

TEST(Schema, allows_what_comes_later_only_where_it_is_off) {
  const Json broker = schema()["definitions"]["sinks.broker"]["properties"];
  EXPECT_EQ(broker["spool"]["properties"]["enabled"]["const"], false);
}

}  // namespace
}  // namespace tributary::config
