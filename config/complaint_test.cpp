#include "config/complaint.hpp"

#include <gmock/gmock.h>

namespace tributary::config {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

TEST(Complaint, is_one_line_that_a_terminal_may_show) {
  EXPECT_EQ(complaint("", ""), "");
  EXPECT_EQ(complaint(" \r\n", ""), "");
  EXPECT_EQ(complaint("error:\n\tno such user\r\n\n", ""), "error: no such user");
  EXPECT_EQ(complaint("\x1b[31mred\xc2\x9b", ""), "\\x1b[31mred\\xc2\\x9b");
  EXPECT_EQ(complaint("bad \xff byte", ""), "bad \\xff byte");
}

TEST(Complaint, keeps_the_end_of_a_long_one) {
  std::string words;
  for (int i = 0; i < 100; ++i) words += "tr\xc3\xa4ge ";
  words += "the reason";
  const auto said = complaint(words, "");
  EXPECT_THAT(said, StartsWith("..."));
  EXPECT_THAT(said, EndsWith("the reason"));
  EXPECT_THAT(said, SizeIs(testing::Le(204)));
  EXPECT_THAT(said, Not(HasSubstr("\\x")));
}

TEST(Complaint, hides_what_was_printed_as_the_secret) {
  EXPECT_EQ(complaint("+ echo fake-hush two\n", "fake-hush\n"), "+ echo <redacted> two");
  EXPECT_EQ(complaint("fake-hushfake-hush", "fake-hush"), "<redacted><redacted>");
  EXPECT_EQ(complaint("a is no user", "a\n"), "a is no user");  // so short a word hides nothing
}

TEST(Complaint, hides_what_looks_like_a_token) {
  EXPECT_EQ(complaint("bad token eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjF9.c2ln!", ""), "bad token <redacted>!");
  EXPECT_EQ(complaint("key=0123456789abcdef0123456789abcdef", ""), "key=<redacted>");
  EXPECT_EQ(complaint("open /run/Secrets4/se-account-of-the-show.jwt: denied", ""),
            "open /run/Secrets4/se-account-of-the-show.jwt: denied");
  EXPECT_EQ(complaint("ConnectionRefusedError at vault.internal.example.com:8200", ""),
            "ConnectionRefusedError at vault.internal.example.com:8200");
}

}  // namespace
}  // namespace tributary::config
