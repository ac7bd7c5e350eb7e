#include "connectors/link/conversation.hpp"

#include <algorithm>
#include <exception>
#include <limits>
#include <utility>

#include "connectors/link/credential.hpp"
#include "text/json.hpp"
#include "text/printable.hpp"
#include "text/url.hpp"

namespace tributary::connectors {
namespace {

using net::State;

constexpr std::size_t words_limit = 300;  ///< bytes of the words of others in what we say

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

net::Ending ending_of(net::Reason reason, std::string detail) {
  net::Ending ending;
  ending.reason = reason;
  ending.detail = std::move(detail);
  return ending;
}

/// `wss://host:port` of a URL: what may be shown. User, path and query can hold secrets.
std::string public_part(std::string_view url) {
  std::string fault;
  const auto parsed = text::parse_url(url, {"wss", "ws"}, fault);
  return parsed ? parsed->origin() : std::string();
}

void member(std::string& json, std::string_view key, std::string_view text) {
  json += json.size() > 1 ? ",\"" : "\"";
  json.append(key) += "\":";
  text::append_quoted(json, text);
}

}  // namespace

bool LinkStatus::needs_person() const {
  return net::ladder(ending.reason) != net::Ladder::fast || ending.reason == net::Reason::internal;
}

Conversation::Conversation(Settings settings, Protocol& protocol, event::Intake& intake, LinkObserver& observer,
                           Transport& transport)
    : settings_(std::move(settings)),
      protocol_(protocol),
      intake_(intake),
      observer_(observer),
      transport_(transport),
      session_(settings_.session, settings_.seed),
      gaps_(settings_.source, protocol, intake, settings_.last_seen, settings_.memory,
            [this](const Filling& filling) { observer_.asked_for(settings_.connector, filling); }) {}

// ── inputs ──────────────────────────────────────────────────────────────────────────────────────────────────────────

void Conversation::start(const event::Now& now) {
  thread_.check();
  make_room_first(now);
  session_.start(now.steady, actions_);
  obey(now);
}

void Conversation::stop(event::SteadyTime by, const event::Now& now) {
  gaps_.give_up(now);
  try {
    publish(now, std::numeric_limits<int>::max());  // what can still be said
  } catch (const std::exception&) {
    outcome_.clear();  // its message was told; a stop goes on whatever breaks
  }
  session_.stop(now.steady, by, actions_);
  obey(now);
}

void Conversation::secrets_read(const std::vector<std::string>& secrets, const std::vector<std::string>& others,
                                const event::Now& now) {
  if (session_.state() != State::dialing) return;
  auto all = secrets;
  all.insert(all.end(), others.begin(), others.end());
  redaction_.keep_out(all);
  credential_expires_.reset();
  for (const auto& secret : all) {
    const auto expires = claims_of(secret).expires;
    if (expires && (!credential_expires_ || *expires < *credential_expires_)) credential_expires_ = expires;
  }
  if (gaps_.open()) secrets_ = secrets;
  auto answer = protocol_.dial(secrets, now);
  if (auto* ending = std::get_if<net::Ending>(&answer)) {
    session_.ended(std::move(*ending), now.steady, actions_);
  } else {
    auto& target = std::get<net::DialTarget>(answer);
    upstream_ = public_part(target.url);
    if (const auto inside = text::secrets_of(target.url); !inside.empty()) {
      all.insert(all.end(), inside.begin(), inside.end());
      redaction_.keep_out(all);
    }
    session_.dialed(now.steady);
    transport_.connect(std::move(target));
  }
  obey(now);
}

void Conversation::secret_unreadable(const std::string& detail, const event::Now& now, bool fixed) {
  if (session_.state() != State::dialing) return;
  secret_fixed_ = fixed;
  session_.ended(ending_of(net::Reason::credential_unreadable, fit(detail)), now.steady, actions_);
  obey(now);
}

void Conversation::secret_changed(const event::Now& now) {
  make_room_first(now);
  session_.secret_changed(now.steady, actions_);
  obey(now);
}

void Conversation::opened(const event::Now& now) {
  if (session_.state() != State::dialing) return;
  session_.opened(now.steady);
  if (tape_ != nullptr) tape_->opened(upstream_, now);
  outcome_.clear();
  protocol_.open(++sockets_, now, outcome_);
  listen(now);
  apply(now);
  if (session_.is_paused() && open()) pause_reading(true, now);
  publish_if_due(now);
}

void Conversation::message(std::string_view payload, bool binary, const event::Now& now) {
  thread_.check();
  if (!session_.listening()) return intake_.control(false);
  session_.frame_received(now.steady);
  gaps_.heard(now.wall);
  if (tape_ != nullptr) keep(Tape::Way::received, payload, binary, now);
  outcome_.clear();
  // What repeats a secret of ours is not passed on as it is: JSON stays JSON where it can.
  std::string wiped;
  if (redaction_.stands_in(payload)) {
    payload = redaction_.cleaned(payload);
    if (redaction_.stands_in(payload)) payload = wiped = redaction_.wiped(payload);
  }
  try {
    protocol_.frame(payload, binary, now, outcome_);
  } catch (const std::exception& fault) {
    outcome_.clear();
    outcome_.kind = event::FrameKind::malformed;
    outcome_.malformed_reason = "internal";
    outcome_.malformed_detail = std::string("a fault of this program, please report it: ") + fault.what();
    outcome_.down =
        ending_of(net::Reason::internal, std::string("a fault of this program, please report it: ") + fault.what());
  }
  // A frame may bring both the word that we are in and the first event: in first.
  if (std::exchange(outcome_.live, false)) {
    session_.live(now.steady, actions_);
    obey(now);
  }
  count(payload, now);
  apply(now);
  publish_if_due(now);
}

void Conversation::pong(const event::Now& now) { session_.pong_received(now.steady); }

void Conversation::read_end(const event::Now& now) {
  thread_.check();
  intake_.settle();
  if (session_.state() == State::live) gaps_.remember(now);
  if (open() && !session_.is_paused() && intake_.congested()) pause(now);
}

void Conversation::room(const event::Now& now) {
  if (!session_.is_paused()) return;
  const bool was_open = open();
  session_.paused(false, now.steady, actions_);
  if (was_open) pause_reading(false, now);
  obey(now);
  fill_gaps(now);
  work(now);  // what is awaited has another time now
}

void Conversation::ended(net::Ending ending, const event::Now& now) {
  thread_.check();
  if (tape_ != nullptr) {
    net::Ending told = ending;
    told.detail = fit(told.detail);
    tape_->ended(told, !open() && session_.state() != State::dialing, now);
  }
  if (open()) {
    protocol_.explain(ending);
  } else if (ending.reason == net::Reason::upgrade_refused) {
    protocol_.explain_refusal(ending);
  }
  ending.detail = fit(ending.detail);
  session_.ended(std::move(ending), now.steady, actions_);
  obey(now);
  intake_.settle();
}

void Conversation::fetched(net::HttpExchange::Result result, const event::Now& now) {
  if (auto* ending = std::get_if<net::Ending>(&result)) {
    const bool lasting = ending->reason == net::Reason::frame_too_large || net::ladder(*ending) != net::Ladder::fast;
    gaps_.failed(fit(std::string(net::name(ending->reason)) + ": " + ending->detail), lasting, now);
  } else {
    auto& answer = std::get<net::HttpAnswer>(result);
    if (redaction_.stands_in(answer.body)) answer.body = redaction_.cleaned(answer.body);
    if (redaction_.stands_in(answer.body)) answer.body = redaction_.wiped(answer.body);
    gaps_.answered(answer, now);
  }
  fill_gaps(now);
}

void Conversation::fail(net::Ending ending, const event::Now& now) {
  ending.detail = fit(ending.detail);
  session_.fail(std::move(ending), now.steady, actions_);
  obey(now);
}

bool Conversation::adopt(const std::shared_ptr<const connectors::Settings>& settings, const event::Now& now) {
  outcome_.clear();
  if (!protocol_.can_adopt(*settings)) return false;
  const auto before = protocol_.channels();
  protocol_.adopt(settings, now, outcome_);
  gaps_.forget_all_but(protocol_.channels(), before);
  if (!heard_.empty()) listen(now);
  if (open()) apply(now);
  return true;
}

void Conversation::tick(const event::Now& now) {
  thread_.check();
  if (open() && protocol_.deadline() <= now.steady) {
    outcome_.clear();
    protocol_.tick(now, outcome_);
    apply(now);
  }
  if (session_.deadline() <= now.steady) {
    make_room_first(now);
    session_.tick(now.steady, actions_);
    obey(now);
  }
  if (gaps_.deadline() <= now.steady) fill_gaps(now);
  publish_if_due(now);
}

event::SteadyTime Conversation::deadline() const {
  const auto gaps = session_.is_paused() ? event::SteadyTime::max() : gaps_.deadline();
  const auto next = std::min(session_.deadline(), gaps);
  return open() ? std::min({next, protocol_.deadline(), publish_at_}) : next;
}

bool Conversation::wants_secret_changes() const {
  return (session_.state() == State::waiting || session_.state() == State::parked) &&
         net::ladder(session_.last_ending()) != net::Ladder::fast;
}

LinkStatus Conversation::status() const {
  LinkStatus status;
  status.state = session_.state();
  status.ending = session_.last_ending();
  status.wait = status.state == State::waiting || status.state == State::parked ? wait_ : std::chrono::milliseconds(0);
  status.since = session_.since();
  status.connections = session_.connections();
  status.paused = session_.is_paused();
  status.needs_restart = secret_fixed_ && status.state == State::parked;
  status.upstream = upstream_;
  status.last_frame = gaps_.last_frame();
  status.credential_expires = credential_expires_;
  if (status.state == State::live) status.channels = protocol_.channels();
  return status;
}

/// Words of others, fit for logs, notices and dead letters: no secret of ours, nothing that steers a terminal.
std::string Conversation::fit(std::string_view words) { return text::printable(redaction_.wiped(words), words_limit); }

std::vector<ChannelActivity> Conversation::activity() const {
  std::vector<ChannelActivity> all;
  for (std::string& channel : protocol_.channels()) {
    if (const auto known = heard_.find(channel); known != heard_.end())
      all.push_back({std::move(channel), known->second});
  }
  return all;
}

/// Begins to measure the silence of what is served now, and no longer that of what is not.
void Conversation::listen(const event::Now& now) {
  const auto served = protocol_.channels();
  std::unordered_map<std::string, event::SteadyTime> next;
  for (const std::string& channel : served) {
    const auto known = heard_.find(channel);
    next.emplace(channel, known == heard_.end() ? now.steady : known->second);
  }
  heard_ = std::move(next);
}

void Conversation::heard(const event::Draft& draft, const event::Now& now) {
  if (draft.test || draft.kind != event::Kind::activity) return;
  auto channel = heard_.find(draft.upstream_channel);
  if (channel == heard_.end() && heard_.size() == 1) channel = heard_.begin();  // it came on the only subscription
  if (channel != heard_.end()) channel->second = now.steady;
}

// ── decisions obeyed ────────────────────────────────────────────────────────────────────────────────────────────────

bool Conversation::open() const { return session_.state() == State::handshaking || session_.state() == State::live; }

/// An attempt is about to begin: not while the sinks are full.
void Conversation::make_room_first(const event::Now& now) {
  const bool resting =
      session_.state() == State::idle || session_.state() == State::waiting || session_.state() == State::parked;
  if (resting && !session_.is_paused() && intake_.congested()) pause(now);
}

void Conversation::pause(const event::Now& now) {
  session_.paused(true, now.steady, actions_);
  transport_.await_room();
  if (open()) pause_reading(true, now);
}

void Conversation::pause_reading(bool paused, const event::Now& now) {
  transport_.pause_reading(paused);
  publisher_.paused(paused, now);
  outcome_.clear();
  protocol_.paused(paused, now, outcome_);
  apply(now);
}

void Conversation::count(std::string_view payload, const event::Now& now) {
  switch (outcome_.kind) {
    case event::FrameKind::control:
      return intake_.control(outcome_.unknown);
    case event::FrameKind::malformed: {
      const std::string frame = redaction_.wiped(payload);
      const event::Malformed fault{outcome_.malformed_reason, fit(outcome_.malformed_detail), frame};
      observer_.not_understood(settings_.connector, fault, now);
      return intake_.malformed(fault, now);
    }
    case event::FrameKind::carrying:
      return intake_.carrying();
  }
}

void Conversation::pass_on(const event::Now& now) {
  for (event::Draft& draft : outcome_.drafts) {
    heard(draft, now);
    if (draft.kind == event::Kind::activity) publisher_.heard(draft, now);
    intake_.accept(std::move(draft), now);
  }
  for (const event::Ignored reason : outcome_.ignored) intake_.ignored(reason);
  for (const event::Notice& note : outcome_.notices) intake_.notice(note, now);
  for (Remark& remark : outcome_.remarks) {
    remark.subject = fit(remark.subject);
    remark.detail = fit(remark.detail);
    observer_.remarked(settings_.connector, remark);
  }
}

/// The protocol's answer to whatever it was asked.
void Conversation::apply(const event::Now& now) {
  if (outcome_.live) session_.live(now.steady, actions_);
  obey(now);
  pass_on(now);
  if (open()) {
    for (const Outcome::Frame& frame : outcome_.sends) {
      if (send(frame, now) || outcome_.down) continue;
      // What the protocol itself has to say cannot wait.
      outcome_.down = ending_of(net::Reason::reset, "the upstream does not read: what must be said has no room");
    }
  }
  pass_reports(now);
  if (outcome_.down) {
    net::Ending ending = std::move(*outcome_.down);
    outcome_.down.reset();
    ending.detail = fit(ending.detail);
    session_.fail(std::move(ending), now.steady, actions_);
  }
  obey(now);
}

bool Conversation::send(const Outcome::Frame& frame, const event::Now& now) {
  if (!transport_.send(frame.payload, frame.binary)) return false;
  if (tape_ != nullptr) keep(Tape::Way::sent, frame.payload, frame.binary, now);
  return true;
}

void Conversation::keep(Tape::Way way, std::string_view payload, bool binary, const event::Now& now) {
  tape_->frame(way, redaction_.without_secrets(payload), binary, now);
}

void Conversation::obey(const event::Now& now) {
  while (!actions_.empty()) {
    obeyed_.clear();
    std::swap(actions_, obeyed_);
    for (const net::Action& action : obeyed_) {
      std::visit(Overloaded{
                     [&](const net::action::Dial&) { transport_.prepare(); },
                     [&](const net::action::Ping&) { transport_.ping(); },
                     [&](const net::action::Close& close) {
                       Outcome farewell;
                       protocol_.farewell(farewell);
                       for (const Outcome::Frame& frame : farewell.sends) send(frame, now);
                       transport_.close(close.ending);
                     },
                     [&](const net::action::Abort& abort) { transport_.abort(abort.ending); },
                     [&](const net::action::Drop&) { transport_.drop(); },
                     [&](const net::action::Up& up) { on_up(up, now); },
                     [&](const net::action::Down& down) { on_down(down, now); },
                     [&](const net::action::Wait& wait) {
                       wait_ = wait.delay;
                       announce();  // before the farewell, which may break
                     },
                     [&](const net::action::Stopped&) { transport_.stopped(); },
                 },
                 action);
    }
  }
  announce();
}

void Conversation::announce() {
  if (session_.state() == announced_) return;
  announced_ = session_.state();
  observer_.changed(settings_.connector, status());
}

void Conversation::on_up(const net::action::Up& up, const event::Now& now) {
  announce();
  publisher_.live(true, now);
  if (!publisher_.empty()) publish_at_ = now.steady;
  intake_.live();
  listen(now);
  gaps_.heard(now.wall);  // also where being let in takes no frame
  told_ = net::Reason::none;
  std::string data = "{\"connection\":";
  text::append_number(data, up.connection);
  if (!upstream_.empty()) member(data, "upstream", upstream_);
  data += '}';
  notice("connectorUp", std::move(data), now);
  gaps_.found(secrets_, now);
  secrets_.clear();
  fill_gaps(now);
}

void Conversation::on_down(const net::action::Down& down, const event::Now& now) {
  publisher_.live(false, now);
  publish_at_ = event::SteadyTime::max();
  observer_.lost(settings_.connector, down.ending, down.was_live);
  if (down.was_live) gaps_.lost(net::name(down.ending.reason), now);
  std::string data = "{";
  member(data, "reason", net::name(down.ending.reason));
  if (!down.ending.detail.empty()) member(data, "detail", down.ending.detail);
  data += '}';
  if (down.ending.reason == net::Reason::credential_refused) notice("credentialRefused", data, now);
  // An upstream that is away for hours is one piece of news, not one per attempt.
  if (!down.was_live && down.ending.reason == told_) return;
  told_ = down.ending.reason;
  notice("connectorDown", std::move(data), now);
}

void Conversation::notice(std::string_view type, std::string data, const event::Now& now) {
  event::Notice note;
  note.type = type;
  note.data_json = std::move(data);
  intake_.notice(note, now);
}

/// Asks for what was missed; not while the sinks are full.
void Conversation::fill_gaps(const event::Now& now) {
  if (session_.is_paused()) return;
  if (auto request = gaps_.next(now)) transport_.fetch(std::move(*request));
}

}  // namespace tributary::connectors
