#include "text/roff.hpp"

#include <gtest/gtest.h>

namespace tributary::text {
namespace {

TEST(Roff, NothingIsTakenForARequestOrAnEscape) {
  EXPECT_EQ(roff(".sh\n'x\n a.b"), "\\&.sh\n\\&\\(aqx\n a.b");
  EXPECT_EQ(roff(R"(C:\n "a" -c `x` ~^)"), R"(C:\en \(dqa\(dq \-c \(gax\(ga \(ti\(ha)");
}

TEST(Roff, OtherCharactersStay) { EXPECT_EQ(roff("µs → 3 %"), "µs → 3 %"); }

}  // namespace
}  // namespace tributary::text
