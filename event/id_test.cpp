#include "event/id.hpp"

#include <gtest/gtest.h>

namespace tributary::event {
namespace {

// Vectors: printf 'dlive\nalice\nGift\n42' | sha256sum | cut -c1-24, and so on.
TEST(DerivedId, IsTheFirst24HexDigitsOfTheJoinedFields) {
  EXPECT_EQ(derived_id({"dlive", "alice", "Gift", "42"}), "2d68a4a8774f22a2b68ec239");
  EXPECT_EQ(derived_id({"streamelements", "main-stage", "01K9ZB4T", "3", "1204"}), "a4039bf906e5f16674f59a50");
}

TEST(DerivedId, OfDifferentSplitsDiffers) { EXPECT_NE(derived_id({"a", "bc"}), derived_id({"ab", "c"})); }

TEST(Sha256, OfNothingIsTheKnownValue) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

}  // namespace
}  // namespace tributary::event
