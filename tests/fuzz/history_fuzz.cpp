// Answers of the APIs where what was missed is read back, StreamElements' activities and DLive's chats. An input is a
// list of answers, cut at each 0x1E byte: three digits of the status, a blank, the body; each answers what the one
// before had asked next. What must hold: an event lies where its draft says, a chat is of the streamer asked for, what
// is no answer has a fault or a next question, and the search for activities asks for a shorter time at each step, so
// that it ends.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "connectors/dlive/backfill.hpp"
#include "connectors/streamelements/backfill.hpp"
#include "tests/fuzz/conversation.hpp"
#include "text/percent.hpp"
#include "text/time.hpp"

using namespace tributary;
using namespace tributary::fuzz;
using connectors::Backfill;

namespace {

constexpr std::string_view channel = "5eb8a1f0c2d3e4f5a6b7c8d9";

std::chrono::milliseconds asked_for(const Backfill& backfill) {
  const auto time_at = [&](std::string_view key) {
    const std::string_view url = backfill.request.url;
    const auto begin = url.find(key) + key.size();
    return *text::parse_time(*text::percent_decoded(url.substr(begin, url.find('&', begin) - begin)));
  };
  return time_at("before=") - time_at("after=");
}

Backfill question_of(bool activities, event::WallTime from, event::WallTime to) {
  if (activities) {
    connectors::streamelements::Activities asked;
    asked.api_url = "https://api.example.org";
    asked.channel = channel;
    asked.limit = 3;
    asked.codec.connector = "fuzz";
    return connectors::streamelements::missed_activities(asked, from, to);
  }
  connectors::dlive::ChatHistory asked;
  asked.api_url = "https://api.example.org";
  asked.streamer = "dbl-lee";
  asked.limit = 4;
  asked.connector = "fuzz";
  asked.known_since = from;
  return connectors::dlive::missed_chats(asked, from, to);
}

void look_at(const event::Draft& draft) {
  static schema::Document document;
  const std::string text = draft.text + "}}";
  require(text::valid_utf8(text) && text.find('\n') == std::string::npos && document.read(text));
  require(draft.id.size != 0 && draft.id.offset + draft.id.size <= draft.text.size());
  require(text::parse_time(draft.created_at.of(draft.text)) == draft.created);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bool activities = data[0] == 'a';
  std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto now = beginning();
  std::optional<Backfill> asking = question_of(activities, now.wall - std::chrono::minutes(10), now.wall);
  while (!input.empty() && asking) {
    const auto end = input.find('\x1E');
    auto message = input.substr(0, end);
    input = end == std::string_view::npos ? std::string_view{} : input.substr(end + 1);
    net::HttpAnswer answer;
    for (std::size_t i = 0; i < 3 && i < message.size() && message[i] >= '0' && message[i] <= '9'; ++i) {
      answer.status = answer.status * 10 + (message[i] - '0');
    }
    answer.body = message.substr(std::min<std::size_t>(4, message.size()));
    answer.headers = {{"Retry-After", answer.body.substr(0, 8)}};
    const auto judged = asking->judge(answer, now);
    require(judged.fault.empty() || text::valid_utf8(judged.fault));
    require(answer.status == 200 || !judged.fault.empty() || !judged.next.empty());
    require(!judged.code.empty() && judged.next.size() <= 1);
    for (const auto& draft : judged.drafts) {
      if (activities) {
        look_at(draft);  // its `_id` is as it was sent
      } else {
        checked(draft);
        require(draft.upstream_channel == "dbl-lee");
      }
    }
    if (activities && !judged.next.empty()) {
      const auto left = asked_for(judged.next.front());
      require(left.count() > 0 && left < asked_for(*asking));
    }
    asking = judged.next.empty() ? std::nullopt : std::optional(judged.next.front());
  }
  return 0;
}
