#include "connectors/streamelements/codec.hpp"

#include <utility>

#include "connectors/json/json_lexis.hpp"
#include "connectors/streamelements/wrapper.hpp"

namespace tributary::connectors::streamelements {

std::vector<std::string_view> canonical_types(bool tests) {
  std::vector<std::string_view> types = {"tip",
                                         "cheer",
                                         "follow",
                                         "subscriber",
                                         "host",
                                         "raid",
                                         "communityGiftPurchase",
                                         "channelPointsRedemption",
                                         "redemption",
                                         "superchat",
                                         "sponsor",
                                         "merch",
                                         "purchase",
                                         "charityCampaignDonation",
                                         "hypetrain",
                                         "unknown"};
  if (tests) types.push_back("follower");  // of `follower-latest`, which only a test says
  return types;
}

Codec::Codec(Settings settings)
    : settings_(std::move(settings)), text_(settings_.nesting), normaliser_(settings_.connector) {}

Codec::Name Codec::name_of(std::string_view inner) {
  if (inner == "event") return Name::event;
  if (inner == "event:update") return Name::update;
  if (inner == "event:test") return Name::test;
  if (inner == "event:reset") return Name::reset;
  if (inner == "authenticated") return Name::authenticated;
  if (inner == "unauthorized") return Name::unauthorized;
  if (inner == "error") return Name::error;
  if (inner.find('\\') == std::string_view::npos) return Name::other;
  const std::string plain = unescaped(inner);
  return plain.find('\\') == std::string::npos ? name_of(plain) : Name::other;
}

Codec::Said Codec::read(std::string_view body, std::string_view channel, const event::Now& now, Outcome& outcome) {
  emission_.channel = channel;
  text_.load(body);
  Name name = Name::other;
  bool understood = read_arguments(name);
  if (understood && text_.spaced()) {
    text_.compact();
    understood = read_arguments(name);
  }
  if (!understood) return malformed(body, outcome);
  switch (name) {
    case Name::authenticated:
      return Said::authenticated;
    case Name::unauthorized:
      return Said::unauthorized;
    case Name::error:
      return Said::error;
    case Name::other:
      return Said::other;
    default:
      return normalise(name, now, outcome);
  }
}

bool Codec::read_arguments(Name& name) {
  emission_.payload = {};
  emission_.activity.clear();
  emission_.data.clear();
  emission_.emission.clear();
  emission_.around.clear();
  emission_.mock = false;
  shape_fault_ = "an event is an array";
  if (!text_.open_array()) return false;
  shape_fault_ = "an event has a name";
  Value named;
  if (!text_.next_element() || !text_.read_value(named)) return false;
  if (!named.is_string()) return false;
  name = name_of(named.inner());
  shape_fault_ = {};
  Value rest;
  for (std::size_t index = 0; text_.next_element(); ++index) {
    const bool read = index == 0   ? read_payload(name)
                      : index == 1 ? text_.read_object(rest, emission_.emission)
                                   : text_.read_value(rest);
    if (!read) return false;
  }
  return text_.fault() == JsonText::Fault::none && text_.at_end();
}

bool Codec::read_payload(Name name) {
  switch (name) {
    case Name::event:
      return text_.read_object(emission_.payload, emission_.activity, "data", emission_.data);
    case Name::test:
      return text_.read_object(emission_.payload, emission_.activity, "event", emission_.data);
    case Name::update:
    case Name::reset:
      return text_.read_object(emission_.payload, emission_.activity);
    default:
      return text_.read_value(emission_.payload);
  }
}

Codec::Said Codec::malformed(std::string_view body, Outcome& outcome) {
  outcome.kind = event::FrameKind::malformed;
  if (!shape_fault_.empty()) {  // sound JSON of another shape, or no JSON at all?
    text_.load(body);
    Value whole;
    if (text_.read_value(whole) && text_.at_end()) {
      outcome.malformed_reason = "wrong_shape";
      outcome.malformed_detail = shape_fault_;
      return Said::malformed;
    }
  }
  outcome.malformed_reason = text_.fault() == JsonText::Fault::too_deep ? "too_deep" : "not_json";
  outcome.malformed_detail = text_.explain();
  return Said::malformed;
}

Codec::Said Codec::wrong_shape(std::string_view detail, Outcome& outcome) {
  outcome.kind = event::FrameKind::malformed;
  outcome.malformed_reason = "wrong_shape";
  outcome.malformed_detail = detail;
  return Said::malformed;
}

Codec::Said Codec::ignored(event::Ignored reason, Outcome& outcome) {
  outcome.kind = event::FrameKind::carrying;
  outcome.ignored.push_back(reason);
  return Said::activity;
}

/// Nearly every message is what it says; only of the others the layers are looked at.
void Codec::unwrap(Name name) {
  if (name == Name::reset) return;
  parts_.forget();
  if (name == Name::update) return take_off_state_wrappers(parts_, emission_);
  envelope_.read(emission_.activity);
  if (!is_activity(envelope_)) {
    take_off_wrappers(parts_, emission_);
    envelope_.read(emission_.activity);
  }
  const bool facts = !is_activity(envelope_) && (has_text(envelope_.listener) || envelope_.event);
  if (name == Name::test && !facts) emission_.data = parts_.members(envelope_.data);
}

Codec::Said Codec::normalise(Name name, const event::Now& now, Outcome& outcome) {
  const bool state = name == Name::update || name == Name::reset;
  if (state && !settings_.state_updates) return ignored(event::Ignored::state, outcome);
  if (!state && emission_.payload.kind != Value::Kind::object) return wrong_shape("an activity is an object", outcome);
  unwrap(name);
  const bool test = name == Name::test || (!state && (emission_.mock || envelope_.is_mock.is_true()));
  if (test && !settings_.test_events) return ignored(event::Ignored::test, outcome);

  event::Draft& draft = outcome.drafts.emplace_back();
  switch (name) {
    case Name::test:
      if (!is_activity(envelope_) && (has_text(envelope_.listener) || envelope_.event)) {
        normaliser_.test(emission_, envelope_, now, draft);
      } else {
        normaliser_.activity(emission_, envelope_, true, now, draft);
      }
      break;
    case Name::update:
      normaliser_.state_update(emission_, now, draft);
      break;
    case Name::reset:
      normaliser_.state_reset(emission_, now, draft);
      break;
    default:
      normaliser_.activity(emission_, envelope_, test, now, draft);
  }
  draft.repaired = text_.repaired();
  if (draft.upstream_channel.empty()) {
    outcome.drafts.pop_back();
    return wrong_shape("an event of no channel, before `authenticated`", outcome);
  }
  outcome.kind = event::FrameKind::carrying;
  return Said::activity;
}

}  // namespace tributary::connectors::streamelements
