// Any line as one of a recording. What must hold: what it is taken for is what another reader sees, a line that is
// refused is refused with words, and what was read is written and read again as the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <variant>

#include "daemon/recording.hpp"
#include "text/json.hpp"

using namespace tributary;
using daemon::Recorded;
using daemon::RecordingHead;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

std::string_view without_end(std::string_view line) {
  require(line.ends_with('\n') && line.find('\n') == line.size() - 1 && text::valid_utf8(line));
  return line.substr(0, line.size() - 1);
}

void look_at(const Recorded& recorded, std::string_view line) {
  const auto object = nlohmann::json::parse(line);
  if (object.contains("frame")) {
    require(object["frame"] == (recorded.what == Recorded::What::sent ? "sent" : "received"));
    if (object.contains("text")) require(object["text"] == recorded.text);
    require(!recorded.binary || object.contains("binary"));
  } else {
    require(recorded.what != Recorded::What::sent && recorded.what != Recorded::What::received);
  }
  const std::string written = line_of(recorded);
  const auto again = daemon::read_recorded(without_end(written));
  const auto* same = std::get_if<Recorded>(&again);
  require(same != nullptr && same->what == recorded.what && same->at == recorded.at && same->text == recorded.text);
  require(same->binary == recorded.binary && same->by_us == recorded.by_us && same->count == recorded.count);
  require(same->ending.reason == recorded.ending.reason && same->ending.detail == recorded.ending.detail);
  require(line_of(*same) == written);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  const auto recorded = daemon::read_recorded(line);
  if (const auto* words = std::get_if<std::string>(&recorded)) {
    require(!words->empty());
  } else {
    look_at(std::get<Recorded>(recorded), line);
  }
  const auto head = daemon::read_head(line);
  if (const auto* words = std::get_if<std::string>(&head)) {
    require(!words->empty());
    return 0;
  }
  const auto& read = std::get<RecordingHead>(head);
  const auto again = daemon::read_head(without_end(line_of(read)));
  const auto* same = std::get_if<RecordingHead>(&again);
  require(same != nullptr && same->connector == read.connector && same->type == read.type && same->at == read.at);
  require(same->run == read.run && same->settings == read.settings && same->continues == read.continues);
  return 0;
}
