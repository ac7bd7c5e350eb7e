#include "tests/support/toy_protocol.hpp"

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include "text/json.hpp"
#include "text/time.hpp"

namespace tributary::support {
namespace {

using connectors::Outcome;
constexpr auto never = event::SteadyTime::max();

net::Ending ending_of(net::Reason reason, std::string detail) {
  net::Ending ending;
  ending.reason = reason;
  ending.detail = std::move(detail);
  return ending;
}

/// Appends `"key":"text"` and says where the text is.
event::Slice text_member(std::string& json, std::string_view key, std::string_view text) {
  json += json.back() == '{' ? "\"" : ",\"";
  json.append(key) += "\":";
  const auto begin = json.size() + 1;
  text::append_quoted(json, text);
  return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(json.size() - 1 - begin)};
}

}  // namespace

std::variant<net::DialTarget, net::Ending> ToyProtocol::dial(const std::vector<std::string>& secrets,
                                                             const event::Now&) {
  token_ = secrets.empty() ? "nobody" : secrets.front();
  if (token_ == "expired") return ending_of(net::Reason::credential_expired, "it says so");
  net::DialTarget target;
  target.url = settings_.url;
  target.headers.emplace_back("X-Toy", "yes");
  return target;
}

void ToyProtocol::open(std::uint64_t, const event::Now& now, Outcome& outcome) {
  paused_ = held_ = mute_ = false;
  answer_by_ = never;
  beat_at_ = settings_.beat.count() > 0 ? now.steady + settings_.beat : never;
  outcome.sends.push_back({"hello " + token_, false});
}

