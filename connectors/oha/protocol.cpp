#include "connectors/oha/protocol.hpp"

#include <utility>

#include "connectors/link/credential.hpp"
#include "connectors/link/protocol_value.hpp"
#include "text/ascii.hpp"
#include "text/json.hpp"
#include "text/time.hpp"

namespace tributary::connectors::oha {
namespace {

constexpr auto never = event::SteadyTime::max();
constexpr std::chrono::seconds verdict_patience{10};
constexpr int server_exception = 1011;
constexpr int forbidden = 403, server_error = 500;

net::Ending ending_of(net::Reason reason, std::string detail) {
  net::Ending ending;
  ending.reason = reason;
  ending.detail = std::move(detail);
  return ending;
}

}  // namespace

OhaProtocol::OhaProtocol(const std::string& connector, config::Shared<Config> config)
    : config_(std::move(config)), codec_(connector, config_->label, config_->nesting) {}

std::vector<config::Secret> OhaProtocol::secrets() const {
  std::vector<config::Secret> secrets{config_->stream};
  if (config_->auth) secrets.push_back(config_->auth->token);
  return secrets;
}

std::variant<net::DialTarget, net::Ending> OhaProtocol::dial(const std::vector<std::string>& secrets,
                                                             const event::Now& now) {
  const std::string stream = secrets.empty() ? std::string{} : std::string(text::trimmed(secrets[0]));
  token_ = config_->auth && secrets.size() > 1 ? std::string(text::trimmed(secrets[1])) : std::string{};
  redaction_.keep_out({stream, token_});
  if (stream.empty()) return ending_of(net::Reason::credential_unreadable, "the stream's key is empty");
  if (stream.size() >= Redaction::shortest && config_->label.find(stream) != std::string::npos) {
    return ending_of(net::Reason::credential_unreadable,
                     "the label holds the stream's key, and every event would tell it: choose another label");
  }
  if (config_->auth && token_.empty()) return ending_of(net::Reason::credential_unreadable, "the token is empty");
  const TokenClaims claims = claims_of(token_);
  odd_expiry_ = claims.odd_expiry;
  username_ = claims.username;
  if (claims.expires && *claims.expires <= now.wall) {
    return ending_of(net::Reason::credential_expired,
                     "the token says that it expired at " + text::to_text(*claims.expires));
  }
  const auto in = config_->auth ? config_->auth->in : TokenIn::message;
  net::DialTarget target;
  target.url = config_->dial_url(stream, in == TokenIn::query ? token_ : std::string{});
  if (in == TokenIn::header) target.headers.emplace_back("Authorization", "Bearer " + token_);
  return target;
}

void OhaProtocol::open(std::uint64_t connection, const event::Now& now, Outcome& outcome) {
  static_cast<void>(connection), static_cast<void>(now);
  live_ = authenticated_ = paused_ = false;
  judged_ = !config_->auth;
  publishing_.open(username_);
  verdict_by_ = never;
  if (!odd_expiry_.empty()) {
    outcome.remarks.push_back(odd_value("exp of the token", odd_expiry_, odd_expiry_expected, odd_expiry_used));
  }
  if (!config_->auth || config_->auth->in != TokenIn::message) return;
  std::string frame = R"({"type":"auth","data":{"token":)";
  text::append_quoted(frame, token_);
  outcome.sends.push_back({frame + "}}", false});
}

void OhaProtocol::frame(std::string_view payload, bool binary, const event::Now& now, Outcome& outcome) {
  if (binary) {
    outcome.kind = event::FrameKind::malformed;
    outcome.malformed_reason = "binary";
    outcome.malformed_detail = "a binary frame, expected text";
    return;
  }
  switch (codec_.read(redaction_.cleaned(payload), now, outcome)) {
    case Codec::Said::authenticated:
      return on_answer(true, now, outcome);
    case Codec::Said::anonymous:
      return on_answer(false, now, outcome);
    case Codec::Said::error:
      outcome.remarks.push_back({"upstream_error", false, codec_.error_code(), codec_.words()});
      return publishing_.error(codec_.error_code(), codec_.words(), outcome);
    case Codec::Said::chat:
      return on_chat(now, outcome);
    case Codec::Said::event:
      return;
    case Codec::Said::malformed:
      return;
  }
}

/// What we said ourselves comes back like everybody's words.
void OhaProtocol::on_chat(const event::Now& now, Outcome& outcome) {
  if (publishing_.awaits_nothing(now) || !publishing_.heard(codec_.user(), codec_.message(), now, outcome)) return;
  outcome.drafts.clear();
  outcome.ignored.push_back(event::Ignored::own_echo);
}

void OhaProtocol::on_answer(bool authenticated, const event::Now& now, Outcome& outcome) {
  const bool first = !std::exchange(live_, true);
  outcome.live = first;
  if (judged_ && config_->auth && authenticated == authenticated_) return;
  if (judged_ && (!config_->auth || authenticated)) {
    authenticated_ = authenticated;
    return;
  }
  const bool of_the_connection = first && config_->auth->in == TokenIn::message && !authenticated;
  if (!of_the_connection) {
    std::string words = "the server does not know the token";
    if (!codec_.words().empty()) words += " (" + codec_.words() + ")";
    return judge(authenticated, words, outcome);
  }
  verdict_by_ = paused_ ? never : now.steady + verdict_patience;
}

void OhaProtocol::judge(bool authenticated, std::string_view words, Outcome& outcome) {
  judged_ = true;
  verdict_by_ = never;
  authenticated_ = authenticated;
  if (authenticated) return;
  outcome.remarks.push_back({"auth_refused", true, "", std::string(words) + "; listening goes on, sending does not"});
  event::Notice notice;
  notice.type = "credentialRefused";
  notice.data_json = R"({"reason":"auth_refused"})";
  outcome.notices.push_back(std::move(notice));
}

void OhaProtocol::tick(const event::Now& now, Outcome& outcome) {
  if (now.steady >= verdict_by_) judge(false, "no answer to the token", outcome);
  publishing_.tick(now, outcome);
}

void OhaProtocol::paused(bool paused, const event::Now& now, Outcome& outcome) {
  static_cast<void>(outcome);
  paused_ = paused;
  publishing_.paused(paused, now);
  if (live_ && !judged_) verdict_by_ = paused ? never : now.steady + verdict_patience;
}

void OhaProtocol::explain(net::Ending& ending) const {
  if (ending.close_code == server_exception) ending.detail = "1011: an exception in the server";
}

/// 403: refused or not live; 500: no such route or an error. Neither goes away in seconds; what a proxy in between says
/// (502, 503, 429) does.
void OhaProtocol::explain_refusal(net::Ending& ending) const {
  if (ending.http_status != forbidden && ending.http_status != server_error) return;
  ending.slow = true;
  ending.detail += " (no such stream, not live, or not for us)";
}

/// Held until the verdict; after a refusal and without a token a message is answered at once, with `unsupported`.
event::SteadyTime OhaProtocol::may_say_at() const {
  if (!judged_) return never;
  return authenticated_ ? publishing_.may_say_at() : event::SteadyTime::min();
}

void OhaProtocol::say(const event::Message& message, const event::Now& now, Outcome& outcome) {
  if (authenticated_) return publishing_.say(message, now, outcome);
  outcome.reports.push_back({message.number, event::MessageResult::unsupported, "not_authenticated", {}});
}

Admission OhaProtocol::admission() const {
  if (!config_->auth) return {"connected without a token, nobody is authenticated: it can only listen"};
  if (!judged_) return {"connected, the server has not said whether it knows the token", false};
  if (authenticated_) return {};
  return {"connected, not authenticated: it can only listen"};
}

}  // namespace tributary::connectors::oha
