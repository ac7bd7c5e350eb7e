#include "connectors/link/credential.hpp"

#include <gtest/gtest.h>

#include <utility>

#include "text/time.hpp"

namespace tributary::connectors {
namespace {

// Payloads: {"channel":"5eb8a1f0c2d3e4f5a6b7c8d9","exp":1893456000} and so on, base64url; header and signature are
// fake.
TEST(ClaimsOf, ReadsExpiryAndChannelOfAJwt) {
  const auto claims =
      claims_of("e30.eyJjaGFubmVsIjoiNWViOGExZjBjMmQzZTRmNWE2YjdjOGQ5IiwiZXhwIjoxODkzNDU2MDAwfQ.fake-signature");
  EXPECT_EQ(claims.channel, "5eb8a1f0c2d3e4f5a6b7c8d9");
  ASSERT_TRUE(claims.expires);
  EXPECT_EQ(text::to_text(*claims.expires), "2030-01-01T00:00:00.000Z");
}

TEST(ClaimsOf, AnythingElseIsEmpty) {
  for (auto token : {"", ".", "..", "a.b", "not a token", "e30.!!!.x", "e30.e30.x", "e30.W10.x",
                     "e30.eyJleHAiOiJ4In0.x", "e30.eyJleHAiOjFlMzAwfQ.x"}) {
    const auto claims = claims_of(token);
    EXPECT_FALSE(claims.expires) << token;
    EXPECT_EQ(claims.channel, "") << token;
  }
}

TEST(ClaimsOf, ReadsAnExpiryThatIsWrittenAsAString) {
  // {"exp":"1893456000"}, {"exp":1893456000.5}, {"exp":"1.893456e9"}
  for (auto token : {"e30.eyJleHAiOiIxODkzNDU2MDAwIn0.x", "e30.eyJleHAiOjE4OTM0NTYwMDAuNX0.x",
                     "e30.eyJleHAiOiIxLjg5MzQ1NmU5In0.x"}) {
    const auto claims = claims_of(token);
    ASSERT_TRUE(claims.expires) << token;
    EXPECT_EQ(text::to_text(*claims.expires), "2030-01-01T00:00:00.000Z");
    EXPECT_EQ(claims.odd_expiry, "");
  }
}

TEST(ClaimsOf, KeepsAnExpiryThatCannotBeMeant) {
  const std::pair<const char*, const char*> tokens[] = {{"e30.eyJleHAiOi01fQ.x", R"(-5)"},
                                                        {"e30.eyJleHAiOjB9.x", R"(0)"},
                                                        {"e30.eyJleHAiOiJuZXZlciJ9.x", R"("never")"},
                                                        {"e30.eyJleHAiOjE4OTM0NTYwMDAwMDB9.x", R"(1893456000000)"},
                                                        {"e30.eyJleHAiOm51bGx9.x", R"(null)"},
                                                        {"e30.eyJleHAiOlsxXX0.x", R"([1])"}};
  for (const auto& [token, expiry] : tokens) {
    const auto claims = claims_of(token);
    EXPECT_FALSE(claims.expires) << expiry;
    EXPECT_EQ(claims.odd_expiry, expiry);
  }
  EXPECT_EQ(claims_of("e30.e30.x").odd_expiry, "") << "missing is not odd";
}

TEST(Redacted, RemovesTheSecretInItsForms) {
  EXPECT_EQ(redacted("token abc refused: abc", "abc", 100), "token <redacted> refused: <redacted>");
  EXPECT_EQ(redacted(R"({"t":"a\"b"})", "a\"b", 100), R"({"t":"<redacted>"})");
  EXPECT_EQ(redacted("xxSECRET", "SECRET", 4), "xx<r");
  EXPECT_EQ(redacted("anything", "", 100), "anything");
}

}  // namespace
}  // namespace tributary::connectors
