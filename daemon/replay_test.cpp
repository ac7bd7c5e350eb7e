#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "config/load.hpp"
#include "connectors/registry.hpp"
#include "daemon/recording.hpp"
#include "daemon/replayer.hpp"
#include "daemon/transcript_writer.hpp"
#include "daemon/vocabulary.hpp"
#include "tests/support/source_dir.hpp"
#include "tests/support/transcript.hpp"

namespace tributary::daemon {
namespace {

/// A recording of a simulator's session, kept in daemon/testdata.
struct Session {
  explicit Session(const std::string& name) {
    std::ifstream file(support::source_dir() + "/daemon/testdata/" + name);
    std::string line;
    EXPECT_TRUE(std::getline(file, line)) << name;
    head = std::get<RecordingHead>(read_head(line));
    while (std::getline(file, line)) lines.push_back(std::get<Recorded>(read_recorded(line)));
    auto loaded = config::load_text("version: 1\n" + head.settings, "recording", vocabulary());
    EXPECT_TRUE(loaded.settings) << (loaded.faults.empty() ? "" : config::format(loaded.faults.front()));
    connector = loaded.settings->connectors.front();
  }
  std::unique_ptr<connectors::Protocol> protocol() const {
    return connectors::find(head.type)->protocol(head.connector, connector.shared<connectors::Settings>());
  }
  std::string transcript() const {
    auto defaults = connector;
    defaults.settings = connectors::find(head.type)->settings();
    TranscriptWriter writer(connector, defaults, lines.front().at);
    const auto plays = protocol();
    Replayer replayer(head.connector, connectors::find(head.type)->name, *plays, writer, writer);
    for (const auto& line : lines) EXPECT_EQ(replayer.play(line), "");
    return writer.text();
  }
  std::string play(const std::string& text) const {
    return support::play_transcript_text(text, head.connector, [this](const auto&) { return protocol(); });
  }

  RecordingHead head;
  std::vector<Recorded> lines;
  config::NamedSettings connector;
};

class RecordedSession : public ::testing::TestWithParam<std::string> {};

TEST_P(RecordedSession, BecomesATranscriptThatHolds) {
  const Session session(GetParam());
  const std::string text = session.transcript();
  EXPECT_NE(text.find("\n= live\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\n= event {"), std::string::npos) << text;
  EXPECT_NE(text.find("\n= down "), std::string::npos) << text;
  EXPECT_EQ(session.play(text), "");
}

TEST_P(RecordedSession, BecomesATranscriptThatFailsWhereAnEventIsAnother) {
  const Session session(GetParam());
  std::string text = session.transcript();
  const std::string type = "\"provider\":\"";
  const auto at = text.find(type);
  ASSERT_NE(at, std::string::npos);
  text.insert(at + type.size(), "not-");
  EXPECT_NE(session.play(text), "");
}

// Not one of Users: its probes hold a number that is another one in each life of a connector.
INSTANTIATE_TEST_SUITE_P(Simulated, RecordedSession,
                         ::testing::Values("streamelements.frames.jsonl", "dlive.frames.jsonl", "oha.frames.jsonl",
                                           "stagecast.frames.jsonl"),
                         [](const auto& name) { return name.param.substr(0, name.param.find('.')); });

}  // namespace
}  // namespace tributary::daemon
