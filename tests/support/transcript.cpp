#include "tests/support/transcript.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "tests/support/transcript_player.hpp"
#include "text/ascii.hpp"

namespace tributary::support {
namespace {

/// Text lines with `\` continuations joined; each with the number of its first line.
struct Line {
  int number = 0;
  std::string text;
};

std::vector<Line> lines_of(std::string_view text) {
  std::vector<Line> lines;
  int number = 0;
  bool goes_on = false;
  while (!text.empty()) {
    ++number;
    const auto end = text.find('\n');
    std::string_view raw = text::trimmed(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    const bool joined = goes_on;
    goes_on = raw.size() > 2 && raw.substr(raw.size() - 2) == " \\";
    if (goes_on) raw.remove_suffix(1);
    if (joined) {
      lines.back().text += raw;
    } else if (!raw.empty() && raw.front() != '#') {
      lines.push_back({number, std::string(raw)});
    } else {
      goes_on = false;
    }
  }
  return lines;
}

/// Settings with dots in their names become maps: `auth.method: jwt` → `auth: {method: jwt}`.
struct Tree {
  std::string key;
  std::string value;
  std::vector<Tree> members;

  void put(std::string_view path, const std::string& text) {
    const auto dot = path.find('.');
    const std::string_view head = path.substr(0, dot);
    auto found = std::find_if(members.begin(), members.end(), [&](const Tree& one) { return one.key == head; });
    if (found == members.end()) found = members.insert(members.end(), Tree{std::string(head), {}, {}});
    if (dot == std::string_view::npos) {
      found->value = text;
    } else {
      found->put(path.substr(dot + 1), text);
    }
  }
  std::string flow() const {
    if (members.empty()) return value;
    std::string text = "{";
    for (const Tree& one : members) text += (text.size() > 1 ? ", " : "") + one.key + ": " + one.flow();
    return text + "}";
  }
};

class TranscriptTest : public testing::Test {
 public:
  TranscriptTest(std::string path, ProtocolFactory factory, SettingsFactory settings, AddressFactory address)
      : path_(std::move(path)),
        factory_(std::move(factory)),
        settings_(std::move(settings)),
        address_(std::move(address)) {}
  void TestBody() override {
    const std::string fault = play_transcript(path_, factory_, settings_, address_);
    if (!fault.empty()) ADD_FAILURE() << fault;
  }

 private:
  std::string path_;
  ProtocolFactory factory_;
  SettingsFactory settings_;
  AddressFactory address_;
};

}  // namespace

std::string TranscriptConfig::get(std::string_view key, std::string_view otherwise) const {
  for (const auto& [name, value] : values) {
    if (name == key) return value;
  }
  return std::string(otherwise);
}

std::string TranscriptConfig::yaml() const {
  Tree tree;
  for (const auto& [key, value] : values) tree.put(key, value);
  std::string text;
  for (const Tree& one : tree.members) text += one.key + ": " + one.flow() + "\n";
  return text;
}

std::string play_transcript_text(std::string_view text, const std::string& name, const ProtocolFactory& factory,
                                 const SettingsFactory& settings, const AddressFactory& address) {
  TranscriptPlayer player(factory, settings, address);
  int number = 1;
  try {
    for (const Line& line : lines_of(text)) {
      number = line.number;
      const std::string_view all = line.text;
      const auto space = all.find(' ');
      player.line(all.substr(0, space), space == std::string_view::npos ? std::string_view() : all.substr(space + 1));
    }
    player.end();
  } catch (const TranscriptFault& fault) {
    return name + ":" + std::to_string(number) + ": " + fault.message;
  } catch (const std::exception& thrown) {
    return name + ":" + std::to_string(number) + ": an exception came out: " + thrown.what();
  }
  return {};
}

std::string play_transcript(const std::string& path, const ProtocolFactory& factory, const SettingsFactory& settings,
                            const AddressFactory& address) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return path + ":1: cannot be read";
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return play_transcript_text(text, path, factory, settings, address);
}

int run_transcripts(const std::string& suite, const std::string& directory, const ProtocolFactory& factory,
                    const SettingsFactory& settings, const AddressFactory& address) {
  std::vector<std::filesystem::path> files;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(directory, ignored)) {
    if (entry.path().extension() == ".transcript") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  if (files.empty()) files.emplace_back(std::filesystem::path(directory) / "none.transcript");
  for (const auto& file : files) {
    std::string test = file.stem().string();
    std::replace_if(
        test.begin(), test.end(), [](char c) { return c == '-' || c == '.' || c == ' '; }, '_');
    testing::RegisterTest(suite.c_str(), test.c_str(), nullptr, nullptr, file.c_str(), 1,
                          [path = file.string(), factory, settings, address]() -> testing::Test* {
                            return new TranscriptTest(path, factory, settings, address);
                          });
  }
  return static_cast<int>(files.size());
}

}  // namespace tributary::support
