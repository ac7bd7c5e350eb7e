#include "connectors/streamelements/protocol.hpp"

#include <algorithm>
#include <utility>

#include "connectors/link/protocol_value.hpp"
#include "text/ascii.hpp"
#include "text/json.hpp"
#include "text/time.hpp"

namespace tributary::connectors::streamelements {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds default_ping_interval{25'000};
constexpr milliseconds default_ping_timeout{5'000};
constexpr auto expiry_warning = std::chrono::hours{24 * 3};
constexpr std::size_t detail_limit = 200;
constexpr std::string_view wrong_direction = "the server pings, so it speaks Engine.IO 4; configured is 3";
constexpr std::size_t ping_data_limit = 125;

/// A duration of the handshake; what is there and cannot be understood or meant is told of.
milliseconds duration_of(const Object& handshake, std::string_view key, milliseconds otherwise, Outcome& outcome) {
  static constexpr auto shortest = Heartbeat::shortest, longest = Heartbeat::longest;
  const Value value = handshake[key];
  if (!value) return otherwise;
  const auto number = number_of(value);
  const auto count = [](milliseconds duration) { return std::to_string(duration.count()); };
  if (number && *number >= static_cast<double>(shortest.count()) && *number <= static_cast<double>(longest.count())) {
    return milliseconds{static_cast<std::int64_t>(*number)};
  }
  // A server in a hurry is not left waiting for our default.
  const auto used = number && *number >= 1 && *number < static_cast<double>(shortest.count()) ? shortest : otherwise;
  outcome.remarks.push_back(
      odd_value(key, value.text, count(shortest) + " to " + count(longest) + " ms", count(used) + " ms"));
  return used;
}

}  // namespace

StreamElementsProtocol::StreamElementsProtocol(std::string connector, config::Shared<Config> config)
    : config_(std::move(config)),
      codec_settings_{std::move(connector), config_->test_events, config_->state_updates, config_->nesting},
      codec_(codec_settings_),
      json_(config_->nesting),
      heartbeat_(config_->engine_io) {}

std::vector<config::Secret> StreamElementsProtocol::secrets() const { return {config_->token}; }

std::variant<net::DialTarget, net::Ending> StreamElementsProtocol::dial(const std::vector<std::string>& secrets,
                                                                        const event::Now& now) {
  token_ = secrets.empty() ? std::string{} : std::string(text::trimmed(secrets.front()));
  claims_ = config_->method == Method::jwt ? claims_of(token_) : TokenClaims{};
  warn_at_ = event::SteadyTime::max();
  if (token_.empty()) return net::Ending{net::Reason::credential_unreadable, "the token is empty"};
  if (claims_.expires && *claims_.expires <= now.wall) {
    return net::Ending{net::Reason::credential_expired,
                       "the token says that it expired at " + text::to_text(*claims_.expires)};
  }
  if (!config_->channel.empty() && !claims_.channel.empty() && claims_.channel != config_->channel) {
    return net::Ending{net::Reason::wrong_channel, "the token is of channel " +
                                                       redacted(claims_.channel, token_, detail_limit / 2) +
                                                       ", configured is " + config_->channel};
  }
  net::DialTarget target;
  target.url = config_->dial_url();
  return target;
}

void StreamElementsProtocol::open(std::uint64_t connection, const event::Now& now, Outcome& outcome) {
  static_cast<void>(connection), static_cast<void>(now);
  phase_ = Phase::dialled;
  attachments_ = 0;
  pinged_ = false;
  heartbeat_.reset();
  warn_at_ = event::SteadyTime::max();
  if (claims_.odd_expiry.empty()) return;
  outcome.remarks.push_back(odd_value("exp of the token", claims_.odd_expiry, odd_expiry_expected, odd_expiry_used));
}

void StreamElementsProtocol::frame(std::string_view payload, bool binary, const event::Now& now, Outcome& outcome) {
  heartbeat_.heard(now.steady);
  if (binary) return on_binary(payload, outcome);
  attachments_ = 0;  // a text frame ends what attachments were still to come
  const Packet packet = Packet::read(payload);
  if (!packet.name_space.empty()) return unknown(outcome);  // we joined the default one only
  switch (packet.kind) {
    case Packet::Kind::event:
      return on_event(packet, now, outcome);
    case Packet::Kind::pong:
      pinged_ = false;  // it answers our pings, so it speaks Engine.IO 3 whatever else it says
      return;
    case Packet::Kind::ping:
      return on_ping(packet, outcome);
    case Packet::Kind::open:
      return on_open_packet(packet.body, now, outcome);
    case Packet::Kind::connect:
      return on_connect(packet, outcome);
    case Packet::Kind::disconnect:
      return on_goodbye("the server left the namespace", packet, outcome);
    case Packet::Kind::close:
      return on_goodbye("the server closed the session", packet, outcome);
    case Packet::Kind::error:
      return on_error(packet, outcome);
    case Packet::Kind::binary_event:
    case Packet::Kind::binary_ack:
      attachments_ = packet.attachments;
      return unknown(outcome);
    case Packet::Kind::ack:  // we never ask for one
    case Packet::Kind::upgrade:
      return unknown(outcome);
    case Packet::Kind::noop:
      return;
    case Packet::Kind::broken:
      return malformed("wrong_shape", packet.fault, outcome);
  }
}

void StreamElementsProtocol::on_open_packet(std::string_view body, const event::Now& now, Outcome& outcome) {
  if (phase_ != Phase::dialled) return unknown(outcome);
  Value whole;
  const bool json = parts_.read(json_, body, whole);
  if (!json || whole.kind != Value::Kind::object) {
    malformed(json ? "wrong_shape" : "not_json", "a handshake is an object", outcome);
    return end(net::Reason::protocol_error, "the handshake is no JSON object", outcome);
  }
  const Object& handshake = parts_.members(whole);
  const auto own = config_->common.timeouts.heartbeat;
  const auto interval = duration_of(handshake, "pingInterval", default_ping_interval, outcome);
  const auto timeout = duration_of(handshake, "pingTimeout", default_ping_timeout, outcome);
  heartbeat_.begin(interval, own.count() > 0 ? own : timeout, now.steady);
  phase_ = Phase::opened;
  if (config_->engine_io == 4) outcome.sends.push_back({"40", false});
}

void StreamElementsProtocol::on_ping(const Packet& packet, Outcome& outcome) {
  if (config_->engine_io == 3) {
    if (phase_ != Phase::live) return end(net::Reason::engine_io_mismatch, wrong_direction, outcome);
    // It has let us in, so we understand each other: let go as the reference client does. If it drops us for want of an
    // answer, `explain` knows why.
    pinged_ = true;
    return unknown(outcome);
  }
  std::string pong = "3";
  if (packet.body.size() <= ping_data_limit) pong += packet.body;
  outcome.sends.push_back({std::move(pong), false});
}

void StreamElementsProtocol::on_connect(const Packet& packet, Outcome& outcome) {
  if (phase_ != Phase::opened) return unknown(outcome);
  if (config_->engine_io == 4) {
    Value answer;
    if (!parts_.read(json_, packet.body, answer) || !parts_.members(answer)["sid"]) {
      return end(net::Reason::engine_io_mismatch,
                 "the server speaks Socket.IO 2, thus Engine.IO 3; configured is engine_io: 4", outcome);
    }
  }
  phase_ = Phase::joined;
  outcome.sends.push_back({authenticate_message(name(config_->method), token_), false});
}

/// Usually nothing follows; what does is the reason.
void StreamElementsProtocol::on_goodbye(std::string_view what, const Packet& packet, Outcome& outcome) {
  std::string words(what);
  if (!packet.body.empty()) words += ": " + words_of(packet.body);
  end(net::Reason::disconnected, words, outcome);
}

void StreamElementsProtocol::on_error(const Packet& packet, Outcome& outcome) {
  end(net::Reason::disconnected, "the server refused: " + words_of(packet.body), outcome);
}

/// What an `unauthorized` or an error says, for people.
std::string StreamElementsProtocol::words_of(std::string_view said) {
  Value whole;
  std::string words = parts_.read(json_, said, whole) ? words_in(parts_, whole) : std::string(said);
  return words.empty() ? std::string(no_words) : words;
}

void StreamElementsProtocol::on_event(const Packet& packet, const event::Now& now, Outcome& outcome) {
  const auto said = codec_.read(packet.body, phase_ == Phase::live ? channel_ : std::string_view{}, now, outcome);
  if (said != Codec::Said::malformed && !packet.ack_id.empty()) {
    outcome.sends.push_back({ack_message(packet.ack_id), false});
  }
  switch (said) {
    case Codec::Said::authenticated:
      return on_authenticated(now, outcome);
    case Codec::Said::unauthorized:
      return on_unauthorized(outcome);
    case Codec::Said::error:
      outcome.remarks.push_back({"upstream_error", false, "", words_of(codec_.argument())});
      return unknown(outcome);
    case Codec::Said::other:
      return unknown(outcome);
    case Codec::Said::malformed:
    case Codec::Said::activity:
      return;
  }
}

void StreamElementsProtocol::on_authenticated(const event::Now& now, Outcome& outcome) {
  if (phase_ != Phase::joined) return unknown(outcome);
  Value answer;
  std::string channel;
  if (parts_.read(json_, codec_.argument(), answer)) channel = plain_text(parts_.members(answer)["channelId"]);
  if (!config_->channel.empty() && !channel.empty() && channel != config_->channel) {
    return end(net::Reason::wrong_channel,
               "authenticated for channel " + redacted(channel, token_, detail_limit / 2) + ", configured is " +
                   config_->channel,
               outcome);
  }
  channel_ = channel.empty() ? config_->channel : std::move(channel);
  phase_ = Phase::live;
  outcome.live = true;
  watch_expiry(now, outcome);
}

void StreamElementsProtocol::on_unauthorized(Outcome& outcome) {
  end(net::Reason::credential_refused, words_of(codec_.argument()), outcome);
}

void StreamElementsProtocol::on_binary(std::string_view payload, Outcome& outcome) {
  static_cast<void>(payload);
  if (attachments_ == 0) return malformed("binary", "a binary frame that belongs to no event", outcome);
  --attachments_;
}

/// Says credentialExpiring when it is time, or remembers when it will be.
void StreamElementsProtocol::watch_expiry(const event::Now& now, Outcome& outcome) {
  warn_at_ = event::SteadyTime::max();
  if (!claims_.expires) return;
  const auto left = *claims_.expires - now.wall - expiry_warning;
  if (left > milliseconds{0}) {
    warn_at_ = now.steady + left;
    return;
  }
  outcome.notices.push_back({"credentialExpiring", "{\"at\":\"" + text::to_text(*claims_.expires) + "\"}"});
}

event::SteadyTime StreamElementsProtocol::deadline() const {
  return phase_ == Phase::over ? event::SteadyTime::max() : std::min(heartbeat_.deadline(), warn_at_);
}

void StreamElementsProtocol::tick(const event::Now& now, Outcome& outcome) {
  if (phase_ == Phase::over) return;
  if (now.steady >= warn_at_) watch_expiry(now, outcome);
  const auto beat = heartbeat_.tick(now.steady);
  if (beat.dead) {
    return end(net::Reason::heartbeat_timeout,
               "nothing heard for " + std::to_string(heartbeat_.silence_limit().count()) + " ms after a ping was due",
               outcome);
  }
  if (!beat.send.empty()) outcome.sends.push_back({std::string(beat.send), false});
}

void StreamElementsProtocol::paused(bool paused, const event::Now& now, Outcome& outcome) {
  const auto beat = heartbeat_.paused(paused, now.steady);
  if (!beat.send.empty() && phase_ != Phase::over) outcome.sends.push_back({std::string(beat.send), false});
}

void StreamElementsProtocol::farewell(Outcome& outcome) {
  if (phase_ == Phase::joined || phase_ == Phase::live) outcome.sends.push_back({"41", false});
}

std::vector<std::string> StreamElementsProtocol::channels() const {
  const auto& channel = channel_.empty() ? config_->channel : channel_;
  return channel.empty() ? std::vector<std::string>{} : std::vector<std::string>{channel};
}

/// None: nothing is to be asked, or nobody knows for which channel.
std::optional<Activities> StreamElementsProtocol::activities(const std::string& channel,
                                                             const std::vector<std::string>& secrets) const {
  if (!config_->backfill.enabled || secrets.empty()) return std::nullopt;
  Activities asked;
  asked.token = text::trimmed(secrets.front());
  asked.channel = channel.empty() && config_->method == Method::jwt ? claims_of(asked.token).channel : channel;
  if (asked.token.empty() || asked.channel.empty()) return std::nullopt;
  asked.api_url = config_->backfill.api_url;
  asked.limit = config_->backfill.limit;
  asked.method = config_->method;
  asked.codec = codec_settings_;
  return asked;
}

std::vector<Backfill> StreamElementsProtocol::backfill(const std::string& channel, event::WallTime from,
                                                       event::WallTime to,
                                                       const std::vector<std::string>& secrets) const {
  auto asked = activities(channel, secrets);
  return asked ? std::vector{missed_activities(std::move(*asked), from, to)} : std::vector<Backfill>{};
}

std::vector<Lookup> StreamElementsProtocol::lookups(const std::vector<std::string>& secrets) const {
  const auto served = channels();
  const auto asked = activities(served.empty() ? std::string() : served.front(), secrets);
  return asked ? std::vector{activities_lookup(*asked)} : std::vector<Lookup>{};
}

void StreamElementsProtocol::explain(net::Ending& ending) const {
  const bool dropped =
      ending.reason == net::Reason::closed || ending.reason == net::Reason::eof || ending.reason == net::Reason::reset;
  if (!pinged_ || !dropped) return;
  ending.reason = net::Reason::engine_io_mismatch;
  ending.detail = wrong_direction;
}

void StreamElementsProtocol::end(net::Reason reason, std::string_view detail, Outcome& outcome) {
  phase_ = Phase::over;
  if (pinged_ && reason == net::Reason::disconnected) {
    reason = net::Reason::engine_io_mismatch;
    detail = wrong_direction;
  }
  outcome.down = net::Ending{reason, redacted(detail, token_, detail_limit)};
}

void StreamElementsProtocol::malformed(std::string_view reason, std::string_view detail, Outcome& outcome) {
  outcome.kind = event::FrameKind::malformed;
  outcome.malformed_reason = reason;
  outcome.malformed_detail = detail;
}

}  // namespace tributary::connectors::streamelements
