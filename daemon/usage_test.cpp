// What a person reads who called the program with something wrong.
#include "daemon/usage.hpp"

#include <gtest/gtest.h>

namespace tributary::daemon {
namespace {

/// A command line of two commands, and what is said of `words`; "" when it can be read.
std::string fault(const std::string& words) {
  CLI::App app{"", "tributary"};
  app.require_subcommand(1);
  std::string file, name;
  std::uint16_t port = 0;
  double rate = 1;
  std::optional<std::chrono::milliseconds> time;
  auto& run = *app.add_subcommand("run", "");
  run.add_option("-c,--config", file, "The configuration file");
  auto& simulate = *app.add_subcommand("simulate", "");
  simulate.add_option("connector", name, "Which upstream")->required()->check(one_of({"dlive", "oha"}));
  simulate.add_option("--port", port, "Port to listen on")->check(whole_number(0, 65'535));
  simulate.add_option("--rate", rate, "Events per second")->check(number(0.5, 100'000));
  std::string time_text;
  simulate.add_option("--for", time_text, "End after this time")->check(duration(time));
  try {
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    return usage_fault(app, error);
  }
  return {};
}

TEST(Usage, AMisspelledOptionIsNamedWithTheOneThatWasMeant) {
  EXPECT_EQ(fault("simulate dlive --prot 4"),
            "`tributary simulate` has no option `--prot`; did you mean `--port`?; see `tributary simulate --help`");
  EXPECT_EQ(fault("simulate --prot=4"),
            "`tributary simulate` has no option `--prot`; did you mean `--port`?; see `tributary simulate --help`");
  EXPECT_EQ(fault("run --nonsense"), "`tributary run` has no option `--nonsense`; see `tributary run --help`");
  EXPECT_EQ(fault("--nonsense"), "`tributary` has no option `--nonsense`; see `tributary --help`");
}

TEST(Usage, AWordTooManyIsNamed) {
  EXPECT_EQ(fault("run other.yaml"),
            "`tributary run` does not expect the word `other.yaml`; the configuration is named with -c; see "
            "`tributary run --help`");
  EXPECT_EQ(fault("simulate dlive oha"),
            "`tributary simulate` does not expect the word `oha`; see `tributary simulate --help`");
}

TEST(Usage, WhatIsMissingIsNamed) {
  EXPECT_EQ(fault("simulate"),
            "`tributary simulate` needs the word `connector`: Which upstream; see `tributary simulate --help`");
  EXPECT_EQ(fault("simulate dlive --port"),
            "`--port` needs a value: Port to listen on; see `tributary simulate --help`");
  EXPECT_EQ(fault("run -c"), "`--config` needs a value: The configuration file; see `tributary run --help`");
  EXPECT_EQ(fault("run -c a -c b"), "`--config` is given twice; expected once; see `tributary run --help`");
}

TEST(Usage, AValueIsToldWithWhatWasExpected) {
  const std::string see = "; see `tributary simulate --help`";
  EXPECT_EQ(fault("simulate dlve"), "connector: expected dlive or oha, found `dlve`; did you mean `dlive`?" + see);
  for (const auto* port : {"65536", "-1x", "4.5", "99999999999999999999"}) {
    EXPECT_EQ(fault(std::string("simulate dlive --port=") + port),
              "--port: expected a whole number from 0 to 65535, found `" + std::string(port) + "`" + see);
  }
  EXPECT_EQ(fault("simulate dlive --rate fast"), "--rate: expected a number from 0.5 to 100000, found `fast`" + see);
  EXPECT_EQ(fault("simulate dlive --for soon"),
            "--for: expected a duration such as 250ms, 10s or 5m, found `soon`" + see);
  EXPECT_EQ(fault("simulate dlive --port 65535 --rate 0.5 --for 1s"), "");
}

TEST(Usage, ACommandIsGuessed) {
  const std::string_view known[] = {"run", "check", "simulate"};
  EXPECT_EQ(unknown_command("simulat", known), "`simulat` is no command; did you mean `simulate`?");
  EXPECT_EQ(unknown_command("nonsense", known), "`nonsense` is no command; `tributary --help` lists them");
}

}  // namespace
}  // namespace tributary::daemon
