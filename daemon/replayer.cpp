#include "daemon/replayer.hpp"

#include <algorithm>
#include <utility>

namespace tributary::daemon {
namespace {

constexpr int most_dials = 20;             ///< until one succeeds
constexpr int most_ticks_at_once = 1'000;  ///< at one moment

/// No watchdog of the connection: what ended it is in the recording.
connectors::Conversation::Settings unwatched(const std::string& connector, std::string_view source) {
  connectors::Conversation::Settings settings;
  settings.connector = connector;
  settings.source = source;
  settings.session.dial = settings.session.handshake = settings.session.pong = std::chrono::milliseconds(0);
  settings.session.idle = settings.session.ping_interval = std::chrono::milliseconds(0);
  settings.seed = 1;
  return settings;
}

}  // namespace

Replayer::Replayer(const std::string& connector, std::string_view source, connectors::Protocol& protocol,
                   event::Intake& intake, ReplayWitness& witness)
    : protocol_(protocol),
      witness_(witness),
      conversation_(unwatched(connector, source), protocol, intake, *this, *this) {}

std::string Replayer::play(const Recorded& recorded) {
  if (!begun_) begin(recorded.at);
  const bool open_now = socket_ == Socket::open;
  switch (recorded.what) {
    case Recorded::What::missed:
      missed_ += recorded.count;
      return {};
    case Recorded::What::sent:
      return {};
    case Recorded::What::opened:
      if (open_now) end({});  // how it ended is not in the recording
      pass_until(recorded.at);
      return open();
    case Recorded::What::received: {
      pass_until(recorded.at);
      if (socket_ != Socket::open) {
        ++reopened_;
        if (auto fault = open(); !fault.empty()) return fault;
      }
      witness_.received(recorded.text, recorded.binary);
      conversation_.message(recorded.text, recorded.binary, now_);
      conversation_.read_end(now_);
      settle();
      return {};
    }
    case Recorded::What::ended:
      pass_until(recorded.at);
      if (socket_ != Socket::none) end(recorded.ending);
      return {};
  }
  return {};
}

void Replayer::begin(event::WallTime at) {
  begun_ = true;
  now_ = {event::SteadyTime(std::chrono::hours(1)), at};
  conversation_.start(now_);
  settle();
}

/// Every deadline on the way is met at its moment. A wall clock that went back does not take the other with it.
void Replayer::pass_until(event::WallTime at) {
  const auto time = std::max(at - now_.wall, std::chrono::milliseconds(0));
  if (time.count() == 0) {
    now_.wall = at;
    return;
  }
  witness_.passed(time);
  const event::SteadyTime end = now_.steady + time;
  const auto advance = [this](event::SteadyTime to) {
    const auto step = std::chrono::ceil<std::chrono::milliseconds>(to - now_.steady);
    now_.steady += step;
    now_.wall += step;
  };
  event::SteadyTime moment{};
  for (int at_once = 0; conversation_.deadline() <= end && at_once < most_ticks_at_once; ++at_once) {
    if (const auto due = std::max(conversation_.deadline(), now_.steady); due != moment) {
      moment = due;
      at_once = 0;
    }
    advance(moment);
    conversation_.tick(now_);
    settle();
  }
  advance(end);
}

/// A websocket is open now, whatever the conversation was waiting for.
std::string Replayer::open() {
  for (int dials = 0; socket_ != Socket::connecting; ++dials) {
    const auto next = conversation_.deadline();
    if (dials == most_dials || next == event::SteadyTime::max()) {
      const auto ending = conversation_.status().ending;
      return "the connector does not dial: " + std::string(net::name(ending.reason)) +
             (ending.detail.empty() ? "" : ", " + ending.detail);
    }
    witness_.waited();
    now_.steady +=
        std::max(std::chrono::ceil<std::chrono::milliseconds>(next - now_.steady), std::chrono::milliseconds(0));
    conversation_.tick(now_);
    settle();
  }
  socket_ = Socket::open;
  witness_.opened();
  conversation_.opened(now_);
  settle();
  return {};
}

void Replayer::end(const net::Ending& ending) {
  net::Ending told = ending;
  if (told.reason == net::Reason::none) told.reason = net::Reason::reset;
  witness_.ended(told);
  socket_ = Socket::none;
  conversation_.ended(std::move(told), now_);
  settle();
}

/// Does at once what the world would do soon.
void Replayer::settle() {
  while (preparing_ || end_follows_) {
    if (std::exchange(preparing_, false)) {
      const std::vector<std::string> secrets(protocol_.secrets().size(), "<redacted>");
      conversation_.secrets_read(secrets, {}, now_);
    }
    if (std::exchange(end_follows_, false)) {
      socket_ = Socket::none;
      conversation_.ended({}, now_);
    }
  }
}

void Replayer::connect(net::DialTarget) {
  socket_ = Socket::connecting;
  witness_.dialled();
}

bool Replayer::send(std::string_view payload, bool binary) {
  witness_.sent(payload, binary);
  return true;
}

void Replayer::changed(const std::string&, const connectors::LinkStatus& status) {
  if (status.state == net::State::waiting) witness_.waits(status.wait, false);
  if (status.state == net::State::parked) witness_.waits(status.wait, true);
}

void Replayer::lost(const std::string&, const net::Ending& ending, bool) { witness_.lost(ending.reason); }

void Replayer::remarked(const std::string&, const connectors::Remark& remark) { witness_.remarked(remark); }

void Replayer::not_understood(const std::string&, const event::Malformed& fault, const event::Now&) {
  witness_.not_understood(fault);
}

}  // namespace tributary::daemon
