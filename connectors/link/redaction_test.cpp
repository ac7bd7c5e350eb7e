#include "connectors/link/redaction.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace tributary::connectors {
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
  EXPECT_EQ(redaction.cleaned(R"("x se/cr\"et?> y")"), R"("x <redacted> y")");
  EXPECT_EQ(redaction.cleaned(R"("x se\/cr\"et?> y")"), R"("x <redacted> y")");
  EXPECT_EQ(redaction.cleaned(R"("x \u0073e/cr\u0022et?> y")"), R"("x <redacted> y")");
  EXPECT_EQ(redaction.cleaned(R"("x se%2Fcr%22et%3F%3E y")"), R"("x <redacted> y")");
  EXPECT_EQ(redaction.cleaned(R"("x se%2fcr%22et%3f%3e y")"), R"("x <redacted> y")");
  EXPECT_EQ(redaction.cleaned(R"("x c2UvY3IiZXQ/Pg== y")"), R"("x <redacted>g== y")");
  EXPECT_EQ(redaction.cleaned(R"("x c2UvY3IiZXQ_Pg y")"), R"("x <redacted>g y")");
  // base64 of `:` and of `a:` and then the secret
  EXPECT_EQ(redaction.cleaned(R"("OnNlL2NyImV0Pz4=")"), R"("On<redacted>4=")");
  EXPECT_EQ(redaction.cleaned(R"("YTpzZS9jciJldD8+")"), R"("YTp<redacted>")");
}

TEST(Redaction, LeavesTheRestOfTheTextAsItIs) {
  Redaction redaction;
  redaction.keep_out({"123456", "word-secret"});
  EXPECT_EQ(redaction.cleaned(R"({"a":123456,"b":1234567,"c":[-1.50e3,"\u00e9\n word-secret"],"\u0064":true})"),
            R"({"a":0,"b":1234567,"c":[-1.50e3,"é\n <redacted>"],"\u0064":true})");
  EXPECT_EQ(redaction.cleaned("no JSON, word-secret and \"cut word-secret"),
            "no JSON, <redacted> and \"cut <redacted>");
}

TEST(Redaction, FindsASecretWhereverItStands) {
  Redaction redaction;
  const std::string secret = "seTr1Se";
  redaction.keep_out({secret});
  std::mt19937 random(1);
  int found = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (auto left = random() % 60; left != 0; --left) text += "seTr1S"[random() % 6];
    if (random() % 2 == 0) text.insert(random() % (text.size() + 1), secret, 0, 5 + random() % 3);
    const bool there = text.find(secret) != std::string::npos;
    ASSERT_EQ(redaction.stands_in(text), there) << text;
    found += there ? 1 : 0;
  }
  EXPECT_GT(found, 1'000);
  EXPECT_LT(found, 19'000);
  const std::string often(1'000, 'T');  // its rarest letter, in vain
  EXPECT_FALSE(redaction.stands_in(often));
  EXPECT_TRUE(redaction.stands_in(often + secret));
}

TEST(Redaction, WipesWordsWhereverTheyHoldASecret) {
  Redaction redaction;
  redaction.keep_out({"123456", "se/cr\"et?>"});
  EXPECT_EQ(redaction.wiped("no way with se/cr\"et?> or 123456"), "no way with <redacted> or <redacted>");
  EXPECT_EQ(redaction.wiped("/path/se%2Fcr%22et%3F%3E?x"), "/path/<redacted>?x");
  EXPECT_EQ(redaction.wiped("nothing"), "nothing");
}

TEST(Redaction, WipesABeginningThatWasCutOff) {
  Redaction redaction;
  redaction.keep_out({"a-long-secret-of-many-words"});
  EXPECT_EQ(redaction.wiped("refused: a-long-secret-of-m"), "refused: <redacted>");
  EXPECT_EQ(redaction.wiped("refused: a-lon"), "refused: a-lon") << "too like ordinary text";
}

TEST(Redaction, ASecretOfDigitsIsNotSoughtInLongerNumbers) {
  Redaction redaction;
  redaction.keep_out({"202611"});
  EXPECT_EQ(redaction.wiped(R"({"at":1720261134567,"code":202611})"), R"({"at":1720261134567,"code":0})");
  EXPECT_EQ(redaction.wiped("code 202611, at 1720261134567"), "code 0, at 1720261134567");
}

TEST(Redaction, NoSpellingOfAStringShowsASecretThatItDoesNotSay) {
  Redaction redaction;
  redaction.keep_out({"foo-secret"});
  EXPECT_EQ(redaction.cleaned(R"({"a\\foo-secret":"b\foo-secret"})"), R"({"a\\<redacted>":"b<redacted>"})");
}

TEST(Redaction, CleansItsOwnCopyAgain) {
  Redaction redaction;
  redaction.keep_out({"word-secret"});
  const auto once = redaction.cleaned("no JSON about word-secret, nor \"word-secret\"");
  EXPECT_EQ(redaction.wiped(once), "no JSON about <redacted>, nor \"<redacted>\"");
}

TEST(Redaction, SeesASecretThatStandsInAFrame) {
  Redaction redaction;
  EXPECT_FALSE(redaction.stands_in("anything"));
  const std::string head = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtYWRlLXVwIn0.";
  redaction.keep_out({head + "0123456789abcdef-made-up-signature", "a/b\"c-made-up"});
  EXPECT_TRUE(redaction.stands_in("[\"" + head + "0123456789abcdef-made-up-signature\"]"));
  EXPECT_FALSE(redaction.stands_in("[\"" + head + "another-signature-of-another-token\"]"));
  EXPECT_TRUE(redaction.stands_in(R"(["a/b\"c-made-up"])"));
  EXPECT_TRUE(redaction.stands_in(R"(["a\/b\"c-made-up"])"));
}

TEST(Redaction, ShortSecretsAreLikeOrdinaryText) {
  Redaction redaction;
  redaction.keep_out({"12345", "123456"});
  EXPECT_EQ(redaction.cleaned("\"12345 123456\""), "\"12345 <redacted>\"");
}

TEST(Redaction, NewSecretsReplaceTheOld) {
  Redaction redaction;
  redaction.keep_out({"old-secret"});
  redaction.keep_out({"new-secret"});
  EXPECT_EQ(redaction.cleaned("\"old-secret new-secret\""), "\"old-secret <redacted>\"");
}

}  // namespace
}  // namespace tributary::connectors
