#include "connectors/stagecast/protocol.hpp"

#include <string>
#include <utility>

#include "connectors/stagecast/publishing.hpp"
#include "text/json.hpp"

namespace tributary::connectors::stagecast {
namespace {

constexpr std::string_view welcome = "ok";
constexpr std::size_t detail_limit = 200;
constexpr auto never = event::SteadyTime::max();

std::string without(std::string_view text, std::string_view secret) {
  std::string out;
  for (auto at = secret.empty() ? text.npos : text.find(secret); at != text.npos; at = text.find(secret)) {
    out.append(text.substr(0, at)).append("<redacted>");
    text.remove_prefix(at + secret.size());
  }
  return out.append(text);
}

/// Close codes by which a server says that it leaves, not that it refuses (RFC 6455 and IANA: going away, internal
/// error, restart, try again later).
bool server_leaves(int code) { return code == 1001 || (code >= 1011 && code <= 1013); }

}  // namespace

StagecastProtocol::StagecastProtocol(const std::string& connector, config::Shared<Config> config)
    : config_(std::move(config)), codec_(connector, config_->channel, *config_) {}

std::vector<config::Secret> StagecastProtocol::secrets() const {
  std::vector<config::Secret> secrets;
  if (config_->auth) secrets.push_back(config_->auth->secret());
  return secrets;
}

std::variant<net::DialTarget, net::Ending> StagecastProtocol::dial(const std::vector<std::string>& secrets,
                                                                   const event::Now& now) {
  static_cast<void>(now);
  phase_ = Phase::dialled;
  answer_by_ = never;
  if (config_->auth) {
    secret_ = secrets.empty() ? std::string{} : secrets.front();
    if (secret_.empty()) {
      return net::Ending{net::Reason::credential_unreadable,
                         config_->auth->token ? "the token is empty" : "the password is empty"};
    }
  }
  net::DialTarget target;
  target.url = config_->dial_url();
  return target;
}

std::string StagecastProtocol::auth_frame() const {
  std::string frame;
  if (config_->auth->token) {
    frame = "{\"token\":";
  } else {
    frame = "{\"email\":";
    text::append_quoted(frame, config_->auth->email);
    frame += ",\"password\":";
  }
  text::append_quoted(frame, secret_);
  return frame += '}';
}

void StagecastProtocol::open(std::uint64_t connection, const event::Now& now, Outcome& outcome) {
  static_cast<void>(connection);
  paused_ = false;
  if (!config_->auth) return come_live(outcome);
  phase_ = Phase::asked;
  answer_left_ = config_->common.timeouts.handshake;
  answer_by_ = answer_left_.count() > 0 ? now.steady + answer_left_ : never;
  outcome.sends.push_back({auth_frame(), false});
}

void StagecastProtocol::come_live(Outcome& outcome) {
  phase_ = Phase::live;
  answer_by_ = never;
  outcome.live = true;
}

void StagecastProtocol::frame(std::string_view payload, bool binary, const event::Now& now, Outcome& outcome) {
  if (phase_ == Phase::asked && payload == welcome) return come_live(outcome);
  if (binary) return on_binary(payload, outcome);
  if (codec_.read(payload, now, outcome) == Codec::Said::content) look_for_echo(now, outcome);
  if (config_->listen) return;
  // The socket is for sending: the channel's content is control traffic.
  auto reports = std::move(outcome.reports);
  outcome.clear();
  outcome.reports = std::move(reports);
}

/// Somebody repeats what we said, without our mark: it is content, and must not go round and round.
void StagecastProtocol::look_for_echo(const event::Now& now, Outcome& outcome) {
  const auto number = said_.repeated_by(codec_.content(), now);
  if (!number) return;
  outcome.drafts.back().foreign_mark = true;
  outcome.reports.push_back({*number, event::MessageResult::echoed, {}, {}});
}

/// Members send text. What comes in binary is the server's own answer, as `ok` may be.
void StagecastProtocol::on_binary(std::string_view payload, Outcome& outcome) {
  if (phase_ == Phase::asked) return refused("the server answered: " + clean(payload), outcome);
  if (payload == welcome) {
    outcome.unknown = true;
    return;
  }
  outcome.kind = event::FrameKind::malformed;
  outcome.malformed_reason = "binary";
  outcome.malformed_detail = "a binary frame other than `ok`";
}

void StagecastProtocol::tick(const event::Now& now, Outcome& outcome) {
  if (phase_ == Phase::asked && now.steady >= answer_by_) refused("no `ok` within timeouts.handshake", outcome);
}

void StagecastProtocol::paused(bool paused, const event::Now& now, Outcome& outcome) {
  static_cast<void>(outcome);
  if (paused == paused_) return;
  paused_ = paused;
  if (paused) {
    paused_at_ = now.steady;
  } else {
    said_.put_off(now.steady - paused_at_);
  }
  if (phase_ != Phase::asked || config_->common.timeouts.handshake.count() == 0) return;
  if (paused) {
    answer_left_ = answer_by_ - now.steady;
    answer_by_ = never;
  } else {
    answer_by_ = now.steady + answer_left_;
  }
}

void StagecastProtocol::refused(std::string detail, Outcome& outcome) {
  phase_ = Phase::over;
  answer_by_ = never;
  outcome.down = net::Ending{net::Reason::credential_refused, std::move(detail)};
}

void StagecastProtocol::explain(net::Ending& ending) const {
  if (phase_ != Phase::asked || ending.reason != net::Reason::closed || server_leaves(ending.close_code)) return;
  ending.reason = net::Reason::credential_refused;
  ending.detail = "the server closed before `ok`" + (ending.detail.empty() ? "" : ": " + clean(ending.detail));
}

/// An answer's words for people: valid UTF-8, clipped, without what we had sent.
std::string StagecastProtocol::clean(std::string_view words) const {
  std::string quoted;
  text::append_quoted(quoted, secret_);
  std::string text;
  text::append_repaired(text, without(without(words, quoted.substr(1, quoted.size() - 2)), secret_));
  return std::string(text::clip(text, detail_limit));
}

/// Nothing is ever acknowledged: what the socket has taken is sent. Only who was recognised may send.
void StagecastProtocol::say(const event::Message& message, const event::Now& now, Outcome& outcome) {
  using event::MessageResult;
  if (!config_->auth) {
    outcome.reports.push_back({message.number, MessageResult::unsupported, "not_authenticated", {}});
    return;
  }
  auto publication = publication_of(message, config_->nesting);
  if (!publication.refused.empty()) {
    outcome.reports.push_back({message.number, MessageResult::refused, publication.refused, {}});
    return;
  }
  said_.said(message, now);
  outcome.sends.push_back({std::move(publication.frame), false});
  outcome.reports.push_back({message.number, MessageResult::sent, {}, {}});
}

Admission StagecastProtocol::admission() const {
  if (config_->auth) return {};
  return {"connected without an account, nobody is authenticated: it can only listen"};
}

}  // namespace tributary::connectors::stagecast
