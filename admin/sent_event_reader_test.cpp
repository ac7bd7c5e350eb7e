#include "admin/sent_event_reader.hpp"

#include <gtest/gtest.h>

namespace tributary::admin {
namespace {

TEST(SentEventReader, PutsPiecesTogether) {
  SentEventReader reader;
  EXPECT_TRUE(reader.take(": the events\nretry: 2000\n\nid: hall:1\nda").empty());
  const auto whole = reader.take("ta: {\"a\":1}\n\nevent: dropped\ndata: {\"count\":3}\r\n\r\n: still here\n\n");
  ASSERT_EQ(whole.size(), 2U);
  EXPECT_EQ(whole[0].name, "");
  EXPECT_EQ(whole[0].data, "{\"a\":1}");
  EXPECT_EQ(whole[1].name, "dropped");
  EXPECT_EQ(whole[1].data, "{\"count\":3}");
}

TEST(TapLine, SaysWhenWhereWhatWhoHowMuch) {
  EXPECT_EQ(tap_line(R"({"type":"tip","data":{"displayName":"Quiet Fox","amount":31,"currency":"BRL","message":"hi"},)"
                     R"("relay":{"connector":"arcade","receivedAt":"2026-10-01T12:34:56.912Z"}})"),
            "12:34:56.912  arcade        tip                 Quiet Fox           31 BRL      hi");
}

TEST(TapLine, MissingPartsAreLeftOutAndNothingSteersATerminal) {
  EXPECT_EQ(tap_line("[]"), "");
  EXPECT_EQ(tap_line("{"), "");
  EXPECT_EQ(tap_line(R"({"type":"live","data":7,"relay":null})"), "                live");
  const auto line = tap_line("{\"type\":\"tip\",\"data\":{\"username\":\"a\\u001b[2J\",\"message\":\"x\\ny\\u202e\"}}");
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_NE(line.find("x y"), std::string::npos);
}

}  // namespace
}  // namespace tributary::admin
