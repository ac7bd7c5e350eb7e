#include "daemon/check_report.hpp"

#include <gtest/gtest.h>

#include "daemon/vocabulary.hpp"

namespace tributary::daemon {
namespace {

TEST(CheckReport, AFaultStandsAtItsKeyOrAtWhatHoldsIt) {
  const auto loaded = config::load_text("version: 1\nconnectors:\n  arcade: {type: dlive, streamers: [ada, bob]}\n",
                                        "t.yaml", vocabulary());
  CheckReport report(loaded);
  testing::internal::CaptureStdout();
  report.good("connectors.arcade", "authenticated");
  report.bad("connectors.arcade.streamers[1]", "nobody");
  report.warn("connectors.arcade.url", "the default is meant");
  report.bad("sinks.events", "\x1b[31m");
  EXPECT_EQ(testing::internal::GetCapturedStdout(),
            "ok     connectors.arcade: authenticated\n"
            "fault  t.yaml:3:42: connectors.arcade.streamers[1]: nobody\n"
            "warn   t.yaml:3:3: connectors.arcade.url: the default is meant\n"
            "fault  t.yaml: sinks.events: \\x1b[31m\n");
  EXPECT_EQ(report.faults(), 2);
}

}  // namespace
}  // namespace tributary::daemon
