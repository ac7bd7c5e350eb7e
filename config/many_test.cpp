// Ten thousand connectors: nothing in reading them may take a step for each pair. No bound in time here, since the
// machine is unknown; what is quadratic shows as minutes.
#include <gmock/gmock.h>

#include <string>

#include "config/fixture.hpp"

namespace tributary::config {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

constexpr std::size_t many = 10'000;

std::string connector(std::size_t number) {
  return "  upstream-" + std::to_string(number) + ": {type: gauge, url: wss://gauge.example.org/" +
         std::to_string(number) + ", auth: {method: jwt, token: {file: secrets/gauge-" + std::to_string(number) +
         "}}, nap: 5m}\n";
}

std::string connectors() {
  std::string text = "connectors:\n";
  for (std::size_t i = 0; i < many; ++i) text += connector(i);
  return text;
}

TEST(Many, load_from_one_file_with_a_route_each) {
  std::string text = "version: 1\n" + connectors() + "sinks: {s: {type: lines}}\nroutes:\n";
  for (std::size_t i = 0; i < many; ++i) text += "  - {from: [upstream-" + std::to_string(i) + "], to: [s]}\n";
  ASSERT_GT(text.size(), std::size_t{1} << 20U);
  const auto loaded = fixture::read(text);
  EXPECT_THAT(fixture::lines(loaded.faults), IsEmpty());
  ASSERT_TRUE(loaded.settings);
  EXPECT_THAT(loaded.settings->connectors, SizeIs(many));
  EXPECT_EQ(loaded.settings->connectors.back().name, "upstream-9999");
  const auto values = values_of(*loaded.settings, fixture::vocabulary());
  EXPECT_THAT(differences(values, values), IsEmpty());
}

TEST(Many, load_from_many_files_and_a_name_twice_is_found) {
  const fixture::Directory files;
  std::string main = "version: 1\ninclude: ['parts/*.yaml']\n";
  for (std::size_t part = 0; part < 100; ++part) {
    std::string text = "connectors:\n";
    for (std::size_t i = 0; i < many / 100; ++i) text += connector(part * many / 100 + i);
    files.write("parts/" + std::to_string(part) + ".yaml", text);
  }
  files.write("main.yaml", main + "connectors:\n" + connector(many / 2));
  const auto loaded = load(files / "main.yaml", fixture::vocabulary());
  ASSERT_THAT(loaded.faults, SizeIs(1));
  EXPECT_THAT(format(loaded.faults[0]), testing::HasSubstr("`upstream-5000` is already a name at "));
}

TEST(Many, unknown_names_are_each_reported_but_not_each_compared_with_all) {
  std::string text = "version: 1\n" + connectors() + "sinks: {s: {type: lines}}\nroutes:\n  - to: [s]\n    from:\n";
  for (std::size_t i = 0; i < many; ++i) text += "      - upstrem-" + std::to_string(i) + "\n";
  const auto faults = fixture::faults(text);
  ASSERT_THAT(faults, SizeIs(1'001));
  EXPECT_THAT(faults.front(), testing::HasSubstr("did you mean `upstream-0`?"));
}

TEST(Many, values_are_bounded_over_all_files) {
  const fixture::Directory files;
  files.write("main.yaml", "version: 1\ninclude: ['parts/*.yaml']\n");
  std::string list = "a: &a [";
  for (std::size_t i = 0; i < 1'000; ++i) list += "a,";
  list += "a]\nb: [*a";
  for (std::size_t i = 0; i < 300; ++i) list += ", *a";
  for (std::size_t part = 0; part < 8; ++part) files.write("parts/" + std::to_string(part) + ".yaml", list + "]\n");
  const auto loaded = load(files / "main.yaml", fixture::vocabulary());
  ASSERT_FALSE(loaded.faults.empty());
  const auto lines = fixture::lines(loaded.faults);
  EXPECT_THAT(lines, testing::Contains(testing::HasSubstr("more than 2000000 values in all files")));
}

}  // namespace
}  // namespace tributary::config
