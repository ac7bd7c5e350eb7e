#include "daemon/command_tree.hpp"

#include <gmock/gmock.h>

#include "daemon/completion.hpp"
#include "daemon/man_page.hpp"
#include "daemon/usage.hpp"

namespace tributary::daemon {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct CommandTreeTest : testing::Test {
  CommandTreeTest() {
    auto& run = *app.add_subcommand("run", "Run it: now [or never]");
    run.add_option("-c,--config", text, "The file")->type_name("FILE");
    run.add_option("--for", text, "How long it's to run")->check(duration(time))->default_str("10s");
    run.add_option("--set", many, "NAME=VALUE");
    run.add_flag("--loud", loud, "Say more");
    auto& schema = *app.add_subcommand("schema", "Print one");
    schema.add_option("name", text, "Which")->required()->check(one_of({"event", "config"}));
    tree = command_tree(app);
  }
  CLI::App app{"It relays", "tributary"};
  std::string text;
  std::vector<std::string> many;
  std::optional<std::chrono::milliseconds> time;
  bool loud = false;
  CommandTree tree;
};

TEST_F(CommandTreeTest, HoldsWhatTheCommandLineCanSay) {
  ASSERT_EQ(tree.commands.size(), 3U);
  const auto& options = tree.commands[0].options;
  ASSERT_EQ(options.size(), 5U) << "--help is one";
  EXPECT_THAT(options[0].names, ElementsAre("-h", "--help"));
  EXPECT_EQ(options[0].value, "");
  EXPECT_THAT(options[1].names, ElementsAre("-c", "--config"));
  EXPECT_EQ(options[1].value, "FILE");
  EXPECT_EQ(options[2].value, "DURATION");
  EXPECT_EQ(options[2].default_text, "10s");
  EXPECT_FALSE(options[2].several);
  EXPECT_EQ(options[3].value, "TEXT");
  EXPECT_TRUE(options[3].several);
  EXPECT_EQ(options[4].value, "") << "a flag takes nothing";
  ASSERT_EQ(tree.commands[1].places.size(), 1U);
  EXPECT_THAT(tree.commands[1].places[0].words, ElementsAre("event", "config"));
  EXPECT_TRUE(tree.commands[1].places[0].required);
  EXPECT_THAT(tree.commands[0].places, IsEmpty());
}

TEST_F(CommandTreeTest, HelpIsACommandTooAndTakesTheOthers) {
  EXPECT_EQ(tree.commands[2].name, "help");
  EXPECT_THAT(tree.commands[2].places[0].words, ElementsAre("run", "schema"));
}

TEST_F(CommandTreeTest, WordsOfOtherValidatorsAreNone) {
  EXPECT_THAT(allowed_words(whole_number(1, 2)), IsEmpty());
  EXPECT_THAT(allowed_words(one_of({"a", "b"})), ElementsAre("a", "b"));
}

TEST_F(CommandTreeTest, WhatIsSpecialInAShellIsWrittenAsItWantsIt) {
  EXPECT_THAT(zsh_completion(tree), HasSubstr("'run:Run it\\: now \\[or never\\]'"));
  EXPECT_THAT(zsh_completion(tree), HasSubstr("[How long it'\\''s to run]"));
  EXPECT_THAT(fish_completion(tree), HasSubstr("'How long it\\'s to run'"));
  EXPECT_THAT(bash_completion(tree), HasSubstr("_tributary_answer -W 'event config'"));
}

TEST_F(CommandTreeTest, TheManualPageHasEveryCommandAndOption) {
  const auto page = man_page(tree, {"What it is.", "Try it.", "0 or 1.", "None."}, "1.2.3");
  for (const auto* part : {".SS run", "\\fB\\-c\\fR, \\fB\\-\\-config\\fR \\fIFILE\\fR", "(default \\fB10s\\fR)",
                           "\\fBtributary schema\\fR [\\fIOPTION\\fR ...] \\fIname\\fR",
                           "One of \\fBevent\\fR, \\fBconfig\\fR", ".SS help", "0 or 1.", "tributary 1.2.3"}) {
    EXPECT_THAT(page, HasSubstr(part));
  }
}

}  // namespace
}  // namespace tributary::daemon
