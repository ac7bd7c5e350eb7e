#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "config/load.hpp"
#include "daemon/account.hpp"
#include "daemon/screen.hpp"
#include "daemon/telemetry.hpp"
#include "daemon/vocabulary.hpp"
#include "net/reason.hpp"
#include "tests/support/source_dir.hpp"

namespace tributary::daemon {
namespace {

std::string content(const std::string& file) {
  std::ifstream stream(support::source_dir() + "/" + file);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

TEST(Reference, IsWhatTheDeclarationsSay) {
  EXPECT_EQ(content("config/tributary.yaml"), config::reference(vocabulary()))
      << "regenerate: tributary schema reference > config/tributary.yaml";
}

TEST(Reference, LoadsWithoutFault) {
  const auto loaded = config::load(support::source_dir() + "/config/tributary.yaml", vocabulary());
  for (const auto& fault : loaded.faults) ADD_FAILURE() << config::format(fault);
  EXPECT_TRUE(loaded.settings);
}

/// Connectors offer them, in words that are the same as before they did.
TEST(Vocabulary, ChannelSinksAreOfferedByConnectorsAndNotYetBuilt) {
  for (const std::string type : {"stagecast", "users", "oha", "dlive"}) {
    const auto loaded =
        config::load_text("version: 1\nsinks:\n  it: {type: " + type + "}\n", "test.yaml", vocabulary());
    ASSERT_EQ(loaded.faults.size(), 1U) << type;
    EXPECT_EQ(config::format(loaded.faults[0]), "test.yaml:3:8: sinks.it.type: not yet: sinks of the type `" + type +
                                                    "`; expected kafka, file or stdout");
  }
  const auto loaded =
      config::load_text("version: 1\nsinks:\n  it: {type: streamelements}\n", "test.yaml", vocabulary());
  ASSERT_EQ(loaded.faults.size(), 1U);
  EXPECT_NE(config::format(loaded.faults[0]).find("no sink has the type"), std::string::npos)
      << "nothing can be published there";
}

TEST(ConfigSchema, IsWhatTheDeclarationsSay) {
  EXPECT_EQ(nlohmann::json::parse(content("schema/documents/tributary.schema.json")),
            nlohmann::json::parse(config::json_schema(vocabulary())))
      << "regenerate: tributary schema config > schema/documents/tributary.schema.json";
}

/// Every yaml block of the README that is a whole configuration.
TEST(Readme, EachConfigurationInItLoads) {
  std::istringstream lines(content("README.md"));
  std::size_t configurations = 0;
  std::string block;
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("```", 0) == 0) {
      if (inside && block.find("connectors:") != std::string::npos) {
        ++configurations;
        const auto loaded = config::load_text(block, "README.yaml", vocabulary());
        for (const auto& fault : loaded.faults) ADD_FAILURE() << config::format(fault) << "\n" << block;
      }
      inside = !inside && line == "```yaml";
      block.clear();
    } else if (inside) {
      block += line + "\n";
    }
  }
  EXPECT_GE(configurations, 1U);
}

TEST(Readme, ExplainsEveryReason) {
  const std::string readme = content("README.md");
  for (int code = 1; code <= static_cast<int>(net::Reason::stopped); ++code) {
    const std::string row = "| `" + std::string(name(static_cast<net::Reason>(code))) + "`";
    EXPECT_NE(readme.find(row), std::string::npos) << row;
  }
}

TEST(Readme, ExplainsEveryDrop) {
  const std::string readme = content("README.md");
  for (int code = 0; code < static_cast<int>(event::Dropped::count); ++code) {
    const std::string word = "`" + std::string(name(static_cast<event::Dropped>(code))) + "`";
    EXPECT_NE(readme.find(word), std::string::npos) << word;
  }
}

TEST(Account, IsTheContractsLine) {
  Account account;
  account.connectors.frames = 12;
  account.connectors.events = 10;
  account.connectors.accepted = 9;
  account.connectors.unrouted = 1;
  account.sinks.offered = 9;
  account.sinks.delivered = 6;
  account.sinks.dead_lettered = 1;
  account.sinks.dropped[static_cast<std::size_t>(event::Dropped::validation)] = 2;
  EXPECT_EQ(
      to_line(account),
      "account: frames=12 events=10 accepted=9 unrouted=1 | offered=9 recovered=0 delivered=6 sent=0 dead_lettered=1 "
      "dropped=2 in_flight=0 spooled=0");
  EXPECT_EQ(details(account), "dropped.validation=2");
}

TEST(Account, WhatWasNotDeliveredAtTheEndIsLost) {
  Account account;
  account.sinks.dropped[static_cast<std::size_t>(event::Dropped::stopped)] = 3;
  account.sinks.dropped[static_cast<std::size_t>(event::Dropped::validation)] = 2;
  EXPECT_EQ(account.lost(), 3U);
}

TEST(Screen, ALineHasWhatAPersonWantsAndNothingThatSteersATerminal) {
  event::Event event;
  event.text =
      R"({"type":"tip","data":{"displayName":"Vi\u001b[31m","amount":5.5,"currency":"USD","message":"great\nstream"}})";
  event.json = {0, static_cast<std::uint32_t>(event.text.size())};
  event.type = {9, 3};
  const std::string line = line_of(event);
  EXPECT_NE(line.find("tip"), std::string::npos);
  EXPECT_NE(line.find("5.5 USD"), std::string::npos);
  EXPECT_NE(line.find("great stream"), std::string::npos);
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
}

TEST(Telemetry, KeepsTheNewestValueOfEachChannelThatIsStillThere) {
  config::Log settings;
  settings.level = config::Log::Level::error;
  Log log(settings);
  Telemetry telemetry(log);
  telemetry.measure(Measure::channel_silence, "arcade", "ada", 3);
  telemetry.measure(Measure::channel_silence, "arcade", "ada", 4);
  telemetry.measure(Measure::channel_silence, "arcade", "bob", 5);
  telemetry.measure(Measure::channel_silence, "hall", "bob", 6);
  EXPECT_EQ(telemetry.series(Measure::channel_silence),
            (Telemetry::Series{{{"arcade", "ada"}, 4}, {{"arcade", "bob"}, 5}, {{"hall", "bob"}, 6}}));
  telemetry.keep_only(Measure::channel_silence, "arcade", {"ada"});
  EXPECT_EQ(telemetry.series(Measure::channel_silence),
            (Telemetry::Series{{{"arcade", "ada"}, 4}, {{"hall", "bob"}, 6}}));
}

TEST(Telemetry, EverySignalHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < static_cast<std::size_t>(LogEvent::count); ++i) {
    EXPECT_FALSE(row(static_cast<LogEvent>(i)).name.empty());
    names.insert(row(static_cast<LogEvent>(i)).name);
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(LogEvent::count));
}

}  // namespace
}  // namespace tributary::daemon
