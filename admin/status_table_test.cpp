#include "admin/status_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "admin/status_fixture.hpp"
#include "admin/status_json.hpp"

namespace tributary::admin {
namespace {

using namespace samples;
using ::testing::HasSubstr;
using ::testing::Not;

std::string table_of(const Snapshot& snapshot, const TableLook& look = {}) {
  return status_table(status_json(snapshot, {}), look).value().text;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

TEST(StatusTable, BeginsWithWhetherAllIsWell) {
  auto snapshot = quiet_snapshot();
  snapshot.connectors = {live_connector("main-stage", 1204)};
  snapshot.sinks = {healthy_sink("events", 1200)};
  snapshot.sinks[0].ledger.in_flight = 4;
  snapshot.sinks[0].oldest_age = 20ms;
  EXPECT_EQ(table_of(snapshot),
            "all is well: 1 upstream is live, 1 sink keeps up\n"
            "tributary 0.1.0, up 60 min, run 01K9ZB4T, /etc/tributary/tributary.yaml\n"
            "\n"
            "UPSTREAM    TYPE   STATE  REASON  LAST EVENT  RATE   EVENTS\n"
            "main-stage  dlive  live   -       2 s         0.0/s  1204\n"
            "\n"
            "SINK    TYPE   STATE  DELIVERED  WAITING  OLDEST  MEMORY         SPOOL  LOST\n"
            "events  kafka  ok     1200       4        20 ms   0 B of 64 MiB  -      0\n");
}

TEST(StatusTable, TroubleStandsBelowTheHeadlineInWords) {
  auto snapshot = quiet_snapshot();
  snapshot.connectors = {live_connector("main-stage"),
                         waiting_connector("hall", net::Reason::connect_refused, "connection refused")};
  const auto lines = lines_of(table_of(snapshot));
  EXPECT_EQ(lines[0], "1 of 2 upstreams needs attention: hall (connect_refused)");
  EXPECT_EQ(lines[1], "! hall: connect_refused: connection refused; next attempt in 12 s");
  EXPECT_FALSE(status_table(status_json(snapshot, {}), {})->well);
}

TEST(StatusTable, AChannelSinkSaysWhatItSent) {
  auto snapshot = quiet_snapshot();
  snapshot.sinks = {healthy_sink("hall-screen")};
  snapshot.sinks[0].connector = "hall";
  snapshot.sinks[0].ledger.offered = snapshot.sinks[0].ledger.sent = 12;
  EXPECT_THAT(table_of(snapshot), HasSubstr("12 sent"));
}

TEST(StatusTable, ColoursOnlyWhenAskedFor) {
  auto snapshot = quiet_snapshot();
  snapshot.connectors = {live_connector("main-stage")};
  EXPECT_THAT(table_of(snapshot), Not(HasSubstr("\x1b")));
  EXPECT_THAT(table_of(snapshot, {true, 120}), HasSubstr("\x1b[32mlive\x1b[0m"));
}

TEST(StatusTable, NothingOfTheTextsSteersATerminal) {
  auto snapshot = quiet_snapshot();
  snapshot.connectors = {waiting_connector("hall", net::Reason::closed, "\x1b[2J gone \u202e reversed\r\nnext")};
  const auto text = table_of(snapshot);
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, Not(HasSubstr("\u202e")));
  EXPECT_THAT(text, Not(HasSubstr("\r")));
  EXPECT_THAT(text, HasSubstr(" [2J gone   reversed  next"));
}

TEST(StatusTable, NoLineIsWiderThanTheTerminal) {
  auto snapshot = quiet_snapshot();
  snapshot.connectors = {
      waiting_connector("hällé-" + std::string(60, 'x'), net::Reason::closed, std::string(300, 'y'))};
  snapshot.sinks = {healthy_sink("events")};
  for (const auto& line : lines_of(table_of(snapshot, {false, 60}))) {
    std::size_t width = 0;
    for (const char c : line) width += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1U : 0U;
    EXPECT_LE(width, 60U) << line;
  }
}

TEST(StatusTable, ReadsAnswersOfOtherVersionsAndRefusesWhatIsNone) {
  const auto other = status_table(R"({"level":"well","headline":"fine","connectors":[{"name":"hall"},7]})", {});
  ASSERT_TRUE(other);
  EXPECT_TRUE(other->well);
  EXPECT_THAT(other->text, HasSubstr("hall"));
  EXPECT_FALSE(status_table("<html>", {}));
  EXPECT_FALSE(status_table("{}", {}));
  EXPECT_FALSE(status_table("[]", {}));
}

TEST(StatusTable, AgesAndSizesAreShort) {
  EXPECT_EQ(age_text(0), "0 ms");
  EXPECT_EQ(age_text(1.9), "1 s");
  EXPECT_EQ(age_text(119), "119 s");
  EXPECT_EQ(age_text(120), "2 min");
  EXPECT_EQ(age_text(7200), "2 h");
  EXPECT_EQ(age_text(200'000), "2 d");
  EXPECT_EQ(size_text(0), "0 B");
  EXPECT_EQ(size_text(1536), "1.5 KiB");
  EXPECT_EQ(size_text(64 << 20), "64 MiB");
}

}  // namespace
}  // namespace tributary::admin
