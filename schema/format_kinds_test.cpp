#include "schema/format_kinds.hpp"

#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "schema/schema.hpp"
#include "schema/validator.hpp"

namespace tributary::schema {
namespace {

struct Texts {
  const char* format;
  std::vector<const char*> good, bad;
};

class Formats : public testing::TestWithParam<Texts> {};

TEST_P(Formats, TakeWhatTheirStandardWrites) {
  const FormatRule* const rule = asserted_format(GetParam().format);
  ASSERT_NE(rule, nullptr);
  for (const char* text : GetParam().good) EXPECT_TRUE(rule->holds(text)) << text;
  for (const char* text : GetParam().bad) EXPECT_FALSE(rule->holds(text)) << text;
}

INSTANTIATE_TEST_SUITE_P(
    All, Formats,
    testing::Values(
        Texts{"date", {"2026-10-01", "2024-02-29"}, {"", "2026-13-01", "2026-02-29", "2026-10-01Z", "2026-1-01"}},
        Texts{"time",
              {"08:30:06Z", "23:59:60Z", "08:30:06.5+01:00"},
              {"08:30:06", "24:00:00Z", "08:30:60Z", "8:30:06Z", ""}},
        Texts{"email",
              {"a@b", "te~st@example.com", "\"joe bloggs\"@example.com", "\"a\\\"b@c\"@d", "joe@[127.0.0.1]",
               "joe@[IPv6:::1]"},
              {"", "@", "a@", "@b", "a b@c", ".a@b", "a.@b", "a..b@c", "a@b_c", "a@[127.0.0.300]", "a@-b", "\"a\"b\"@c",
               "\xc3\xa4@b.example"}},
        Texts{"idn-email", {"\xc3\xa4@\xc3\xb6.example", "a@b"}, {"", "\xc3\xa4", "\xc3\xa4 b@c", "a@\xc3\xb6 b"}},
        Texts{"hostname",
              {"a", "1a.example", "xn--4gbwdl.xn--wgbh1c"},
              {"", ".", "a.", "-a", "a-", "a_b", "a..b", "\xc3\xa4"}},
        Texts{"ipv4", {"0.0.0.0", "255.255.255.255"}, {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4 "}},
        Texts{"ipv6",
              {"::", "::1", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4"},
              {"", ":", ":::", "1::2::3", "::1%eth0", "12345::", "::1/64"}},
        Texts{"uri-reference",
              {"", "a", "/a?b#c", "//h/a", "a/b:c", "http://h/"},
              {"\\\\h\\a", "a b", "#a\\b", "%4", "1:a"}},
        Texts{"iri", {"http://\xc3\xa4/\xc3\xb6"}, {"\xc3\xa4", "\xc3\xa4://h", "http://h/a b"}},
        Texts{"iri-reference", {"\xc3\xa4", "#\xc3\xa4", ""}, {"\\\xc3\xa4", "#\\\xc3\xa4"}},
        Texts{"uri-template",
              {"", "a/{b:1}/{+c,d*}{?e.f}", "{%41}"},
              {"{", "}", "{a", "a}", "{a}}", "{}", "{a:0}", "a b", "{a b}"}},
        Texts{"json-pointer", {"", "/", "/a~0~1b/", "/\xc3\xa4"}, {"a", "#/a", "/~", "/~2", "/a/~"}},
        Texts{"relative-json-pointer", {"0", "12/a", "0#"}, {"", "#", "/a", "-1", "01", "0##", "0a"}},
        Texts{"regex", {"", "^a+$", "(?=a)b", "(a)\\1", "a{2000}b|c"}, {"^(abc]", "a**b[", "\\Z", "x{2,1}|y", "+"}}),
    [](const auto& texts) {
      std::string name;
      for (const char* c = texts.param.format; *c != 0; ++c) name += *c == '-' ? '_' : *c;
      return name;
    });

TEST(Formats, AreAssertedByASchemaOnTextsOnly) {
  const auto schema = std::get<Schema>(Schema::compile(R"({"format": "ipv4"})"));
  EXPECT_TRUE(schema.remarks().empty());
  Validator validator;
  ASSERT_TRUE(validator.parse("\"1.2.3\""));
  ASSERT_EQ(validator.explain(schema).size(), 1U);
  EXPECT_EQ(validator.explain(schema)[0].message, "is not an ipv4");
  ASSERT_TRUE(validator.parse("5"));
  EXPECT_TRUE(validator.passes(schema));
}

TEST(Formats, ThatAreNotAssertedAreRemarkedWithTheirPlace) {
  const auto compiled =
      Schema::compile("{\"properties\": {\"a\": {\n  \"format\": \"idn-hostname\"}, \"b\": {\"format\": \"date\"}}}");
  const auto& remarks = std::get<Schema>(compiled).remarks();
  ASSERT_EQ(remarks.size(), 1U);
  EXPECT_EQ(remarks[0].path, "/properties/a/format");
  EXPECT_EQ(remarks[0].line, 2U);
  EXPECT_EQ(remarks[0].message.substr(0, 61), "the format \"idn-hostname\" is not checked, every text passes; ");
}

}  // namespace
}  // namespace tributary::schema
