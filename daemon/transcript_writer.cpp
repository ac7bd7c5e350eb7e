#include "daemon/transcript_writer.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>
#include <vector>

#include "config/load.hpp"
#include "daemon/vocabulary.hpp"
#include "text/hex.hpp"
#include "text/json.hpp"
#include "text/printable.hpp"
#include "text/time.hpp"

namespace tributary::daemon {
namespace {

using nlohmann::json;

std::string in_milliseconds(std::chrono::milliseconds time) { return std::to_string(time.count()) + "ms"; }

/// Can it stand in a line as it is? Space around a line is skipped, and a line goes on after ` \`.
bool fits_a_line(std::string_view payload) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  return payload.find('\n') == std::string_view::npos && (payload.empty() || !blank(payload.back())) &&
         !payload.ends_with('\\') && text::valid_utf8(payload);
}

/// What every connector has, and what a player of transcripts has of its own.
bool is_common(std::string_view key) {
  static constexpr std::array<std::string_view, 11> common{"url",      "tls",     "proxy",        "headers",
                                                           "timeouts", "backoff", "frame_limit",  "dedupe",
                                                           "record",   "enabled", "ping_interval"};
  return std::find(common.begin(), common.end(), key.substr(0, key.find_first_of(".["))) != common.end();
}

/// The values of a connector's own keys as they are written for people, `auth.method` and the like; no secret.
std::map<std::string, std::string> shown_keys(const config::NamedSettings& connector) {
  config::Settings alone;
  alone.connectors.push_back(connector);
  std::istringstream lines(config::shown(alone, vocabulary()));
  std::map<std::string, std::string> keys;
  std::vector<std::string> path;
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    const auto indent = line.find_first_not_of(' ');
    const auto colon = line.find(':');
    if (indent == std::string::npos || colon == std::string::npos) continue;
    if (indent == 0) inside = line.starts_with("connectors:");
    if (!inside || indent < 4) continue;
    path.resize(std::min(path.size(), indent / 2 - 2));
    std::string key;
    for (const auto& part : path) key += part + ".";
    const auto name = line.substr(indent, colon - indent);
    path.push_back(name);
    const auto value = colon + 2 < line.size() ? line.substr(colon + 2) : std::string();
    if (!value.empty() && value.front() != '{') keys[key + name] = value;
  }
  return keys;
}

/// What a test should say of an event: nothing that depends on when, where and by whom it was heard.
std::string part_of(const event::Draft& draft) {
  auto event = json::parse(draft.text + (draft.test ? ",\"test\":true}}" : "}}"), nullptr, false);
  if (event.is_discarded()) return "{}";
  if (!draft.identified) event.erase("_id");
  const auto received = event["relay"].value("receivedAt", "");
  for (const char* key : {"createdAt", "updatedAt"}) {
    if (event.contains(key) && event[key] == received) event.erase(key);
  }
  json relay = json::object();
  for (const char* key : {"upstreamType", "upstreamChannel", "test"}) {
    if (event["relay"].contains(key)) relay[key] = event["relay"][key];
  }
  event["relay"] = std::move(relay);
  return event.dump();
}

}  // namespace

TranscriptWriter::TranscriptWriter(const config::NamedSettings& connector, const config::NamedSettings& defaults,
                                   event::WallTime start) {
  line("# Recorded from the connector " + connector.name + ", type " + connector.type + ".");
  line("# source: `tributary replay --transcript`; our own frames and the events are what this version makes of it");
  line("config start: " + text::to_text(start));
  for (const char* key : {"timeouts.dial", "timeouts.handshake", "timeouts.pong"}) {
    line(std::string("config ") + key + ": 0s");
  }
  const auto usual = shown_keys(defaults);
  for (const auto& [key, value] : shown_keys(connector)) {
    const auto other = usual.find(key);
    const bool same = other != usual.end() && other->second == value;
    if (!same && !is_common(key)) line("# config " + key + ": " + text::printable(value));
  }
}

void TranscriptWriter::line(std::string_view words) {
  if (passed_.count() != 0) text_ += "+ " + in_milliseconds(std::exchange(passed_, {})) + "\n";
  text_.append(words) += '\n';
}

void TranscriptWriter::passed(std::chrono::milliseconds time) { passed_ += time; }

void TranscriptWriter::frame(std::string_view verb, std::string_view payload, bool binary) {
  if (binary) {
    line(std::string(verb) + "b " + text::hex(payload));
  } else if (fits_a_line(payload)) {
    line(std::string(verb) + " " + std::string(payload));
  } else {
    line(std::string(verb) + "x " + text::hex(payload));
  }
}

void TranscriptWriter::received(std::string_view payload, bool binary) { frame("<", payload, binary); }

void TranscriptWriter::sent(std::string_view payload, bool binary) { frame(">", payload, binary); }

void TranscriptWriter::ended(const net::Ending& ending) {
  std::string words;
  if (ending.reason == net::Reason::closed) {
    words = "closed " + std::to_string(ending.close_code);
  } else {
    words = "ended " + std::string(net::name(ending.reason));
    if (ending.retry_after_seconds != 0) words += " retry-after=" + std::to_string(ending.retry_after_seconds);
    if (ending.http_status != 0) words += " http-status=" + std::to_string(ending.http_status);
  }
  if (!ending.detail.empty()) words += " " + text::printable(ending.detail);
  line(words);
}

void TranscriptWriter::lost(net::Reason reason) { line("= down " + std::string(net::name(reason))); }

void TranscriptWriter::waits(std::chrono::milliseconds delay, bool parked) {
  line((parked ? "= park " : "= wait ") + in_milliseconds(delay));
}

void TranscriptWriter::remarked(const connectors::Remark& remark) {
  line(std::string(remark.needs_person ? "= remark! " : "= remark ") + std::string(remark.code) +
       (remark.subject.empty() ? "" : " " + remark.subject));
}

void TranscriptWriter::control(bool unknown) {
  if (unknown) line("= unknown");
}

void TranscriptWriter::malformed(const event::Malformed& fault, const event::Now&) {
  line("= malformed " + std::string(fault.reason));
}

bool TranscriptWriter::accept(event::Draft&& draft, const event::Now&) {
  line((draft.kind == event::Kind::state ? "= state " : "= event ") + part_of(draft));
  if (draft.foreign_mark) line("= foreign-mark");
  return true;
}

void TranscriptWriter::ignored(event::Ignored reason) { line("= ignored " + std::string(event::name(reason))); }

void TranscriptWriter::notice(const event::Notice& notice, const event::Now&) {
  const bool of_life = notice.type == "connectorUp" || notice.type == "connectorDown" || notice.type == "gap" ||
                       notice.type == "credentialRefused";
  if (!of_life) line("= notice " + std::string(notice.type));
}

}  // namespace tributary::daemon
