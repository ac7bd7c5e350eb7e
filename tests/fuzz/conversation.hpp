#pragma once

#include <chrono>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "connectors/link/protocol.hpp"
#include "event/mark_holder.hpp"
#include "schema/document.hpp"
#include "text/json.hpp"
#include "text/time.hpp"

/// What the targets of whole conversations share. An input is a list of messages, cut at each 0x1E byte; one that
/// begins with 'b' is binary, 't' is a tick some seconds later, 'p' and 'r' pause and resume.
namespace tributary::fuzz {

/// std::abort is what libFuzzer calls a finding.
inline void require(bool condition) {
  if (!condition) std::abort();
}

inline event::Now beginning() {
  return {event::SteadyTime{} + std::chrono::hours(1), event::WallTime{std::chrono::hours(500'000)}};
}

/// Plays the input to a session that is open. After each message `check(message, outcome)`; an end is followed by the
/// next connection. `special(message, outcome)` takes a message of the target's own and says so.
template <class Session, class Special, class Check>
void converse(Session& session, std::string_view input, event::Now now, std::chrono::seconds step, Special special,
              Check check) {
  connectors::Outcome outcome;
  while (!input.empty()) {
    const auto end = input.find('\x1E');
    const auto message = input.substr(0, end);
    input = end == std::string_view::npos ? std::string_view{} : input.substr(end + 1);
    outcome.clear();
    if (message == "t") {
      now.steady += step, now.wall += step;
      if (session.deadline() <= now.steady) session.tick(now, outcome);
    } else if (message == "p" || message == "r") {
      session.paused(message == "p", now, outcome);
    } else if (special(message, outcome)) {
      // done
    } else if (message.starts_with('b')) {
      session.frame(message.substr(1), true, now, outcome);
    } else {
      session.frame(message, false, now, outcome);
    }
    check(message, outcome);
    if (outcome.down) {
      outcome.clear();
      session.open(2, now, outcome);
    }
  }
}

/// `m<number> <text>`: a channel sink says this text.
template <class Session>
bool said(Session& session, std::string_view message, const event::Now& now, connectors::Outcome& outcome) {
  if (!message.starts_with('m') || message.size() < 4 || message[2] != ' ') return false;
  event::Message saying;
  saying.number = static_cast<std::uint64_t>(message[1]);
  saying.form = event::Form::text;
  saying.content = message.substr(3);
  const bool secret = saying.content.find("fuzz-secret") != std::string::npos;
  if (secret || !text::valid_utf8(saying.content) || session.may_say_at() > now.steady) return true;
  session.say(saying, now, outcome);
  require(outcome.reports.size() == 1 && outcome.reports.front().number == saying.number);
  return true;
}

/// The keys by which marks in the corpus are judged.
inline std::shared_ptr<const event::MarkHolder> marks() {
  auto holder = std::make_shared<event::MarkHolder>();
  holder->set(std::make_shared<const event::Marks>(event::Marks::Settings{"us", "", "", {{"relay-2", "", "k"}}}));
  return holder;
}

inline bool nothing_special(std::string_view, connectors::Outcome&) { return false; }

/// Whatever came in: exactly one kind, no end without a reason fit for a person, no secret in its words.
inline void check_outcome(const connectors::Outcome& outcome, std::string_view secret) {
  const bool carries = !outcome.drafts.empty() || !outcome.ignored.empty();
  require(carries == (outcome.kind == event::FrameKind::carrying));
  require((outcome.kind == event::FrameKind::malformed) == !outcome.malformed_reason.empty());
  for (const auto& remark : outcome.remarks) {
    require(!remark.code.empty() && text::valid_utf8(remark.detail) && text::valid_utf8(remark.subject));
  }
  if (!outcome.down) return;
  require(outcome.down->reason != net::Reason::none);
  require(outcome.down->detail.size() <= 300 && text::valid_utf8(outcome.down->detail));
  require(secret.empty() || outcome.down->detail.find(secret) == std::string::npos);
}

/// Whatever event comes out is one line of valid UTF-8 and JSON whose parts lie where the draft says. The event as
/// another reader sees it; null when a number in it is beyond a double, which is JSON all the same.
inline nlohmann::json checked(const event::Draft& draft) {
  static schema::Document document;
  const std::string text = draft.text + "}}";
  require(text::valid_utf8(text));
  require(text.find('\n') == std::string::npos);
  require(document.read(text));
  require(draft.id.offset + draft.id.size <= draft.text.size() && (draft.id.size == 24 || draft.hops != 0));
  require(text::parse_time(draft.created_at.of(draft.text)) == draft.created);
  nlohmann::json event;
  try {
    event = nlohmann::json::parse(text);
  } catch (const nlohmann::json::out_of_range&) {
    return {};
  }
  const auto& data = event["data"];
  require(data.is_object() && event["relay"]["upstreamChannel"] == draft.upstream_channel);
  require(!data.contains("amount") || data["amount"].is_number());
  require(!data.contains("username") || data["username"].is_string());
  require(!data.contains("message") || data["message"].is_string());
  return event;
}

}  // namespace tributary::fuzz
