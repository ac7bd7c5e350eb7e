#include "connectors/stagecast/show.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "event/id.hpp"
#include "text/json.hpp"

namespace tributary::connectors::stagecast {
namespace {

constexpr std::array values = {"7",
                               "-0.25",
                               "1e3",
                               "true",
                               "null",
                               "\"hello\"",
                               "[]",
                               "{}",
                               "[1,[2]]",
                               "\"\"",
                               "12345678901234567890",
                               "4.20",
                               "{\"from\":\"203.0.113.1\",\"msg\":1,\"more\":2}"};
constexpr std::array texts = {"hello world!", "{„from“:„x“}", "[1,2", "NaN", "", "okay", "<b>clap</b>", "ばんざい"};

std::string json_string(std::string_view text) {
  std::string out;
  text::append_quoted(out, text);
  return out;
}

}  // namespace

Show::Show(Audience& audience, std::string channel, std::vector<std::string> shapes)
    : audience_(audience), channel_(std::move(channel)), shapes_(std::move(shapes)) {
  append_hex(prefix_, audience_.random(), 12);
}

bool Show::has(std::string_view shape) const {
  return std::find(shapes_.begin(), shapes_.end(), shape) != shapes_.end();
}

std::string Show::address() { return "203.0.113." + std::to_string(1 + audience_.below(254)); }

void Show::say(std::string kind, bool wrapped, std::string json) {
  act_.kind = std::move(kind);
  if (!wrapped) {
    act_.frame = std::move(json);
    return;
  }
  act_.frame = "{";
  json_member(act_.frame, "from", address());
  json_raw_member(act_.frame, "msg", json);
  act_.frame += '}';
}

const Show::Act& Show::next(event::WallTime now) {
  act_.id.clear();
  if (votes_left_ > 0) {  // everybody at once
    --votes_left_;
    std::string vote = "{";
    json_member(vote, "vote", audience_.below(4));
    json_member(vote, "by", audience_.someone().login);
    say("vote", has("A"), vote + '}');
    act_.json = act_.frame;
    return act_;
  }
  const std::string& shape = shapes_[audience_.below(shapes_.size())];
  if (shape == "A") {
    say("chat", true,
        audience_.chance(80) ? json_string(audience_.chat()) : std::string(values[audience_.below(values.size())]));
  } else if (shape == "B") {
    value();
  } else if (shape == "text") {
    say("text", false, texts[audience_.below(texts.size())]);
  } else {
    notice(now);
  }
  act_.json = act_.kind == "text" ? json_string(act_.frame) : act_.frame;
  return act_;
}

void Show::value() {
  if (audience_.chance(40)) return say("value", false, values[audience_.below(values.size())]);
  std::string sensor = "{";  // a phone being turned
  json_member(sensor, "alpha", audience_.below(360));
  json_raw_member(sensor, "beta",
                  "-" + std::to_string(audience_.below(90)) + "." + std::to_string(audience_.below(1000)));
  json_member(sensor, "device", audience_.someone().id);
  say("sensor", false, sensor + '}');
}

void Show::notice(event::WallTime now) {
  const std::string type = moment_on_ ? "stop" : "start";
  if (!moment_on_) ++moments_;
  std::string id = prefix_;
  append_hex(id, moments_, 8);
  std::string& out = act_.frame;
  out = "{";
  json_member(out, "type", type);
  json_member(out, "id", id);
  json_member(out, "event", channel_);
  json_member(out, "title", "Moment " + std::to_string(moments_));
  json_member(out, "name", "poll");
  json_member(out, "message", audience_.words());
  json_member(out, "duration", 1000 * (5 + audience_.below(60)));
  json_member(out, "created", static_cast<std::uint64_t>(now.time_since_epoch().count()));
  json_raw_member(out, "config", "{\"anonymous\":true,\"options\":[\"a\",\"b\"]}");
  out += '}';
  act_.kind = type;
  act_.id = event::derived_id({"stagecast", channel_, type, id});
  if (!moment_on_ && (has("A") || has("B"))) votes_left_ = 5 + audience_.below(40);
  moment_on_ = !moment_on_;
}

}  // namespace tributary::connectors::stagecast
