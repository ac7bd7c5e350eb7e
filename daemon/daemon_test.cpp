#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "config/load.hpp"
#include "connectors/registry.hpp"
#include "daemon/account.hpp"
#include "daemon/screen.hpp"
#include "daemon/telemetry.hpp"
#include "daemon/vocabulary.hpp"
#include "net/reason.hpp"
#include "sinks/observer.hpp"
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

TEST(Vocabulary, OnlyConnectorsThatCanPublishOfferASink) {
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

/// Every yaml block of a document for users that is a configuration, or its sinks alone.
class Document : public testing::TestWithParam<std::string> {};

TEST_P(Document, EachConfigurationInItLoads) {
  std::istringstream lines(content(GetParam()));
  std::size_t configurations = 0;
  std::string block;
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("```", 0) == 0) {
      if (inside && (block.rfind("version:", 0) == 0 || block.rfind("sinks:", 0) == 0)) {
        ++configurations;
        if (block.front() != 'v') block.insert(0, "version: 1\n");
        const auto loaded = config::load_text(block, GetParam(), vocabulary());
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

INSTANTIATE_TEST_SUITE_P(ForUsers, Document, testing::Values("README.md", "docs/CONSUMING.md"),
                         [](const auto& info) { return info.param == "README.md" ? "README" : "CONSUMING"; });

/// That a section of docs/TROUBLESHOOTING.md has a row which begins with this word.
void expect_row(const std::string& section, std::string_view word) {
  static const std::string page = content("docs/TROUBLESHOOTING.md");
  const auto begin = page.find("\n## " + section);
  ASSERT_NE(begin, std::string::npos) << section;
  const auto rows = page.substr(begin, page.find("\n## ", begin + 1) - begin);
  EXPECT_NE(rows.find("\n| `" + std::string(word) + "`"), std::string::npos) << section << ": no row for " << word;
}

TEST(Troubleshooting, ExplainsEveryReason) {
  for (int code = 1; code <= static_cast<int>(net::Reason::stopped); ++code) {
    expect_row("Why a connection ended", name(static_cast<net::Reason>(code)));
  }
}

TEST(Troubleshooting, ExplainsEveryDrop) {
  for (int code = 0; code < static_cast<int>(event::Dropped::count); ++code) {
    expect_row("Events that were let go", name(static_cast<event::Dropped>(code)));
  }
}

TEST(Troubleshooting, ExplainsWhatASinkSays) {
  for (int code = 0; code < static_cast<int>(sinks::Sign::count); ++code) {
    expect_row("What a sink says", name(static_cast<sinks::Sign>(code)));
  }
}

TEST(Troubleshooting, ExplainsEveryLineOfTheLog) {
  const std::string page = content("docs/TROUBLESHOOTING.md");
  const std::string rows = page.substr(page.find("\n## Every line of the log"));
  for (int code = 0; code < static_cast<int>(LogEvent::count); ++code) {
    const std::string word = "`" + std::string(row(static_cast<LogEvent>(code)).name) + "`";
    EXPECT_NE(rows.find(word), std::string::npos) << word;
  }
}

TEST(Consuming, HasARowForEveryTypeOfEveryUpstream) {
  std::string page = content("docs/CONSUMING.md");
  std::transform(page.begin(), page.end(), page.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const auto& upstream : connectors::registry()) {
    const auto settings = upstream.settings();
    for (const auto type : upstream.types(dynamic_cast<const connectors::Settings&>(*settings)).canonical) {
      std::string row = "\n| `" + std::string(type) + "` | " + std::string(upstream.name) + " |";
      std::transform(row.begin(), row.end(), row.begin(), [](unsigned char c) { return std::tolower(c); });
      EXPECT_NE(page.find(row), std::string::npos) << row;
    }
  }
}

/// What the first cells of the table of a section name, in backticks.
std::set<std::string> named_in_rows(const std::string& page, const std::string& section) {
  std::set<std::string> names;
  const auto from = page.find("\n## " + section + "\n");
  std::istringstream lines(page.substr(from, page.find("\n## ", from + 1) - from));
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("| `", 0) != 0) continue;
    std::istringstream cell(line.substr(0, line.find(" | ")));
    for (std::string between, name; std::getline(cell, between, '`') && std::getline(cell, name, '`');) {
      names.insert(name);
    }
  }
  return names;
}

TEST(Consuming, HasARowForEveryFieldOfTheSchemaAndNoOther) {
  const std::string page = content("docs/CONSUMING.md");
  const auto event = nlohmann::json::parse(content("schema/documents/event.schema.json"))["properties"];
  std::set<std::string> fields;
  for (const auto& [name, field] : event.items()) {
    if (name != "relay") fields.insert(name);
    if (!field.contains("properties")) continue;
    for (const auto& [part, of] : field["properties"].items()) fields.insert(name + "." + part);
  }
  EXPECT_EQ(named_in_rows(page, "One record, field by field"), fields);
  const auto said = page.find("\nFields that are `true` or absent: ");
  ASSERT_NE(said, std::string::npos);
  const std::string sentence = page.substr(said, page.find(". ", said) - said);
  for (const auto& [name, field] : event["relay"]["properties"].items()) {
    const bool mark = field.contains("const") && field["const"] == true;
    EXPECT_EQ(sentence.find("`relay." + name + "`") != std::string::npos, mark) << name;
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
  EXPECT_EQ(details(account), "1 event that no route takes, 2 dropped by validation");
}

TEST(Account, WhatWasNotDeliveredAtTheEndIsLost) {
  Account account;
  account.sinks.dropped[static_cast<std::size_t>(event::Dropped::stopped)] = 3;
  account.sinks.dropped[static_cast<std::size_t>(event::Dropped::validation)] = 2;
  EXPECT_EQ(account.lost(), 3U);
}

TEST(Screen, ALongLineIsBrokenAtItsSpaces) {
  using Lines = std::vector<std::string>;
  EXPECT_EQ(broken("account: frames=1", 80), (Lines{"account: frames=1"}));
  EXPECT_EQ(broken("one two three", 8), (Lines{"one two", "three"}));
  EXPECT_EQ(broken("one two three", 7), (Lines{"one two", "three"}));
  EXPECT_EQ(broken("incomprehensible", 8), (Lines{"incompre", "hensible"}));
  EXPECT_EQ(broken("", 8), (Lines{""}));
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
