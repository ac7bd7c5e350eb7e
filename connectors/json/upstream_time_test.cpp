#include "connectors/json/upstream_time.hpp"

#include <gtest/gtest.h>

#include <string>

#include "connectors/json/json_parts.hpp"
#include "text/time.hpp"

namespace tributary::connectors {
namespace {

const event::WallTime when_read = *text::parse_time("2026-11-01T12:00:00.250Z");

/// The time that JSON text says, and a star where the original is to be kept; "" for none.
std::string said(std::string_view json, TimeUnit documented, event::WallTime clock = when_read) {
  JsonText text(8);
  JsonParts parts;
  Value value;
  EXPECT_TRUE(parts.read(text, json, value));
  const auto time = time_of(value, documented, clock);
  return time ? text::to_text(*time.time) + (time.as_documented ? "" : "*") : "";
}

TEST(UpstreamTime, IsReadInTheDocumentedUnitWhereThatIsPlausible) {
  EXPECT_EQ(said(R"("1560812097380375004")", TimeUnit::nanoseconds), "2019-06-17T22:54:57.380Z");
  EXPECT_EQ(said("1560812097380375", TimeUnit::microseconds), "2019-06-17T22:54:57.380Z");
  EXPECT_EQ(said("1564059282000", TimeUnit::milliseconds), "2019-07-25T12:54:42.000Z");
  EXPECT_EQ(said(R"("1564059282")", TimeUnit::seconds), "2019-07-25T12:54:42.000Z");
}

TEST(UpstreamTime, IsReadInTheUnitThatMakesItPlausible) {
  for (const auto documented :
       {TimeUnit::seconds, TimeUnit::milliseconds, TimeUnit::microseconds, TimeUnit::nanoseconds}) {
    for (const std::string number : {"1564059282", "1564059282000", "1564059282000000", "1564059282000000000"}) {
      for (const auto& json : {number, '"' + number + '"'}) {
        EXPECT_EQ(said(json, documented).substr(0, 24), "2019-07-25T12:54:42.000Z") << json;
      }
    }
  }
  EXPECT_EQ(said(R"("1564059282000")", TimeUnit::nanoseconds), "2019-07-25T12:54:42.000Z*") << "the original is kept";
}

TEST(UpstreamTime, MayHaveAFractionOrAnExponent) {
  EXPECT_EQ(said("1564059282.123", TimeUnit::seconds), "2019-07-25T12:54:42.123Z");
  EXPECT_EQ(said(R"("1564059282.999")", TimeUnit::milliseconds), "2019-07-25T12:54:42.999Z*");
  EXPECT_EQ(said("1.564059282e12", TimeUnit::milliseconds), "2019-07-25T12:54:42.000Z");
  EXPECT_EQ(said("1564059282000.0", TimeUnit::milliseconds), "2019-07-25T12:54:42.000Z");
}

TEST(UpstreamTime, ThatIsImplausibleInEveryUnitIsNone) {
  for (const char* json :
       {"0", "-1564059282", "7", "1e400", "-1e400", "1e-400", "99999999999999999999999999", "\"\"", "\"soon\"", "null",
        "true", "{}", "[1564059282]", "1262303999", "1799999999", "\"2009-12-31T23:59:59.999Z\"",
        "\"2026-11-02T12:00:00.251Z\"", "\"1970-01-01T00:00:00Z\""}) {
    EXPECT_EQ(said(json, TimeUnit::milliseconds), "") << json;
  }
  EXPECT_EQ(said("1262304000", TimeUnit::seconds), "2010-01-01T00:00:00.000Z");
  EXPECT_EQ(said("\"2026-11-02T12:00:00.250Z\"", TimeUnit::seconds), "2026-11-02T12:00:00.250Z*") << "a day ahead";
}

TEST(UpstreamTime, IsNotJudgedByAClockThatIsWrongItself) {
  const event::WallTime unset{};
  EXPECT_EQ(said("1564059282000", TimeUnit::milliseconds, unset), "2019-07-25T12:54:42.000Z");
  EXPECT_EQ(said("7", TimeUnit::milliseconds, unset), "");
}

TEST(UpstreamTime, MayBeADateTimeNearToTheStandard) {
  for (const char* text : {"2026-10-01T12:34:56Z", "2026-10-01 12:34:56Z", "2026-10-01T12:34:56,000Z",
                           "2026-10-01T14:34:56+0200", "2026-10-01T14:34:56+02", "2026-10-01 14:34:56 +02:00",
                           "2026-10-01 12:34:56 UTC", "2026-10-01T12:34:56.0000000Z"}) {
    const auto time = date_time(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(text::to_text(*time), "2026-10-01T12:34:56.000Z") << text;
  }
  EXPECT_EQ(date_time("2026-10-01T12:34Z"), text::parse_time("2026-10-01T12:34:00Z"));
  for (const char* text :
       {"2026-10-01T12:34:56", "2026-10-01", "2026-10-01T12:34", "2026-10-01T12:34:", "01.10.2026 12:34",
        "2026-10-01T12:34:56.Z", "2026-10-01T12:34:56+2", "2026-10-01T12:34:56+02:000", "", "T"}) {
    EXPECT_FALSE(date_time(text)) << text;
  }
}

}  // namespace
}  // namespace tributary::connectors
