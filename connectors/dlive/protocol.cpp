#include "connectors/dlive/protocol.hpp"

#include <algorithm>
#include <utility>

#include "connectors/dlive/backfill.hpp"
#include "connectors/dlive/lookup.hpp"
#include "text/ascii.hpp"
#include "text/json.hpp"

namespace tributary::connectors::dlive {
namespace {

constexpr auto never = event::SteadyTime::max();
constexpr std::chrono::milliseconds default_silence{60'000};  ///< more than two `ka` of 25 s

net::Ending ending_of(net::Reason reason, std::string detail) {
  net::Ending ending;
  ending.reason = reason;
  ending.detail = std::move(detail);
  return ending;
}

}  // namespace

DLiveProtocol::DLiveProtocol(const std::string& connector, config::Shared<Config> config)
    : connector_(connector),
      config_(std::move(config)),
      codec_(connector, config_->nesting),
      subscriptions_(config_->resubscribe_limit) {}

std::vector<config::Secret> DLiveProtocol::secrets() const {
  return config_->token ? std::vector{*config_->token} : std::vector<config::Secret>{};
}

std::variant<net::DialTarget, net::Ending> DLiveProtocol::dial(const std::vector<std::string>& secrets,
                                                               const event::Now& now) {
  static_cast<void>(now);
  token_ = secrets.empty() ? std::string{} : std::string(text::trimmed(secrets.front()));
  if (config_->token && token_.empty()) return ending_of(net::Reason::credential_unreadable, "the token is empty");
  net::DialTarget target;
  target.url = config_->url;
  target.origin = config_->origin;
  target.subprotocols = {"graphql-ws"};
  return target;
}

std::chrono::milliseconds DLiveProtocol::silence_limit() const {
  const auto own = config_->common.timeouts.heartbeat;
  return own.count() > 0 ? own : default_silence;
}

void DLiveProtocol::open(std::uint64_t connection, const event::Now& now, Outcome& outcome) {
  static_cast<void>(connection);
  acknowledged_ = false;
  silent_by_ = paused_ ? never : now.steady + silence_limit();
  subscriptions_.reset();
  subscriptions_.want(config_->streamers, config_->treasure_chest, now.steady, outcome);
  std::string init = R"({"type":"connection_init","payload":{)";
  if (!token_.empty()) {
    init += "\"authorization\":";
    text::append_quoted(init, token_);
  }
  outcome.sends.push_back({init + "}}", false});
}

void DLiveProtocol::frame(std::string_view payload, bool binary, const event::Now& now, Outcome& outcome) {
  if (!paused_) silent_by_ = now.steady + silence_limit();
  if (binary) {
    outcome.kind = event::FrameKind::malformed;
    outcome.malformed_reason = "binary";
    outcome.malformed_detail = "a binary frame, expected text";
    return;
  }
  const Packet& packet = codec_.read(payload, outcome);
  switch (packet.kind) {
    case Packet::Kind::ack:
      return on_ack(now, outcome);
    case Packet::Kind::connection_error:
      outcome.down = ending_of(net::Reason::credential_refused, packet.words);
      return;
    case Packet::Kind::data:
      return on_data(packet, now, outcome);
    case Packet::Kind::error:
      return on_end(packet, packet.words, now, outcome);
    case Packet::Kind::complete:
      return on_end(packet, packet.words.empty() ? "the server ended it" : packet.words, now, outcome);
    case Packet::Kind::unknown:
      if (codec_.has_field(false) || codec_.has_field(true)) return on_data(packet, now, outcome);
      outcome.unknown = true;
      return;
    case Packet::Kind::keep_alive:
    case Packet::Kind::malformed:
      return;
  }
}

void DLiveProtocol::on_ack(const event::Now& now, Outcome& outcome) {
  if (std::exchange(acknowledged_, true)) return;
  outcome.live = true;
  subscriptions_.start_all(now.steady, outcome);
}

void DLiveProtocol::on_data(const Packet& packet, const event::Now& now, Outcome& outcome) {
  const bool chest = codec_.has_field(true);
  auto* const subscription = subscriptions_.find(packet.id, chest);
  if (subscription == nullptr) return of_nobody(packet, outcome);
  if (!packet.words.empty()) outcome.remarks.push_back({"upstream_error", false, subscription->streamer, packet.words});
  if (!chest && !codec_.has_field(false)) {
    outcome.unknown = packet.words.empty();
    return;
  }
  Subscriptions::heard(*subscription);
  pass_on(subscription->streamer, now, outcome);
}

/// What we said ourselves comes back like everybody's words.
void DLiveProtocol::pass_on(const std::string& streamer, const event::Now& now, Outcome& outcome) {
  if (publishing_.awaits_nothing(now)) return codec_.messages(streamer, now, outcome);
  codec_.messages(streamer, now, outcome,
                  [&](const ChatWords& chat) { return publishing_.heard(streamer, chat, now, outcome); });
}

/// Content of an id that runs no more was on its way; of any other id, nobody can say whose it is.
void DLiveProtocol::of_nobody(const Packet& packet, Outcome& outcome) const {
  if (subscriptions_.knows(packet.id)) return;
  outcome.kind = event::FrameKind::malformed;
  outcome.malformed_reason = "wrong_shape";
  outcome.malformed_detail = packet.id.empty() ? "data without an id, and several subscriptions run"
                                               : "data of an id that was never given out";
}

/// `error` or `complete`: this subscription is over, the others live on. It may bring its last messages with it.
void DLiveProtocol::on_end(const Packet& packet, std::string_view words, const event::Now& now, Outcome& outcome) {
  const bool chest = codec_.has_field(true), carrying = chest || codec_.has_field(false);
  auto* subscription = subscriptions_.find(packet.id, chest);
  if (subscription == nullptr && packet.id.empty() && !carrying) subscription = subscriptions_.find({}, true);
  if (subscription == nullptr) {
    if (carrying) return of_nobody(packet, outcome);
    outcome.unknown = !subscriptions_.knows(packet.id);
    return;
  }
  if (carrying) {
    Subscriptions::heard(*subscription);
    pass_on(subscription->streamer, now, outcome);
  }
  subscriptions_.failed(*subscription, words, now.steady, outcome);
}

event::SteadyTime DLiveProtocol::deadline() const { return std::min(silent_by_, subscriptions_.deadline()); }

void DLiveProtocol::tick(const event::Now& now, Outcome& outcome) {
  if (now.steady >= silent_by_) {
    silent_by_ = never;
    outcome.down = ending_of(net::Reason::heartbeat_timeout, "no frame of any kind, not even `ka`");
    return;
  }
  subscriptions_.tick(now.steady, outcome);
}

void DLiveProtocol::paused(bool paused, const event::Now& now, Outcome& outcome) {
  static_cast<void>(outcome);
  paused_ = paused;
  silent_by_ = paused ? never : now.steady + silence_limit();
}

bool DLiveProtocol::can_adopt(const Settings& settings) const {
  const auto* const next = dynamic_cast<const Config*>(&settings);
  return next != nullptr && next->url == config_->url && next->origin == config_->origin &&
         next->token == config_->token && next->common.same_connection(config_->common) &&
         next->nesting == config_->nesting;
}

void DLiveProtocol::adopt(const std::shared_ptr<const Settings>& settings, const event::Now& now, Outcome& outcome) {
  config_ = config::Shared<Config>::from(settings);
  subscriptions_.set_limit(config_->resubscribe_limit);
  subscriptions_.want(config_->streamers, config_->treasure_chest, now.steady, outcome);
}

std::vector<Lookup> DLiveProtocol::lookups(const std::vector<std::string>& secrets) const {
  std::vector<Lookup> lookups;
  if (config_->api_url.empty()) return lookups;
  for (const auto& streamer : config_->streamers) {
    lookups.push_back(lookup_of(config_->api_url, streamer,
                                secrets.empty() ? std::string{} : std::string(text::trimmed(secrets.front()))));
    lookups.back().key = "streamers[" + std::to_string(lookups.size() - 1) + "]";
  }
  return lookups;
}

/// Nobody says when a subscription has begun: what is said between `connection_ack` and then is in the history, too.
constexpr std::chrono::milliseconds subscribed_after{1'000};

std::vector<Backfill> DLiveProtocol::backfill(const std::string& channel, event::WallTime from, event::WallTime to,
                                              const std::vector<std::string>& secrets) const {
  if (!config_->backfill || config_->api_url.empty() || channel.empty()) return {};
  ChatHistory asked;
  asked.api_url = config_->api_url;
  asked.streamer = channel;
  asked.token = secrets.empty() ? std::string{} : std::string(text::trimmed(secrets.front()));
  asked.limit = config_->backfill_limit;
  asked.connector = connector_;
  asked.nesting = config_->nesting;
  const auto& dedupe = config_->common.dedupe;
  asked.known_since = from - (dedupe.ids == 0 ? std::chrono::milliseconds(0) : dedupe.window / 2);
  asked.is_own = [this, channel](const ChatWords& chat, const event::Now& now) {
    return publishing_.is_own(channel, chat, now);
  };
  auto question = missed_chats(std::move(asked), from, to);
  question.after = subscribed_after;
  return {std::move(question)};
}

void DLiveProtocol::say(const event::Message& message, const event::Now& now, Outcome& outcome) {
  publishing_.say(message, config_->api_url, now, outcome);
}

void DLiveProtocol::answered(std::uint64_t number, const std::variant<net::HttpAnswer, net::Ending>& result,
                             const event::Now& now, Outcome& outcome) {
  publishing_.answered(number, result, now, outcome);
}

Admission DLiveProtocol::admission() const {
  if (config_->token) return {"acknowledged with the token"};
  return {"connected without a token, nobody is authenticated"};
}

}  // namespace tributary::connectors::dlive
