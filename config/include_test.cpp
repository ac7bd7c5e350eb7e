// More files than one.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "config/fixture.hpp"

namespace tributary::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class Include : public testing::Test {
 protected:
  Loaded load_main() const { return load(files / "main.yaml", fixture::vocabulary()); }

  std::vector<std::string> faults() const {
    std::vector<std::string> all;
    for (const auto& line : fixture::lines(load_main().faults)) {
      all.push_back(line.substr((files / "").string().size()));
    }
    return all;
  }

  fixture::Directory files;
};

TEST_F(Include, joins_connectors_sinks_and_routes_of_all_files_that_match) {
  files.write("main.yaml", "version: 1\ninclude: [parts/*.yaml]\nsinks: {s: {type: lines, path: a}}\n");
  files.write("parts/1.yaml", "version: 1\nsinks:\n  t: {type: lines, path: b}\nroutes: [{to: [s]}]\n");
  files.write("parts/2.yaml", "routes: [{to: [t]}]\nio_threads: 3\n");
  files.write("parts/other.txt", "not read");
  const Loaded loaded = load_main();
  ASSERT_TRUE(loaded.settings) << format(loaded.faults.at(0));
  EXPECT_EQ(loaded.settings->sink("s")->as<fixture::Lines>().path.resolved, files / "a");
  EXPECT_EQ(loaded.settings->sink("t")->as<fixture::Lines>().path.resolved, files / "parts/b");
  EXPECT_THAT(loaded.settings->routes, SizeIs(2));
  EXPECT_EQ(loaded.settings->io_threads, 3U);
}

TEST_F(Include, reports_faults_of_all_files_in_one_go) {
  files.write("main.yaml", "version: 1\ninclude: [a.yaml, b.yaml]\nlimts: {}\n");
  files.write("a.yaml", "version: 2\nsinks: {x: {type: lines, pth: a}}\n");
  files.write("b.yaml", "routes: [{to: [y]}]\n");
  EXPECT_THAT(faults(), ElementsAre("main.yaml:3:1: limts: unknown key `limts`; did you mean `limits`?",
                                    "a.yaml:1:10: version: expected 1, found `2`",
                                    "a.yaml:2:26: sinks.x.pth: unknown key `pth`; did you mean `path`?",
                                    "b.yaml:1:16: routes[0].to[0]: no sink is named `y`; expected x"));
}

TEST_F(Include, refuses_a_name_or_a_setting_in_two_files) {
  files.write("main.yaml", "version: 1\ninclude: [a.yaml]\nsinks: {s: {type: lines}}\nroutes: [{to: [s]}]\nlog: {}\n");
  files.write("a.yaml", "sinks:\n  s: {type: lines}\nlog: {}\n");
  const auto all = faults();
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_THAT(all[0], testing::StartsWith("a.yaml:2:3: sinks.s: `s` is already a name at "));
  EXPECT_THAT(all[0], testing::EndsWith("main.yaml:3"));
  EXPECT_THAT(all[1], testing::StartsWith("a.yaml:3:1: log: `log` is already set at "));
}

TEST_F(Include, refuses_a_cycle_and_shows_it) {
  files.write("main.yaml", "version: 1\ninclude: [a.yaml]\n");
  files.write("a.yaml", "include: [b.yaml]\n");
  files.write("b.yaml", "include: [\"*.yaml\"]\n");
  EXPECT_THAT(
      faults(),
      ElementsAre("b.yaml:1:11: include[0]: files include each other: a.yaml → b.yaml → a.yaml",
                  "b.yaml:1:11: include[0]: files include each other: b.yaml → b.yaml",
                  "b.yaml:1:11: include[0]: files include each other: main.yaml → a.yaml → b.yaml → main.yaml"));
}

TEST_F(Include, reads_a_file_once_when_patterns_overlap) {
  files.write("main.yaml", "version: 1\ninclude: [a.yaml, 'a*.yaml']\nroutes: [{to: [s]}]\n");
  files.write("a.yaml", "sinks: {s: {type: lines}}\n");
  EXPECT_THAT(faults(), IsEmpty());
}

