#include "config/plain_text.hpp"

#include <gtest/gtest.h>

namespace tributary::config {
namespace {

TEST(PlainText, loses_one_byte_order_mark) {
  EXPECT_EQ(without_byte_order_mark("\xef\xbb\xbf{}"), "{}");
  EXPECT_EQ(without_byte_order_mark("{}"), "{}");
  EXPECT_EQ(without_byte_order_mark("\xef\xbb"), "\xef\xbb");
  EXPECT_EQ(without_byte_order_mark(""), "");
}

TEST(PlainText, in_another_encoding_is_told_by_its_name) {
  const std::string utf16 = "is in UTF-16, as Windows writes it; expected UTF-8: save it again as UTF-8";
  EXPECT_EQ(encoding_fault(std::string_view("\xff\xfe{\0}\0", 6)), utf16);
  EXPECT_EQ(encoding_fault(std::string_view("\xfe\xff\0{\0}", 6)), utf16);
  EXPECT_EQ(encoding_fault(std::string_view("{\0}\0", 4)), utf16);
  EXPECT_EQ(encoding_fault(std::string_view("\0{\0}", 4)), utf16);
  EXPECT_EQ(encoding_fault("caf\xe9"), "is not in UTF-8; save it again as UTF-8");
  EXPECT_EQ(encoding_fault("caf\xc3\xa9"), "");
  EXPECT_EQ(encoding_fault(std::string_view("a\0", 2)), "");
  EXPECT_EQ(encoding_fault(""), "");
}

}  // namespace
}  // namespace tributary::config
