#include "connectors/registry.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "connectors/simulators.hpp"

namespace tributary::connectors {
namespace {

TEST(Registry, EveryLineIsWhole) {
  std::set<std::string_view> names;
  for (const Entry& entry : registry()) {
    EXPECT_TRUE(names.insert(entry.name).second) << entry.name << " is there twice";
    EXPECT_FALSE(entry.summary.empty()) << entry.name;
    EXPECT_FALSE(entry.example_name.empty()) << entry.name;
    ASSERT_NE(entry.settings, nullptr) << entry.name;
    EXPECT_NE(entry.protocol, nullptr) << entry.name;
    ASSERT_NE(entry.types, nullptr) << entry.name;
  }
  EXPECT_FALSE(names.empty());
}

TEST(Registry, MakesSettingsThatItsProtocolTakes) {
  for (const Entry& entry : registry()) {
    const std::shared_ptr<config::Described> settings = entry.settings();
    const auto common = std::dynamic_pointer_cast<const Settings>(settings);
    ASSERT_NE(common, nullptr) << entry.name << ": settings must derive from connectors::Settings";
    EXPECT_NE(entry.protocol("main-stage", common), nullptr) << entry.name;
    for (const Entry& other : registry()) {
      if (&other == &entry) continue;
      EXPECT_THROW(other.protocol("main-stage", common), std::bad_cast) << other.name;
    }
  }
}

TEST(Registry, WhereSomethingCanBePublishedItIsSaidWhichTypesAreSpoken) {
  for (const Entry& entry : registry()) {
    const auto settings = entry.settings();
    const Types types = entry.types(dynamic_cast<const Settings&>(*settings));
    EXPECT_EQ(types.spoken.empty(), entry.channel == nullptr) << entry.name;
    for (const auto type : types.spoken) {
      EXPECT_EQ(std::count(types.canonical.begin(), types.canonical.end(), type), 1) << entry.name << ": " << type;
    }
  }
}

TEST(Registry, HasASimulatorForEachLineInItsOrder) {
  ASSERT_EQ(simulators().size(), registry().size());
  for (std::size_t i = 0; i < registry().size(); ++i) {
    const SimulatorEntry& simulated = simulators()[i];
    EXPECT_EQ(simulated.name, registry()[i].name);
    EXPECT_NE(simulated.make, nullptr) << simulated.name;
    EXPECT_NE(simulated.behaviours, nullptr) << simulated.name;
    EXPECT_EQ(find_simulator(simulated.name), &simulated);
  }
  EXPECT_EQ(find_simulator("no-such-upstream"), nullptr);
}

TEST(Registry, FindsByName) {
  for (const Entry& entry : registry()) EXPECT_EQ(find(entry.name), &entry);
  EXPECT_EQ(find("no-such-upstream"), nullptr);
}

}  // namespace
}  // namespace tributary::connectors
