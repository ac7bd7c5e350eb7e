#include "connectors/oha/redaction.hpp"

#include <gtest/gtest.h>

namespace tributary::connectors::oha {
namespace {

TEST(Redaction, LeavesWhatHoldsNoSecret) {
  Redaction redaction;
  EXPECT_EQ(redaction.cleaned("anything"), "anything");
  redaction.keep_out({"secret-key", ""});
  const std::string text = "a text without it";
  EXPECT_EQ(redaction.cleaned(text).data(), text.data()) << "not even copied";
}

TEST(Redaction, TakesEveryFormOut) {
  Redaction redaction;
  redaction.keep_out({"se/cr\"et?>"});
  EXPECT_EQ(redaction.cleaned("1 se/cr\"et?> 2 se/cr\"et?>"), "1 <redacted> 2 <redacted>");
  EXPECT_EQ(redaction.cleaned(R"(x se/cr\"et?> y)"), "x <redacted> y");
  EXPECT_EQ(redaction.cleaned(R"(x se\/cr\"et?> y)"), "x <redacted> y");
  EXPECT_EQ(redaction.cleaned("x se%2Fcr%22et%3F%3E y"), "x <redacted> y");
  EXPECT_EQ(redaction.cleaned("x c2UvY3IiZXQ/Pg== y"), "x <redacted>g== y");
  EXPECT_EQ(redaction.cleaned("x c2UvY3IiZXQ_Pg y"), "x <redacted>g y");
}

TEST(Redaction, ShortSecretsAreLikeOrdinaryText) {
  Redaction redaction;
  redaction.keep_out({"12345", "123456"});
  EXPECT_EQ(redaction.cleaned("12345 123456"), "12345 <redacted>");
}

TEST(Redaction, NewSecretsReplaceTheOld) {
  Redaction redaction;
  redaction.keep_out({"old-secret"});
  redaction.keep_out({"new-secret"});
  EXPECT_EQ(redaction.cleaned("old-secret new-secret"), "old-secret <redacted>");
}

}  // namespace
}  // namespace tributary::connectors::oha