void ToyProtocol::frame(std::string_view payload, bool binary, const event::Now& now, Outcome& outcome) {
  const auto space = payload.find(' ');
  const std::string_view verb = payload.substr(0, space);
  std::string_view rest = space == std::string_view::npos ? std::string_view() : payload.substr(space + 1);
  if (binary) {
    outcome.kind = event::FrameKind::malformed;
    outcome.malformed_reason = "binary";
  } else if (verb == "welcome") {
    channel_ = rest;
    outcome.live = true;
  } else if (verb == "event") {
    outcome.kind = event::FrameKind::carrying;
    while (!rest.empty()) {
      const auto end = std::min(rest.find(' '), rest.size());
      event_line(rest.substr(0, end), now, outcome);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  } else if (verb == "state") {
    outcome.kind = event::FrameKind::carrying;
    event_line(rest, now, outcome);
    outcome.drafts.back().kind = event::Kind::state;
  } else if (verb == "test") {
    outcome.kind = event::FrameKind::carrying;
    outcome.ignored.push_back(event::Ignored::test);
  } else if (verb == "odd") {
    outcome.unknown = true;
  } else if (verb == "echo") {
    outcome.sends.push_back({std::string(rest), false});
  } else if (verb == "no") {
    outcome.down = ending_of(net::Reason::credential_refused, std::string(rest));
  } else if (verb == "wrong") {
    outcome.down = ending_of(net::Reason::wrong_channel, std::string(rest));
  } else if (verb == "bye") {
    outcome.down = ending_of(net::Reason::disconnected, "");
  } else if (verb == "expiring") {
    event::Notice notice;
    notice.type = "credentialExpiring";
    notice.data_json = R"({"at":"2026-12-01T00:00:00.000Z"})";
    outcome.notices.push_back(std::move(notice));
  } else if (verb == "beat") {
    answer_by_ = never;
  } else if (word_on_message(verb, rest, outcome)) {
    return;
  } else if (verb == "throw") {
    throw std::runtime_error("a bug");
  } else {
    outcome.kind = event::FrameKind::malformed;
    outcome.malformed_reason = "not_json";
    outcome.malformed_detail = "no such word";
  }
}

event::SteadyTime ToyProtocol::deadline() const { return std::min(beat_at_, paused_ ? never : answer_by_); }

void ToyProtocol::tick(const event::Now& now, Outcome& outcome) {
  if (!paused_ && now.steady >= answer_by_) {
    outcome.down = ending_of(net::Reason::heartbeat_timeout, "no beat");
    answer_by_ = never;
    return;
  }
  if (now.steady < beat_at_) return;
  beat_at_ = now.steady + settings_.beat;
  if (answer_by_ == never) answer_by_ = now.steady + settings_.beat / 2;
  outcome.sends.push_back({"beat", false});
}

void ToyProtocol::paused(bool paused, const event::Now& now, Outcome&) {
  paused_ = paused;
  if (!paused && answer_by_ != never) answer_by_ = now.steady + settings_.beat / 2;
}

void ToyProtocol::farewell(Outcome& outcome) { outcome.sends.push_back({"bye", false}); }

bool ToyProtocol::word_on_message(std::string_view verb, std::string_view rest, Outcome& outcome) {
  using event::MessageResult;
  const auto report = [&](MessageResult result, std::string_view reason) {
    outcome.reports.push_back({std::stoull(std::string(rest)), result, reason, {}});
  };
  if (verb == "said") {
    report(MessageResult::confirmed, {});
  } else if (verb == "sorry") {
    report(MessageResult::refused, "upstream_error");
  } else if (verb == "heard") {
    report(MessageResult::echoed, {});
  } else if (verb == "hold" || verb == "go") {
    held_ = verb == "hold";
  } else if (verb == "mute") {
    mute_ = true;
  } else {
    return false;
  }
  return true;
}

event::SteadyTime ToyProtocol::may_say_at() const { return held_ ? never : say_at_; }

void ToyProtocol::say(const event::Message& message, const event::Now& now, Outcome& outcome) {
  using event::MessageResult;
  if (!settings_.publishes || mute_) return Protocol::say(message, now, outcome);
  const std::string_view content = message.content;
  if (content == "bug") throw std::runtime_error("a bug");
  if (content == "odd") {
    outcome.reports.push_back({message.number, MessageResult::returned, {}, {}});
  } else if (content.size() > settings_.say_limit) {
    outcome.reports.push_back({message.number, MessageResult::refused, "too_large", {}});
  } else if (content.starts_with("post ")) {
    connectors::Post post;
    post.number = message.number;
    post.request.method = "POST";
    post.request.url = settings_.post_url;
    post.request.body = content.substr(5);
    post.secret = settings_.post_secret;
    post.header = "authorization";
    outcome.posts.push_back(std::move(post));
    outcome.reports.push_back({message.number, MessageResult::awaiting, {}, {}});
  } else {
    const bool quiet = content.starts_with("quiet ");
    outcome.sends.push_back({"say " + std::to_string(message.number) + " " + message.content, false});
    outcome.reports.push_back({message.number, quiet ? MessageResult::sent : MessageResult::awaiting, {}, {}});
  }
  if (settings_.pace.count() > 0) say_at_ = now.steady + settings_.pace;
}

void ToyProtocol::answered(std::uint64_t number, const std::variant<net::HttpAnswer, net::Ending>& result,
                           const event::Now&, Outcome& outcome) {
  using event::MessageResult;
  const auto* answer = std::get_if<net::HttpAnswer>(&result);
  if (answer == nullptr) return;
  if (answer->body == "bug") throw std::runtime_error("a bug");
  const bool good = answer->status == 200;
  outcome.reports.push_back({number, good ? MessageResult::confirmed : MessageResult::refused,
                             good ? std::string_view() : "upstream_error", answer->body});
}

std::vector<std::string> ToyProtocol::channels() const {
  return channel_.empty() ? std::vector<std::string>() : std::vector<std::string>{channel_};
}

std::vector<connectors::Backfill> ToyProtocol::backfill(const std::string& channel, event::WallTime from,
                                                        event::WallTime to,
                                                        const std::vector<std::string>& secrets) const {
  if (settings_.archive.empty()) return {};
  return {page(settings_.archive + "?channel=" + channel + "&from=" + text::to_text(from) + "&to=" + text::to_text(to),
               1, secrets.empty() ? "nobody" : secrets.front(), from + (to - from) / 2)};
}

connectors::Backfill ToyProtocol::page(std::string url, unsigned number, std::string token,
                                       event::WallTime when) const {
  connectors::Backfill asked;
  asked.request.url = url + "&page=" + std::to_string(number);
  asked.request.headers.emplace_back("Authorization", "Bearer " + token);
  asked.judge = [=, this](const net::HttpAnswer& answer, const event::Now& now) {
    connectors::BackfillAnswer judged;
    if (answer.status != 200) {
      judged.fault = "HTTP " + std::to_string(answer.status);
      if (answer.status == 503) judged.again = std::chrono::milliseconds(0);
      if (answer.status == 429) judged.again = std::chrono::minutes(1);
      return judged;
    }
    std::istringstream words(answer.body);
    const auto add = [&](const std::string& id, event::WallTime at) {
      Outcome outcome;
      event_line(id, {now.steady, at}, outcome);
      judged.drafts.push_back(std::move(outcome.drafts.front()));
      judged.drafts.back().identified = id != "nameless";
    };
    for (std::string word; words >> word;) {
      if (word == "throw") throw std::runtime_error("a bug");
      if (word == "more" || word == "later" || word == "older") {
        judged.next.push_back(page(url, number + 1, token, when));
        judged.backwards = word == "older";
        int ms = 0;
        if (word == "later") words >> ms;
        judged.next.back().after = std::chrono::milliseconds(ms);
      } else if (word == "at") {
        std::int64_t ms = 0;
        words >> ms >> word;
        add(word, event::WallTime(std::chrono::milliseconds(ms)));
      } else {
        add(word, when);
      }
    }
    return judged;
  };
  return asked;
}

void ToyProtocol::event_line(std::string_view id, const event::Now& now, Outcome& outcome) const {
  event::Draft draft;
  draft.source = "toy";
  draft.upstream_channel = channel_;
  draft.updated = draft.created = now.wall;
  draft.identified = true;
  draft.text = "{";
  draft.id = text_member(draft.text, "_id", id);
  draft.type = text_member(draft.text, "type", "tip");
  draft.provider = text_member(draft.text, "provider", "toy");
  draft.text += ",\"data\":{\"amount\":4.20,\"list\":[1,2]}";
  draft.created_at = text_member(draft.text, "createdAt", text::to_text(now.wall));
  draft.text += ",\"relay\":{";
  text_member(draft.text, "receivedAt", text::to_text(now.wall));
  outcome.drafts.push_back(std::move(draft));
}

}  // namespace tributary::support
