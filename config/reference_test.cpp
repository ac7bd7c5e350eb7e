#include <gmock/gmock.h>

#include "config/fixture.hpp"

namespace tributary::config {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(Reference, is_a_configuration_without_a_fault) {
  const Loaded loaded = load_text(reference(fixture::vocabulary()), "tributary.yaml", fixture::vocabulary());
  EXPECT_THAT(fixture::lines(loaded.faults), IsEmpty());
}

TEST(Reference, shows_the_defaults_the_structs_have) {
  const Loaded loaded = load_text(reference(fixture::vocabulary()), "tributary.yaml", fixture::vocabulary());
  ASSERT_TRUE(loaded.settings);
  const auto& shown = loaded.settings->connector("main")->as<fixture::Gauge>();
  const fixture::Gauge fresh;
  EXPECT_EQ(shown.common.frame_limit, fresh.common.frame_limit);
  EXPECT_EQ(shown.common.dedupe.window, fresh.common.dedupe.window);
  EXPECT_EQ(shown.nap, fresh.nap);
  EXPECT_EQ(loaded.settings->stop_timeout, Settings().stop_timeout);
}

TEST(Reference, has_every_key_that_the_reader_knows_and_none_of_later_versions) {
  const std::string text = reference(fixture::vocabulary());
  for (const auto* key :
       {"instance:", "include:", "url:", "token:", "# nap:", "reset_after:", "dials_per_second:", "io_threads:",
        "properties:", "marks:", "trusted_origins:", "- to:", "where:", "# tls:", "record:"}) {
    EXPECT_THAT(text, HasSubstr(key));
  }
  for (const auto* key : {"backfill:", "exposure", "sluice", "weir"}) {
    EXPECT_THAT(text, Not(HasSubstr(key)));
  }
}

TEST(Reference, is_at_most_120_columns_wide) {
  std::istringstream lines(reference(fixture::vocabulary()));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 120U) << line;
}

}  // namespace
}  // namespace tributary::config
