#include "tests/support/transcript_player.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "text/time.hpp"

namespace tributary::support {

using nlohmann::json;
using std::chrono::milliseconds;

// ── lines ───────────────────────────────────────────────────────────────────────────────────────────────────────────

void TranscriptPlayer::line(std::string_view verb, std::string_view rest) {
  if (!conversation_ && before_start(verb, rest)) return;
  if (!conversation_) begin();
  if (verb == "=") {
    const std::string_view what = word(rest);
    return expect(what, rest);
  }
  if (verb == ">") return expect(">", rest);
  if (verb == ">x") return expect(">", bytes_of(rest));
  if (verb == ">b") return expect(">b", bytes_of(rest));
  if (verb == "?") return question(rest);
  if (verb == "open" || verb == "ended") claim_dial();
  nothing_left();
  input(verb, rest);
  settle_up();
}

void TranscriptPlayer::end() {
  if (!conversation_) fault("there is no conversation in this file");
  nothing_left();
}

bool TranscriptPlayer::before_start(std::string_view verb, std::string_view rest) {
  if (verb == "config") {
    configure(rest);
  } else if (verb == "credential") {
    credentials_.emplace_back(rest);
  } else if (verb == "credential-unreadable") {
    unreadable_ = std::string(rest);
  } else if (verb == "pause") {
    full = true;
  } else {
    return false;
  }
  return true;
}

void TranscriptPlayer::configure(std::string_view rest) {
  const auto colon = rest.find(": ");
  if (colon == std::string_view::npos) fault("expected `config KEY: VALUE`");
  config_.values.emplace_back(rest.substr(0, colon), rest.substr(colon + 2));
}

void TranscriptPlayer::begin() {
  std::string start = "2026-11-01T12:00:00.000Z";
  net::SessionSettings& session = settings_.session;
  session.ping_interval = milliseconds(0);
  settings_.seed = 1;
  TranscriptConfig theirs;
  for (const auto& [key, value] : config_.values) {
    if (key == "start")
      start = value;
    else if (key == "seed")
      settings_.seed = number_of<std::uint64_t>(value);
    else if (key == "notices")
      all_notices_ = value == "all";
    else if (key == "close")
      close_by_hand_ = value == "by-hand";
    else if (key == "form")
      form_ = value == "envelope" ? event::Form::envelope : value == "event" ? event::Form::event : event::Form::text;
    else if (key.starts_with("sink."))
      of_sink_.values.emplace_back(key.substr(5), value);
    else if (key == "timeouts.dial")
      session.dial = duration_of(value);
    else if (key == "timeouts.handshake")
      session.handshake = duration_of(value);
    else if (key == "timeouts.pong")
      session.pong = duration_of(value);
    else if (key == "timeouts.idle")
      session.idle = duration_of(value);
    else if (key == "ping_interval")
      session.ping_interval = duration_of(value);
    else if (key == "pause_limit")
      session.pause_limit = duration_of(value);
    else if (key == "backoff.base")
      session.backoff.base = duration_of(value);
    else if (key == "backoff.cap")
      session.backoff.cap = duration_of(value);
    else if (key == "backoff.reset_after")
      session.backoff.reset_after = duration_of(value);
    else
      theirs.values.emplace_back(key, value);
  }
  const auto wall = text::parse_time(start);
  if (!wall) fault("start is not a time: " + start);
  now_ = {event::SteadyTime(std::chrono::hours(1)), *wall};
  settings_.connector = theirs.get("connector", "main-stage");
  settings_.source = "test";
  given_ = theirs;
  try {
    protocol_ = factory_(theirs);
  } catch (const std::exception& thrown) {
    fault(std::string("the factory refuses the config: ") + thrown.what());
  }
  if (!protocol_) fault("the factory made no protocol");
  event::Intake& intake = *this;
  connectors::LinkObserver& observer = *this;
  connectors::Transport& transport = *this;
  conversation_ = std::make_unique<connectors::Conversation>(settings_, *protocol_, intake, observer, transport);
  conversation_->start(now_);
  settle_up();
}

void TranscriptPlayer::input(std::string_view verb, std::string_view rest) {
  if (verb == "+") {
    if (rest == "wait" && conversation_->deadline() == event::SteadyTime::max()) fault("nothing is waited for");
    pass(rest == "wait" ? std::chrono::ceil<milliseconds>(conversation_->deadline() - now_.steady) : duration_of(rest));
  } else if (verb == "pause") {
    full = true;
    conversation_->read_end(now_);
  } else if (verb == "resume") {
    full = false;
    conversation_->room(now_);
  } else if (verb == "credential") {
    unreadable_.reset();
    credentials_.assign(1, std::string(rest));
  } else if (verb == "credential-changed") {
    unreadable_.reset();
    if (!rest.empty()) credentials_.assign(1, std::string(rest));
    conversation_->secret_changed(now_);
  } else if (verb == "credential-unreadable") {
    unreadable_ = std::string(rest);
  } else if (verb == "stop") {
    conversation_->stop(now_.steady + std::chrono::hours(1), now_);
  } else if (verb == "start") {
    conversation_->start(now_);
  } else if (verb == "adopt") {
    adopt(rest);
  } else if (verb == "publish") {
    publish(rest);
  } else if (verb == "answered") {
    answered(rest);
  } else if (verb == "posts-wait" || verb == "posts-leave") {
    posts_wait_ = verb == "posts-wait";
  } else if (verb == "unsent") {
    unsent(rest);
  } else if (verb == "socket-full") {
    socket_full_ = true;
  } else if (verb == "socket-drained") {
    socket_full_ = false;
    conversation_->drained(now_);
  } else if (verb == "config") {
    fault("`config` must stand before the conversation");
  } else {
    connection_input(verb, rest);
  }
}

/// A channel sink has something to say: `publish NUMBER CONTENT`.
void TranscriptPlayer::publish(std::string_view rest) {
  if (!outbound_) {
    outbound_ = std::make_shared<FakeOutbound>();
    outbound_->when_reported = [this](const event::MessageReport& report) {
      std::string words = FakeOutbound::words_of(report);
      const auto space = words.find(' ');
      outputs_.push_back({words.substr(0, space), words.substr(space + 1), {}});
    };
    if (address_factory_) outbound_->address = address_factory_(of_sink_);
    outbound_->on_work([this] { work_ = true; });
    conversation_->attach(outbound_, now_);
  }
  const auto number = number_of<std::uint64_t>(word(rest));
  outbound_->put(number, std::string(rest), form_);
  conversation_->work(now_);
}

/// What came of a post: `answered NUMBER STATUS [retry-after=SECONDS] [BODY]`, `answered NUMBER REASON`.
void TranscriptPlayer::answered(std::string_view rest) {
  const auto number = number_of<std::uint64_t>(word(rest));
  const std::string_view first = word(rest);
  if (!first.empty() && first.find_first_not_of("0123456789") == std::string_view::npos) {
    net::HttpAnswer answer{number_of<int>(first), {}, {}};
    constexpr std::string_view retry_after = "retry-after=";
    if (rest.starts_with(retry_after)) {
      answer.headers.emplace_back("Retry-After", word(rest).substr(retry_after.size()));
    }
    answer.body = rest;
    conversation_->answered(number, std::move(answer), now_);
  } else {
    net::Ending ending;
    ending.reason = reason_of(first);
    conversation_->answered(number, std::move(ending), now_);
  }
}

/// A post that was not written: `unsent NUMBER REASON [never]`.
void TranscriptPlayer::unsent(std::string_view rest) {
  const auto number = number_of<std::uint64_t>(word(rest));
  std::erase(posted_, number);
  net::Ending ending;
  ending.reason = reason_of(word(rest));
  conversation_->unsent(number, std::move(ending), rest == "never", now_);
}

/// The settings once more, with some of them changed: `adopt KEY: VALUE; KEY: VALUE`.
void TranscriptPlayer::adopt(std::string_view rest) {
  if (!settings_factory_) fault("this suite has no settings to adopt");
  TranscriptConfig changed = given_;
  while (!rest.empty()) {
    std::string_view part = rest.substr(0, rest.find(';'));
    rest = part.size() == rest.size() ? std::string_view{} : rest.substr(part.size() + 1);
    while (part.starts_with(' ')) part.remove_prefix(1);
    const auto colon = part.find(": ");
    if (colon == std::string_view::npos) fault("`adopt` takes KEY: VALUE");
    const std::string key(part.substr(0, colon));
    std::erase_if(changed.values, [&](const auto& line) { return line.first == key; });
    changed.values.emplace_back(key, part.substr(colon + 2));
  }
  if (!conversation_->adopt(settings_factory_(changed), now_)) outputs_.push_back({"refused", "", {}});
}

void TranscriptPlayer::connection_input(std::string_view verb, std::string_view rest) {
  const auto needs = [&](bool condition) {
    if (!condition) fault("`" + std::string(verb) + "`: there is no such connection now");
  };
  const auto over = [&](net::Ending ending) {
    needs(socket_ != Socket::none);
    socket_ = Socket::none;
    conversation_->ended(std::move(ending), now_);
  };
  if (verb == "open") {
    needs(socket_ == Socket::connecting);
    socket_ = Socket::open;
    conversation_->opened(now_);
  } else if (verb == "<") {
    frame(std::string(rest), false);
  } else if (verb == "<x") {
    frame(bytes_of(rest), false);
  } else if (verb == "<b") {
    frame(bytes_of(rest), true);
  } else if (verb == "<*") {
    const auto times = number_of<std::size_t>(word(rest));
    std::string payload;
    for (std::size_t i = 0; i < times; ++i) payload += rest;
    frame(payload, false);
  } else if (verb == "pong") {
    needs(socket_ == Socket::open);
    conversation_->pong(now_);
  } else if (verb == "closed") {
    net::Ending ending;
    ending.reason = net::Reason::closed;
    ending.close_code = number_of<int>(word(rest));
    ending.detail = rest;
    over(std::move(ending));
  } else if (verb == "ended") {
    net::Ending ending;
    ending.reason = reason_of(word(rest));
    constexpr std::string_view retry = "retry-after=";
    if (rest.substr(0, retry.size()) == retry) {
      ending.retry_after_seconds = number_of<int>(word(rest).substr(retry.size()));
    }
    constexpr std::string_view status = "http-status=";
    if (rest.substr(0, status.size()) == status) ending.http_status = number_of<int>(word(rest).substr(status.size()));
    ending.detail = rest;
    over(std::move(ending));
  } else {
    fault("no such line: " + std::string(verb));
  }
}

void TranscriptPlayer::frame(const std::string& payload, bool binary) {
  if (socket_ != Socket::open) fault("a frame, but no connection is open");
  const event::ConnectorLedger before = ledger;
  conversation_->message(payload, binary, now_);
  conversation_->read_end(now_);
  if (ledger.frames != before.frames + 1) {
    fault("the frame was counted " + std::to_string(ledger.frames - before.frames) + " times, not once");
  }
  const bool carried = ledger.carrying != before.carrying;
  if (carried != (ledger.events != before.events)) {
    fault(carried ? "counted as carrying, but no event came of it" : "events came of a frame not counted as carrying");
  }
}

void TranscriptPlayer::pass(milliseconds time) {
  const event::SteadyTime end = now_.steady + time;
  const auto advance = [this](event::SteadyTime to) {
    const auto step = std::chrono::ceil<milliseconds>(to - now_.steady);
    now_.steady += step;
    now_.wall += step;
  };
  event::SteadyTime moment{};
  for (int at_once = 0; conversation_->deadline() <= end; ++at_once) {
    if (const auto due = std::max(conversation_->deadline(), now_.steady); due != moment) {
      moment = due;
      at_once = 0;
    }
    if (at_once > 1000) fault("the deadline does not move: something ticks without end");
    advance(moment);
    conversation_->tick(now_);
    settle_up();
  }
  advance(end);
}

/// Does at once what the world would do soon.
void TranscriptPlayer::settle_up() {
  if (!posts_wait_) {
    for (const std::uint64_t number : std::exchange(posted_, {})) conversation_->left(number, now_);
  }
  if (std::exchange(work_, false)) conversation_->work(now_);
  while (preparing_ || end_follows_) {
    if (std::exchange(preparing_, false)) {
      std::vector<std::string> values = credentials_;
      values.resize(protocol_->secrets().size(), "<redacted>");
      if (unreadable_) {
        conversation_->secret_unreadable(*unreadable_, now_);
      } else {
        conversation_->secrets_read(values, {}, now_);
      }
    }
    if (std::exchange(end_follows_, false)) {
      socket_ = Socket::none;
      conversation_->ended({}, now_);
    }
  }
}

// ── outputs against lines ───────────────────────────────────────────────────────────────────────────────────────────

void TranscriptPlayer::expect(std::string_view what, std::string_view rest) {
  if (outputs_.empty()) {
    fault("expected `" + std::string(what) + " " + std::string(rest) + "`, and nothing came");
  }
  const Output output = std::move(outputs_.front());
  outputs_.pop_front();
  output.match(what, rest);
}

void TranscriptPlayer::question(std::string_view rest) const {
  const std::string_view what = word(rest);
  const auto answer = [&](const std::string& is) {
    if (is != rest) fault(std::string(what) + " is `" + is + "`");
  };
  if (what == "state") {
    answer(std::string(net::name(conversation_->status().state)));
  } else if (what == "header") {
    const auto colon = rest.find(':');
    const std::string key(rest.substr(0, colon));
    rest = colon == std::string_view::npos ? std::string_view() : rest.substr(colon + 1);
    if (rest.substr(0, 1) == " ") rest.remove_prefix(1);
    std::string value;
    for (const auto& [header, text] : target_.headers) {
      if (header == key) value = text;
    }
    answer(value);
  } else if (what == "subprotocol") {
    answer(target_.subprotocols.empty() ? "" : target_.subprotocols.front());
  } else if (what == "silent") {
    std::string all;
    for (const auto& [channel, last] : conversation_->activity()) {
      const auto seconds = std::chrono::floor<std::chrono::seconds>(now_.steady - last).count();
      all += (all.empty() ? "" : ",") + channel + "=" + std::to_string(seconds) + "s";
    }
    answer(all);
  } else if (what == "origin") {
    answer(target_.origin);
  } else if (what == "channels") {
    std::string all;
    for (const std::string& channel : protocol_->channels()) all += (all.empty() ? "" : ",") + channel;
    answer(all);
  } else {
    fault("no such question: " + std::string(what));
  }
}

void TranscriptPlayer::nothing_left() const {
  if (outputs_.empty()) return;
  std::string left;
  for (const Output& output : outputs_) left += "\n    " + output.in_words();
  fault("came and is not expected:" + left);
}

void TranscriptPlayer::claim_dial() {
  if (outputs_.size() == 1 && outputs_.front().what == "dial") outputs_.pop_front();
}

// ── what the conversation says ──────────────────────────────────────────────────────────────────────────────────────

void TranscriptPlayer::connect(net::DialTarget target) {
  target_ = std::move(target);
  socket_ = Socket::connecting;
  outputs_.push_back({"dial", target_.url, {}});
}

bool TranscriptPlayer::send(std::string_view payload, bool binary) {
  outputs_.push_back({binary ? ">b" : ">", std::string(payload), {}});
  return true;
}

void TranscriptPlayer::post(connectors::Post post) {
  std::string text = std::to_string(post.number) + " " + post.request.method + " " + post.request.url;
  if (!post.request.body.empty()) text += " " + post.request.body;
  posted_.push_back(post.number);
  outputs_.push_back({"post", std::move(text), {}});
}

void TranscriptPlayer::close(const net::Ending& ending) {
  if (!close_by_hand_) {
    end_follows_ = true;
    return;
  }
  outputs_.push_back({"close", std::string(net::name(ending.reason)), {}});
}

void TranscriptPlayer::changed(const std::string&, const connectors::LinkStatus& status) {
  if (status.state == net::State::waiting) outputs_.push_back({"wait", "", status.wait});
  if (status.state == net::State::parked) outputs_.push_back({"park", "", status.wait});
}

void TranscriptPlayer::lost(const std::string&, const net::Ending& ending, bool) {
  outputs_.push_back({"down", std::string(net::name(ending.reason)), {}});
}

void TranscriptPlayer::remarked(const std::string&, const connectors::Remark& remark) {
  std::string text(remark.code);
  if (!remark.subject.empty()) text += " " + remark.subject;
  outputs_.push_back({remark.needs_person ? "remark!" : "remark", std::move(text), {}});
}

void TranscriptPlayer::control(bool unknown) {
  FakeIntake::control(unknown);
  if (unknown) outputs_.push_back({"unknown", "", {}});
}

void TranscriptPlayer::malformed(const event::Malformed& fault, const event::Now& now) {
  FakeIntake::malformed(fault, now);
  outputs_.push_back({"malformed", std::string(fault.reason), {}});
}

void TranscriptPlayer::accept(event::Draft&& draft, const event::Now& now) {
  outputs_.push_back({draft.kind == event::Kind::state ? "state" : "event", finished_json(draft), {}});
  if (draft.foreign_mark) outputs_.push_back({"foreign-mark", "", {}});
  FakeIntake::accept(std::move(draft), now);
}

void TranscriptPlayer::ignored(event::Ignored reason) {
  FakeIntake::ignored(reason);
  outputs_.push_back({"ignored", std::string(event::name(reason)), {}});
}

void TranscriptPlayer::notice(const event::Notice& notice, const event::Now& now) {
  FakeIntake::notice(notice, now);
  const bool of_life = notice.type == "connectorUp" || notice.type == "connectorDown" || notice.type == "gap" ||
                       notice.type == "credentialRefused";
  if (of_life && !all_notices_) return;
  std::string data = notice.data_json;
  if (!notice.channel.empty() && !data.empty() && data.back() == '}') {
    data.pop_back();
    data += (data.size() > 1 ? ",\"channel\":" : "\"channel\":") + json(notice.channel).dump() + "}";
  }
  outputs_.push_back({"notice", std::string(notice.type) + " " + data, {}});
}

void TranscriptPlayer::live() {
  FakeIntake::live();
  outputs_.push_back({"live", "", {}});
}

}  // namespace tributary::support
