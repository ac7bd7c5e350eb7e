#include "sinks/registry.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "config/load.hpp"
#include "sinks/kafka/embedded_broker.hpp"
#include "sinks/test_notes.hpp"

namespace tributary::sinks {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

config::Vocabulary vocabulary() {
  config::Vocabulary words;
  for (const auto& type : registry()) words.sinks.push_back(type.settings);
  return words;
}

config::Loaded load(const std::string& sink) {
  return config::load_text("version: 1\nsinks:\n  it: " + sink + "\n", "test.yaml", vocabulary());
}

class SinkRegistry : public testing::Test {
 protected:
  Built build(const std::string& text) {
    auto loaded = load(text);
    for (const auto& fault : loaded.faults) ADD_FAILURE() << config::format(fault);
    if (!loaded.settings) return {};
    const auto& sink = loaded.settings->sinks.at(0);
    return find(sink.type)->build(sink, notes_, Opening::now);
  }
  std::vector<Finding> check(const std::string& text) {
    const auto loaded = load(text);
    if (!loaded.settings) return {};
    const auto& sink = loaded.settings->sinks.at(0);
    std::vector<Finding> findings;
    find(sink.type)->check(sink, 3s, [&](const Finding& finding) { findings.push_back(finding); });
    return findings;
  }
  Notes notes_;
};

TEST_F(SinkRegistry, KnowsTheSinksThatNeedNoConnectorAndNoOther) {
  for (const auto* name : {"kafka", "file", "stdout"}) {
    ASSERT_NE(find(name), nullptr);
    EXPECT_NE(find(name)->build, nullptr);
    EXPECT_NE(find(name)->check, nullptr);
  }
  for (const auto* name : {"stagecast", "users", "oha", "dlive"}) EXPECT_EQ(find(name), nullptr) << "a connector's";
  EXPECT_EQ(find("pigeon"), nullptr);
}

TEST_F(SinkRegistry, BuildsAKafkaSinkWithItsHandling) {
  const auto built = build(
      "{type: kafka, brokers: [localhost:1], memory: 8MiB, topics: {dead_letter: lost}, "
      "validation: {schema: streamelements, on_failure: drop}}");
  ASSERT_TRUE(built.downstream) << built.fault;
  EXPECT_EQ(built.handling.memory, std::size_t{8} << 20U);
  EXPECT_EQ(built.handling.validation.schema, "streamelements");
  EXPECT_EQ(built.handling.validation.on_failure, OnFailure::drop);
  EXPECT_EQ(built.downstream->dead_letter_stream(), "lost");
}

/// The warnings at the place of a schema.
std::vector<std::string> of_schemas(const config::Loaded& loaded) {
  std::vector<std::string> found;
  for (const auto& warning : loaded.warnings) {
    auto text = config::format(warning);
    if (text.find("schema") != std::string::npos) found.push_back(std::move(text));
  }
  return found;
}

TEST_F(SinkRegistry, WarnsOfASchemaFileWhoseFormatIsNotChecked) {
  const auto file = std::filesystem::path(testing::TempDir()) / ("formats-" + std::to_string(getpid()) + ".json");
  std::ofstream(file)
      << "{\"properties\": {\"host\": {\n  \"format\": \"idn-hostname\"}, \"at\": {\"format\": \"time\"}}}";
  const auto loaded = load("{type: kafka, brokers: [localhost:1], validation: {schema: " + file.string() + "}}");
  std::filesystem::remove(file);
  EXPECT_TRUE(loaded.faults.empty());
  const auto warnings = of_schemas(loaded);
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_THAT(warnings[0], testing::AllOf(HasSubstr("test.yaml:3:"),
                                          HasSubstr("line 2, column 13, at /properties/host/format: the format "
                                                    "\"idn-hostname\" is not checked, every text passes")));
}

TEST_F(SinkRegistry, DoesNotWarnOfTheSchemasOfTheProgram) {
  for (const std::string schema : {"event", "streamelements"}) {
    const auto loaded = load("{type: kafka, brokers: [localhost:1], validation: {schema: " + schema + "}}");
    EXPECT_TRUE(loaded.faults.empty());
    EXPECT_THAT(of_schemas(loaded), testing::IsEmpty());
  }
}

TEST_F(SinkRegistry, AKafkaSinkMayHaveNoTopicForEvents) {
  const auto built = build("{type: kafka, brokers: [localhost:1], topics: {events: \"\"}}");
  ASSERT_TRUE(built.downstream) << built.fault;
  EXPECT_EQ(built.downstream->stream_of({}), "");
}

TEST_F(SinkRegistry, SaysWhyAKafkaSinkCannotBeBuilt) {
  EXPECT_THAT(build("{type: kafka, brokers: [localhost:1], security: {protocol: ssl, ca_file: /dev/null}}").fault,
              HasSubstr("ssl.ca.location"));
  EXPECT_THAT(build("{type: kafka, brokers: [localhost:1], security: {protocol: sasl_ssl, sasl_mechanism: PLAIN, "
                    "username: u, password: {file: /nonexistent}}}")
                  .fault,
              HasSubstr("security.password"));
}

TEST_F(SinkRegistry, SaysWithoutABrokerWhyAKafkaSinkCouldNotBeBuilt) {
  const auto fault = [&](const std::string& security) {
    const auto loaded = load("{type: kafka, brokers: [localhost:1], security: {" + security + "}}");
    return find("kafka")->fault(loaded.settings->sinks.at(0));
  };
  EXPECT_EQ(fault(""), "");
  EXPECT_THAT(fault("protocol: ssl, ca_file: /dev/null"), HasSubstr("ssl.ca.location"));
  EXPECT_EQ(fault("protocol: sasl_ssl, sasl_mechanism: PLAIN, username: u, password: {file: /nonexistent}"), "")
      << "the secret is a fault of its own";
}

TEST_F(SinkRegistry, AFileSinkWithoutAPlaceIsAFaultAtStart) {
  const auto faults = load("{type: file, path: /nonexistent/events.jsonl}").faults;
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_THAT(config::format(faults[0]),
              HasSubstr("path: the folder /nonexistent is missing; make it, or correct the path"));
}

TEST_F(SinkRegistry, BuildsFileAndStdoutSinks) {
  const auto path = std::filesystem::temp_directory_path() / ("registry-" + std::to_string(::getpid()) + ".jsonl");
  EXPECT_TRUE(build("{type: file, path: " + path.string() + "}").downstream);
  EXPECT_TRUE(check("{type: file, path: " + path.string() + "}").at(0).good);
  std::filesystem::remove(path);
  EXPECT_TRUE(build("{type: stdout}").downstream);
  EXPECT_TRUE(check("{type: stdout}").empty());
}

TEST_F(SinkRegistry, FileSettingsAreChecked) {
  EXPECT_EQ(load("{type: file}").faults.size(), 1U);
  EXPECT_EQ(load("{type: file, path: a, rotate: 1KiB}").faults.size(), 1U);
  EXPECT_EQ(load("{type: file, path: a, keep: 0}").faults.size(), 1U);
  EXPECT_TRUE(load("{type: file, path: a, rotate: 0B, keep: 1}").faults.empty());
}

}  // namespace
}  // namespace tributary::sinks
