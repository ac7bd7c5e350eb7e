#include "daemon/recording.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "daemon/commands.hpp"
#include "text/base64.hpp"
#include "text/json.hpp"

namespace tributary::daemon {
namespace {

using nlohmann::json;

constexpr int recording_version = 1;

void begin_line(std::string& line, event::WallTime at) {
  line += "{\"at\":";
  text::append_number(line, std::int64_t{at.time_since_epoch().count()});
}

void text_member(std::string& line, std::string_view key, std::string_view value) {
  line.append(",\"").append(key).append("\":");
  text::append_quoted(line, value);
}

void number_member(std::string& line, std::string_view key, std::int64_t value) {
  line.append(",\"").append(key).append("\":");
  text::append_number(line, value);
}

/// "" when it is not there, or is no text.
std::string text_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::int64_t number_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

bool flag_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

bool has_time(const json& object) {
  const auto found = object.find("at");
  return found != object.end() && found->is_number_integer();
}

event::WallTime time_of(const json& object) {
  return event::WallTime(std::chrono::milliseconds(number_at(object, "at")));
}

/// "": it is a frame now.
std::string read_frame(const json& object, Recorded& recorded) {
  if (object.contains("text")) {
    if (!object["text"].is_string()) return "expected a text at `text`";
    recorded.text = text_at(object, "text");
    return {};
  }
  for (const char* key : {"binary", "base64"}) {
    if (!object.contains(key)) continue;
    auto bytes = text::from_base64(text_at(object, key));
    if (!object[key].is_string() || !bytes) return std::string("expected base64 at `") + key + "`";
    recorded.text = *std::move(bytes);
    recorded.binary = std::string_view(key) == "binary";
    return {};
  }
  return "expected a frame at `text`, `binary` or `base64`";
}

}  // namespace

std::string line_of(const RecordingHead& head) {
  std::string line;
  begin_line(line, head.at);
  number_member(line, "recording", recording_version);
  text_member(line, "connector", head.connector);
  text_member(line, "type", head.type);
  text_member(line, "program", version());
  text_member(line, "run", head.run);
  if (head.continues) line += ",\"continues\":true";
  text_member(line, "settings", head.settings);
  return line + "}\n";
}

std::string line_of_frame(Recorded::What way, std::string_view payload, bool binary, event::WallTime at) {
  std::string line;
  line.reserve(payload.size() + payload.size() / 8 + 64);
  begin_line(line, at);
  text_member(line, "frame", way == Recorded::What::sent ? "sent" : "received");
  if (binary) {
    text_member(line, "binary", text::base64(payload));
  } else if (text::valid_utf8(payload)) {
    text_member(line, "text", payload);
  } else {
    text_member(line, "base64", text::base64(payload));
  }
  line += "}\n";
  return line;
}

std::string line_of(const Recorded& recorded) {
  std::string line;
  begin_line(line, recorded.at);
  switch (recorded.what) {
    case Recorded::What::received:
    case Recorded::What::sent:
      return line_of_frame(recorded.what, recorded.text, recorded.binary, recorded.at);
    case Recorded::What::opened:
      text_member(line, "opened", recorded.text);
      break;
    case Recorded::What::ended: {
      const auto& ending = recorded.ending;
      text_member(line, "ended", net::name(ending.reason));
      if (recorded.by_us) line += ",\"byUs\":true";
      if (ending.close_code != 0) number_member(line, "closeCode", ending.close_code);
      if (ending.http_status != 0) number_member(line, "httpStatus", ending.http_status);
      if (ending.retry_after_seconds != 0) number_member(line, "retryAfter", ending.retry_after_seconds);
      if (!ending.detail.empty()) text_member(line, "detail", ending.detail);
      break;
    }
    case Recorded::What::missed:
      number_member(line, "missed", static_cast<std::int64_t>(recorded.count));
      break;
  }
  return line + "}\n";
}

std::variant<RecordingHead, std::string> read_head(std::string_view line) {
  const auto object = json::parse(line, nullptr, false);
  if (!object.is_object() || !object.contains("recording")) {
    return std::string("this is no recording: expected {\"at\":…,\"recording\":1,…} on its first line");
  }
  if (number_at(object, "recording") != recording_version) {
    return std::string("this recording is of a later version of Tributary: expected \"recording\":1");
  }
  RecordingHead head{text_at(object, "connector"), text_at(object, "type"), time_of(object),
                     flag_at(object, "continues"), text_at(object, "run"),  text_at(object, "settings")};
  if (head.connector.empty() || head.type.empty() || !has_time(object)) {
    return std::string("expected `at`, `connector` and `type` on the first line of a recording");
  }
  return head;
}

std::variant<Recorded, std::string> read_recorded(std::string_view line) {
  const auto object = json::parse(line, nullptr, false);
  if (object.is_discarded()) return std::string("not JSON");
  if (!object.is_object() || !has_time(object)) return std::string("expected an object with a time in ms at `at`");
  Recorded recorded;
  recorded.at = time_of(object);
  if (object.contains("frame")) {
    const auto way = text_at(object, "frame");
    if (way != "received" && way != "sent") return std::string("expected `received` or `sent` at `frame`");
    recorded.what = way == "sent" ? Recorded::What::sent : Recorded::What::received;
    if (auto fault = read_frame(object, recorded); !fault.empty()) return fault;
  } else if (object.contains("opened")) {
    recorded.what = Recorded::What::opened;
    recorded.text = text_at(object, "opened");
  } else if (object.contains("ended")) {
    recorded.what = Recorded::What::ended;
    const auto reason = text_at(object, "ended");
    bool known = false;
    for (int i = 0; i <= static_cast<int>(net::Reason::stopped) && !known; ++i) {
      recorded.ending.reason = static_cast<net::Reason>(i);
      known = net::name(recorded.ending.reason) == reason;
    }
    if (!known) return "`ended` says no reason of a connection's end: " + reason;
    recorded.by_us = flag_at(object, "byUs");
    recorded.ending.close_code = static_cast<int>(number_at(object, "closeCode"));
    recorded.ending.http_status = static_cast<int>(number_at(object, "httpStatus"));
    recorded.ending.retry_after_seconds = static_cast<int>(number_at(object, "retryAfter"));
    recorded.ending.detail = text_at(object, "detail");
  } else if (object.contains("missed")) {
    recorded.what = Recorded::What::missed;
    recorded.count = static_cast<std::uint64_t>(number_at(object, "missed"));
  } else {
    return std::string("expected one of `frame`, `opened`, `ended`, `missed`");
  }
  return recorded;
}

}  // namespace tributary::daemon
