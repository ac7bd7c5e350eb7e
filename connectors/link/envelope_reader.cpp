#include "connectors/link/envelope_reader.hpp"

#include <optional>
#include <utility>
#include <variant>

#include "event/mark_holder.hpp"

namespace tributary::connectors {
namespace {

std::string words_of(const event::Mark& mark, std::string_view why) {
  std::string words = "a mark in the name of this trusted relay was not believed: ";
  if (why == "unsigned") return words + "it is not signed";
  if (why == "unknown_kid") return words + "no key of it has the kid \"" + mark.kid + "\"";
  if (why == "wrong_signature") return words + "its signature is not made with the key that we have";
  return words + "its time is " + mark.at + ", more than " + std::to_string(event::Marks::lifetime.count()) +
         " minutes from now; is a clock wrong?";
}

std::optional<event::Envelope> envelope_in(std::string_view json) {
  auto answer = event::read_envelope(json);
  if (auto* envelope = std::get_if<event::Envelope>(&answer)) return std::move(*envelope);
  return std::nullopt;
}

}  // namespace

EnvelopeReader::EnvelopeReader(const std::string& connector, const Settings& settings)
    : marks_(settings.marks), events_(connector, settings.nesting) {
  if (!marks_) marks_ = std::make_shared<const event::MarkHolder>();
}

EnvelopeReader::Content EnvelopeReader::ignored(event::Ignored reason, Outcome& outcome) const {
  outcome.kind = event::FrameKind::carrying;
  outcome.ignored.push_back(reason);
  return Content::told;
}

EnvelopeReader::Content EnvelopeReader::read(std::string_view json, bool marked, const event::Now& now,
                                             Outcome& outcome) {
  if (!marked && !event::may_be_envelope(json)) return Content::plain;
  const auto envelope = envelope_in(json);
  if (!envelope) return Content::foreign;
  const auto marks = marks_->current();
  const auto judged = marks->judge(*envelope, now.wall);
  switch (judged.standing) {
    case event::Marks::Standing::own:
      return ignored(event::Ignored::own_echo, outcome);
    case event::Marks::Standing::trusted:
      return unwrap(*envelope, *marks, now, outcome);
    case event::Marks::Standing::foreign:
      break;
  }
  // The name of a relay that we know may be the relay itself, wrongly configured; of strangers nobody is to be told.
  if (judged.why != "unknown_origin") {
    outcome.remarks.push_back({"mark_refused", false, envelope->mark.origin, words_of(envelope->mark, judged.why)});
  }
  return Content::foreign;
}

EnvelopeReader::Content EnvelopeReader::read_misplaced(std::string_view json, Outcome& outcome) {
  if (!event::may_be_envelope(json)) return Content::plain;
  const auto envelope = envelope_in(json);
  if (envelope && envelope->mark.origin == marks_->current()->instance()) {
    return ignored(event::Ignored::own_echo, outcome);
  }
  return Content::foreign;
}

EnvelopeReader::Content EnvelopeReader::unwrap(const event::Envelope& envelope, const event::Marks& marks,
                                               const event::Now& now, Outcome& outcome) {
  if (envelope.mark.hops >= event::Marks::hops_limit) return ignored(event::Ignored::loop, outcome);
  event::Draft draft;
  switch (events_.read(envelope, marks.instance(), now, draft)) {
    case EventReader::Answer::came_home:
      return ignored(event::Ignored::own_echo, outcome);
    case EventReader::Answer::no_event:
      outcome.remarks.push_back({"mark_refused", false, envelope.mark.origin,
                                 "what this trusted relay signed is no event that this version knows"});
      return Content::foreign;
    case EventReader::Answer::event:
      break;
  }
  outcome.kind = event::FrameKind::carrying;
  outcome.drafts.push_back(std::move(draft));
  return Content::told;
}

}  // namespace tributary::connectors
