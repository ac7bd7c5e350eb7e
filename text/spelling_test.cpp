#include "text/spelling.hpp"

#include <gmock/gmock.h>

#include <array>

namespace tributary::text {
namespace {

constexpr std::array<std::string_view, 6> known{"url", "auth", "method", "ping_interval", "tls", "frame_limit"};

TEST(Nearest, finds_the_word_a_slip_away) {
  EXPECT_EQ(nearest("urk", known), "url");
  EXPECT_EQ(nearest("ulr", known), "url");
  EXPECT_EQ(nearest("Auth", known), "auth");
  EXPECT_EQ(nearest("methd", known), "method");
  EXPECT_EQ(nearest("pingInterval", known), "ping_interval");
  EXPECT_EQ(nearest("ping-interval", known), "ping_interval");
  EXPECT_EQ(nearest("frame", known), "frame_limit");
}

TEST(Nearest, finds_nothing_for_a_word_that_is_far) {
  EXPECT_EQ(nearest("zzz", known), std::nullopt);
  EXPECT_EQ(nearest("q", known), std::nullopt);
  EXPECT_EQ(nearest("", known), std::nullopt);
  EXPECT_EQ(nearest(std::string(100'000, 'a'), known), std::nullopt);
}

TEST(Alternatives, leave_out_the_word_that_is_none) {
  constexpr std::array<std::string_view, 3> words{"", "PLAIN", "OAUTHBEARER"};
  EXPECT_EQ(alternatives(words), "PLAIN or OAUTHBEARER");
  EXPECT_EQ(alternatives(known), "url, auth, method, ping_interval, tls or frame_limit");
}

TEST(Quote, clips_and_escapes_what_a_terminal_would_obey) {
  EXPECT_EQ(quote("a b"), "`a b`");
  EXPECT_EQ(quote("\x1b[31m\n"), "`\\x1b[31m\\x0a`");
  EXPECT_EQ(quote("b\xc3\xa4ume \xc2\x9b"), "`b\xc3\xa4ume \\xc2\\x9b`");
  EXPECT_EQ(quote("\xc3(\xff"), "`\\xc3(\\xff`");
  EXPECT_EQ(quote(std::string(63, 'x') + "\xc3\xa4y"), "`" + std::string(63, 'x') + "\xc3\xa4...`");
  EXPECT_EQ(quote(std::string(100, 'x')), "`" + std::string(64, 'x') + "...`");
}

TEST(Utf8, is_refused_at_its_first_bad_byte) {
  EXPECT_EQ(bad_utf8("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x8e\x89\xed\x9f\xbf"), std::string_view::npos);
  for (const auto* bad : {"ab\x80", "ab\xc3", "ab\xc0\x80", "ab\xe0\x80\x80", "ab\xed\xa0\x80", "ab\xf0\x80\x80\x80",
                          "ab\xf4\x90\x80\x80", "ab\xf5\x80\x80\x80", "ab\xc3z", "ab\xff"}) {
    EXPECT_EQ(bad_utf8(bad), 2U) << quote(bad);
  }
}

}  // namespace
}  // namespace tributary::text
