#include "connectors/credential.hpp"

#include <gtest/gtest.h>

#include "event/time.hpp"

namespace tributary::connectors {
namespace {

// Payloads: {"channel":"5eb8a1f0c2d3e4f5a6b7c8d9","exp":1893456000} and so on, base64url; header and signature are
// fake.
TEST(ClaimsOf, ReadsExpiryAndChannelOfAJwt) {
  const auto claims =
      claims_of("e30.eyJjaGFubmVsIjoiNWViOGExZjBjMmQzZTRmNWE2YjdjOGQ5IiwiZXhwIjoxODkzNDU2MDAwfQ.fake-signature");
  EXPECT_EQ(claims.channel, "5eb8a1f0c2d3e4f5a6b7c8d9");
  ASSERT_TRUE(claims.expires);
  EXPECT_EQ(event::to_text(*claims.expires), "2030-01-01T00:00:00.000Z");
}

TEST(ClaimsOf, AnythingElseIsEmpty) {
  for (auto token : {"", ".", "..", "a.b", "not a token", "e30.!!!.x", "e30.e30.x", "e30.W10.x",
                     "e30.eyJleHAiOiJ4In0.x", "e30.eyJleHAiOjFlMzAwfQ.x"}) {
    const auto claims = claims_of(token);
    EXPECT_FALSE(claims.expires) << token;
    EXPECT_EQ(claims.channel, "") << token;
  }
}

TEST(Redacted, RemovesTheSecretInItsForms) {
  EXPECT_EQ(redacted("token abc refused: abc", "abc", 100), "token <redacted> refused: <redacted>");
  EXPECT_EQ(redacted(R"({"t":"a\"b"})", "a\"b", 100), R"({"t":"<redacted>"})");
  EXPECT_EQ(redacted("xxSECRET", "SECRET", 4), "xx<r");
  EXPECT_EQ(redacted("anything", "", 100), "anything");
}

}  // namespace
}  // namespace tributary::connectors
