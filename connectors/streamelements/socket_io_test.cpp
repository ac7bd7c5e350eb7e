#include "connectors/streamelements/socket_io.hpp"

#include <gtest/gtest.h>

namespace tributary::connectors::streamelements {
namespace {

using Kind = Packet::Kind;

TEST(Packet, KnowsEveryEngineIoType) {
  EXPECT_EQ(Packet::read("0{}").kind, Kind::open);
  EXPECT_EQ(Packet::read("0{}").body, "{}");
  EXPECT_EQ(Packet::read("1").kind, Kind::close);
  EXPECT_EQ(Packet::read("2").kind, Kind::ping);
  EXPECT_EQ(Packet::read("2probe").body, "probe");
  EXPECT_EQ(Packet::read("3").kind, Kind::pong);
  EXPECT_EQ(Packet::read("5").kind, Kind::upgrade);
  EXPECT_EQ(Packet::read("6").kind, Kind::noop);
}

TEST(Packet, KnowsEverySocketIoType) {
  EXPECT_EQ(Packet::read("40").kind, Kind::connect);
  EXPECT_EQ(Packet::read("40{\"sid\":\"x\"}").body, "{\"sid\":\"x\"}");
  EXPECT_EQ(Packet::read("41").kind, Kind::disconnect);
  EXPECT_EQ(Packet::read("42[\"a\"]").kind, Kind::event);
  EXPECT_EQ(Packet::read("431[]").kind, Kind::ack);
  EXPECT_EQ(Packet::read("44\"no\"").kind, Kind::error);
  EXPECT_EQ(Packet::read("451-[\"a\"]").kind, Kind::binary_event);
  EXPECT_EQ(Packet::read("461-7[]").kind, Kind::binary_ack);
}

TEST(Packet, CutsNameSpaceIdAndBody) {
  const auto packet = Packet::read("42/chat?token=x,17[\"a\",1]");
  EXPECT_EQ(packet.name_space, "/chat");
  EXPECT_EQ(packet.ack_id, "17");
  EXPECT_EQ(packet.body, "[\"a\",1]");
  EXPECT_EQ(Packet::read("42/,[\"a\"]").name_space, "");
  EXPECT_EQ(Packet::read("41/chat").name_space, "/chat");
  EXPECT_EQ(Packet::read("44/nope,\"Invalid namespace\"").body, "\"Invalid namespace\"");
}

TEST(Packet, CountsAttachments) {
  const auto packet = Packet::read("4512-/x,3[\"bin\"]");
  EXPECT_EQ(packet.attachments, 12u);
  EXPECT_EQ(packet.name_space, "/x");
  EXPECT_EQ(packet.ack_id, "3");
  EXPECT_EQ(Packet::read("45[\"bin\"]").kind, Kind::broken);
  EXPECT_EQ(Packet::read("45-[\"bin\"]").kind, Kind::broken);
  EXPECT_EQ(Packet::read("459999-[\"bin\"]").kind, Kind::broken);
  EXPECT_EQ(Packet::read("4599999999999-[\"bin\"]").kind, Kind::broken);
}

TEST(Packet, RefusesWhatIsNone) {
  for (auto message : {"", "4", "9", "49", "x", "47", "-", "{\"a\":1}",
                       "\xEF\xBB\xBF"
                       "40",
                       "b4AQID"}) {
    EXPECT_EQ(Packet::read(message).kind, Kind::broken) << message;
    EXPECT_FALSE(Packet::read(message).fault.empty());
  }
  EXPECT_EQ(Packet::read("42" + std::string(21, '7') + "[]").kind, Kind::broken);
}

TEST(Messages, AreWrittenWithEscapes) {
  EXPECT_EQ(authenticate_message("jwt", "a\"b"), R"(42["authenticate",{"method":"jwt","token":"a\"b"}])");
  EXPECT_EQ(ack_message("12"), "4312[]");
}

}  // namespace
}  // namespace tributary::connectors::streamelements
