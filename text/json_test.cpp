#include "text/json.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace tributary::text {
namespace {

std::string json_string(std::string_view text) {
  std::string out;
  append_quoted(out, text);
  return out;
}

TEST(AppendQuoted, EveryByteBelow128ReadsBackAsItself) {
  for (int c = 0; c < 128; ++c) {
    const std::string text(1, static_cast<char>(c));
    EXPECT_EQ(nlohmann::json::parse(json_string(text)).get<std::string>(), text) << c;
  }
}

TEST(AppendQuoted, KeepsTextOfEveryPlane) {
  const std::string text = "h\xC3\xA9llo \xE2\x98\x83 \xF0\x9F\x98\x80 \"q\" \\ \n";
  EXPECT_EQ(nlohmann::json::parse(json_string(text)).get<std::string>(), text);
}

TEST(AppendRepaired, ReplacesEachMaximalInvalidSubpartOnce) {
  std::string out;
  // Table 3-8 of the Unicode standard: 61 F1 80 80 E1 80 C2 62 80 63 80 BF 64
  EXPECT_EQ(append_repaired(out, "\x61\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64"), 6U);
  EXPECT_EQ(out,
            "a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
            "b\xEF\xBF\xBD"
            "c\xEF\xBF\xBD\xEF\xBF\xBD"
            "d");
}

TEST(AppendRepaired, RefusesSurrogatesOverlongFormsAndBeyondTheLastPlane) {
  for (std::string_view bad : {"\xED\xA0\x80", "\xC0\xAF", "\xE0\x80\xAF", "\xF4\x90\x80\x80", "\xFF", "\xE2\x98"}) {
    std::string out;
    EXPECT_GT(append_repaired(out, bad), 0U);
    EXPECT_TRUE(valid_utf8(out));
  }
}

TEST(Clip, NeverCutsACharacter) {
  EXPECT_EQ(clip("a\xE2\x98\x83", 3), "a");
  EXPECT_EQ(clip("a\xE2\x98\x83", 4), "a\xE2\x98\x83");
  EXPECT_EQ(clip("abc", 0), "");
}

TEST(AppendNumber, WritesTheWholeRange) {
  std::string out;
  append_number(out, std::uint64_t{18446744073709551615U});
  out += ' ';
  append_number(out, std::int64_t{-9223372036854775807} - 1);
  EXPECT_EQ(out, "18446744073709551615 -9223372036854775808");
}

}  // namespace
}  // namespace tributary::text