TEST_F(Include, reports_files_that_are_missing_or_are_no_files) {
  files.write("main.yaml", "version: 1\ninclude: [no.yaml, pipe, dir, 5, []]\n");
  files.write("dir/x", "");
  ASSERT_EQ(::mkfifo((files / "pipe").c_str(), 0600), 0);
  const auto all = faults();
  ASSERT_THAT(all, SizeIs(5));
  EXPECT_THAT(all[0], testing::AllOf(HasSubstr("main.yaml:2:11: include[0]: "), HasSubstr("No such file")));
  EXPECT_THAT(all[1], HasSubstr("not a regular file"));
  EXPECT_THAT(all[2], HasSubstr("Is a directory"));
  EXPECT_THAT(all[3], HasSubstr("include[3]: "));
  EXPECT_THAT(all[4], HasSubstr("include[4]: expected a path or a pattern, found a list"));
}

TEST_F(Include, does_not_report_names_that_may_be_in_a_broken_file) {
  files.write("main.yaml", "version: 1\ninclude: [a.yaml]\nroutes: [{to: [s]}]\nio_threads: x\n");
  files.write("a.yaml", "sinks: {s: {type: lines}\n");
  const auto all = faults();
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_THAT(all[0], HasSubstr("io_threads"));
  EXPECT_THAT(all[1], HasSubstr("a.yaml:1:8: the `{` that begins here is not closed"));
}

TEST_F(Include, warns_of_a_pattern_that_matches_nothing) {
  files.write("main.yaml", "version: 1\ninclude: [parts/*.yaml]\n");
  const Loaded loaded = load_main();
  EXPECT_TRUE(loaded.settings);
  ASSERT_THAT(loaded.warnings, SizeIs(1));
  EXPECT_THAT(format(loaded.warnings[0]), HasSubstr("main.yaml:2:11: include[0]: no file matches"));
}

TEST_F(Include, reports_a_main_file_that_cannot_be_read) {
  EXPECT_THAT(faults(),
              ElementsAre("main.yaml: cannot be read: No such file or directory; make it, or correct the path"));
  std::filesystem::create_directory(files / "main.yaml");
  EXPECT_THAT(faults(), ElementsAre("main.yaml: cannot be read: Is a directory; expected a file"));
}

TEST_F(Include, may_be_refused) {
  const Loaded loaded =
      load_text("version: 1\ninclude: [/dev/zero]\n", "t.yaml", fixture::vocabulary(), Includes::refused);
  ASSERT_THAT(loaded.faults, SizeIs(1));
  EXPECT_EQ(format(loaded.faults[0]), "t.yaml:2:11: include[0]: includes are refused here");
}

TEST_F(Include, tells_what_was_read_and_where_patterns_were_looked_up) {
  files.write("main.yaml", "version: 1\ninclude: [gone.yaml, parts/*.yaml, 'p*s/deep/*.yaml']\n");
  files.write("parts/1.yaml", "routes: []\n");
  const auto sources = load_main().sources;
  EXPECT_THAT(sources.paths, ElementsAre(files / "main.yaml", files / "gone.yaml", files / "parts",
                                         files / "parts/1.yaml", (files / "main.yaml").parent_path()));
}

TEST_F(Include, has_one_digest_for_one_text) {
  files.write("main.yaml", "version: 1\ninclude: [parts/*.yaml]\n");
  files.write("parts/1.yaml", "routes: []\n");
  const auto first = load_main().sources.digest;
  files.write("main.yaml", "version: 1\ninclude: [parts/*.yaml]\n");
  EXPECT_EQ(load_main().sources.digest, first);
  files.write("parts/1.yaml", "routes: [ ]\n");
  const auto second = load_main().sources.digest;
  EXPECT_NE(second, first);
  files.write("parts/2.yaml", "");
  const auto third = load_main().sources.digest;
  EXPECT_NE(third, second);
  files.write("main.yaml", "version: 1\ninclude: [parts/*.yaml\n");
  EXPECT_NE(load_main().sources.digest, third) << "also of a file that is no YAML";
}

}  // namespace
}  // namespace tributary::config
