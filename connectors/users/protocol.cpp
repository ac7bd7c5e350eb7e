#include "connectors/users/protocol.hpp"

#include <algorithm>
#include <utility>

#include "event/id.hpp"
#include "text/json.hpp"

namespace tributary::connectors::users {
namespace {

constexpr auto never = event::SteadyTime::max();
constexpr std::chrono::seconds default_patience{10};

}  // namespace

UsersProtocol::UsersProtocol(const std::string& connector, config::Shared<Config> config)
    : connector_(connector),
      config_(std::move(config)),
      label_(config_->public_name(connector)),
      codec_(connector, label_, *config_) {}

std::vector<config::Secret> UsersProtocol::secrets() const {
  std::vector<config::Secret> secrets;
  if (config_->api_key) secrets.push_back(*config_->api_key);
  return secrets;
}

std::variant<net::DialTarget, net::Ending> UsersProtocol::dial(const std::vector<std::string>& secrets,
                                                               const event::Now& now) {
  static_cast<void>(now);
  open_ = false;
  net::DialTarget target;
  target.url = config_->url;
  target.origin = config_->origin;
  if (config_->api_key) {
    target.headers.emplace_back("users-api-key", secrets.empty() ? std::string{} : secrets.front());
    if (target.headers.front().second.empty()) {
      return net::Ending{net::Reason::credential_unreadable, "the api_key is empty"};
    }
  }
  return target;
}

void UsersProtocol::open(std::uint64_t connection, const event::Now& now, Outcome& outcome) {
  open_ = true;
  live_ = heard_ = answered_ = paused_ = false;
  say_at_ = event::SteadyTime::min();
  probes_ = 0;
  copies_ = 1;
  answer_.clear();
  answers_ = group_ = 0;
  last_.clear();
  // Nobody has to be kept from guessing it; two relays, and two connections of one, must only not use the same.
  probe_base_ = std::string(probe_begin)
                    .append(event::derived_id({"users", connector_, std::to_string(connection),
                                               std::to_string(now.wall.time_since_epoch().count()),
                                               std::to_string(now.steady.time_since_epoch().count())}))
                    .append("-");
  const auto patience = config_->common.timeouts.handshake;
  listen_only_at_ = now.steady + (patience.count() > 0 ? patience : config::Duration(default_patience));
  probe(now, outcome);
}

void UsersProtocol::probe(const event::Now& now, Outcome& outcome) {
  std::string frame = "{\"eventType\":10,\"message\":\"" + probe_base_;
  text::append_number(frame, ++probes_);
  outcome.sends.push_back({frame + "\"}", false});
  next_probe_ = now.steady + config_->probe_interval * (live_ ? slow_probes : 1);
}

void UsersProtocol::frame(std::string_view payload, bool binary, const event::Now& now, Outcome& outcome) {
  heard_ = true;
  if (!binary && is_copy(payload, now)) return;
  auto said = Codec::Said::malformed;
  if (binary) {
    outcome.kind = event::FrameKind::malformed;
    outcome.malformed_reason = "binary";
    outcome.malformed_detail = "the server sends text";
  } else {
    said = codec_.read(payload, now, outcome);
  }
  if (said == Codec::Said::probe && codec_.message().starts_with(probe_base_)) return on_answer(now, outcome);
  answer_.clear();
  group_ = 0;
  if (said == Codec::Said::reply && !codec_.message().empty()) {
    outcome.remarks.push_back({"upstream_error", false, "", codec_.message()});
  }
  if (said == Codec::Said::echo) on_echo(payload, now, outcome);
  if (said == Codec::Said::event) remember(payload, now);
  const bool tells = said == Codec::Said::event || said == Codec::Said::echo;
  if (!tells || config_->listen) return;
  // The socket is for sending: what the server tells is control traffic.
  outcome.drafts.clear();
  outcome.ignored.clear();
  outcome.remarks.clear();
  outcome.kind = event::FrameKind::control;
  group_ = 0;
}

/// What somebody has said: we, and then it confirms itself; another relay; or a client.
void UsersProtocol::on_echo(std::string_view payload, const event::Now& now, Outcome& outcome) {
  if (const auto own = own_.heard(codec_.message(), copies_, config_->probe_interval, now.steady)) {
    if (own->first) outcome.reports.push_back({own->number, event::MessageResult::confirmed, {}, {}});
    outcome.kind = event::FrameKind::carrying;
    outcome.ignored.push_back(event::Ignored::own_echo);
    return;
  }
  const bool content = codec_.tell_echo(now, outcome);
  if (outcome.drafts.empty()) return;  // ours after all: each copy of it is
  remember(payload, now);
  const auto repeated = content ? lately_.repeated_by(codec_.message(), now) : std::nullopt;
  if (!repeated) return;
  // Somebody repeats what we said, without our mark: it is content, and must not go round and round.
  outcome.drafts.back().foreign_mark = true;
  outcome.reports.push_back({*repeated, event::MessageResult::echoed, {}, {}});
}

/// An echo of ours: we are heard. The copies of one answer come one behind the other.
void UsersProtocol::on_answer(const event::Now& now, Outcome& outcome) {
  group_ = 0;
  if (!std::exchange(answered_, true) && !std::exchange(live_, true)) outcome.live = true;
  if (answer_ != codec_.message()) {
    answer_ = codec_.message();
    answer_at_ = now.steady;
    answers_ = 0;
  }
  if (now.steady - answer_at_ > config_->probe_interval) return;
  if (++answers_ <= copies_limit) {
    copies_ = std::max(copies_, answers_);
  } else {
    copies_ = 1;  // no server has so many patterns; nothing is to be lost by a guess
  }
}

/// Another copy of the frame before it, which has been told of.
bool UsersProtocol::is_copy(std::string_view payload, const event::Now& now) {
  if (group_ == 0 || group_ >= copies_ || now.steady - group_at_ > config_->probe_interval || payload != last_) {
    return false;
  }
  ++group_;
  return true;
}

void UsersProtocol::remember(std::string_view payload, const event::Now& now) {
  if (copies_ == 1) return;
  last_ = payload;
  group_at_ = now.steady;
  group_ = 1;
}

event::SteadyTime UsersProtocol::deadline() const {
  if (!open_ || paused_ || answered_) return never;
  return live_ ? next_probe_ : std::min(next_probe_, listen_only_at_);
}

void UsersProtocol::tick(const event::Now& now, Outcome& outcome) {
  if (now.steady < deadline()) return;
  if (!live_ && now.steady >= listen_only_at_) {
    live_ = outcome.live = true;
    outcome.remarks.push_back(
        {"listen_only", false, "",
         "no probe was answered: the server has no Echo, or does not hear us; receiving goes on"});
  }
  if (now.steady >= next_probe_) probe(now, outcome);
}

void UsersProtocol::paused(bool paused, const event::Now& now, Outcome& outcome) {
  static_cast<void>(outcome);
  if (paused == paused_) return;
  paused_ = paused;
  if (paused) {
    listen_only_left_ = listen_only_at_ - now.steady;
    paused_at_ = now.steady;
    return;
  }
  listen_only_at_ = now.steady + listen_only_left_;
  own_.put_off(now.steady - paused_at_);
  lately_.put_off(now.steady - paused_at_);
  if (own_.awaits(now.steady)) say_at_ = now.steady + say_after_pause;
}

/// While nothing is read nothing can be confirmed.
event::SteadyTime UsersProtocol::may_say_at() const { return paused_ ? never : say_at_; }

/// The server keeps only `message`, a string; it reaches every client, and us.
void UsersProtocol::say(const event::Message& message, const event::Now& now, Outcome& outcome) {
  using event::MessageResult;
  const auto answer = [&](MessageResult result, std::string_view reason) {
    outcome.reports.push_back({message.number, result, reason, {}});
  };
  if (!answered_) return answer(MessageResult::unsupported, "no_echo");
  if (paused_) return answer(MessageResult::returned, {});
  if (is_probe(message.content)) return answer(MessageResult::refused, "reserved_text");
  std::string frame = R"({"eventType":10,"broadcast":true,"message":)";
  text::append_quoted(frame, message.content);
  outcome.sends.push_back({frame += '}', false});
  own_.said(message.content, message.number, now.steady);
  lately_.said(message, now);
  answer(MessageResult::awaiting, {});
}

void UsersProtocol::explain(net::Ending& ending) const {
  const bool dropped = ending.reason == net::Reason::eof || ending.reason == net::Reason::reset;
  if (heard_ || live_ || !dropped) return;
  ending.detail =
      config_->api_key
          ? "the server dropped the socket after the upgrade: is `origin` approved, `api_key` good?"
          : "the server dropped the socket after the upgrade: is `origin` approved? does it want an `api_key`?";
}

Admission UsersProtocol::admission() const {
  const std::string origin = config_->origin.empty() ? "without an origin" : "from origin " + config_->origin;
  const std::string words = "let in " + origin + (config_->api_key ? " with the api_key" : "");
  return {words + (answered_ ? ", and heard: a probe was answered" : ", no probe was answered")};
}

}  // namespace tributary::connectors::users
