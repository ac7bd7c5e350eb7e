#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "connectors/json/json_parts.hpp"
#include "connectors/json/json_text.hpp"
#include "event/event.hpp"
#include "event/mark.hpp"

namespace tributary::connectors {

/// A canonical event that came through another relay → the draft of the same event: every value as it is written, but
/// `relay`, which says how it came here. A text is an event when it has what the canonical schema asks for, so that
/// what is unwrapped passes it, too.
/// Owner: one Codec. Thread: its owner's. Failure: none; what is no event is left alone.
class EventReader {
 public:
  /// `connector`: ours, for `relay.connector`.
  EventReader(std::string_view connector, std::size_t nesting_limit);

  enum class Answer : std::uint8_t {
    event,      ///< `draft` is it
    came_home,  ///< `relay.origin` is our own instance: it was taken in here first
    no_event,   ///< the text is no canonical event, or not the one that the mark names
  };
  /// `instance`: our own.
  Answer read(const event::Envelope& envelope, std::string_view instance, const event::Now& now, event::Draft& draft);

  static constexpr std::size_t name_limit = 1024;  ///< bytes of `_id`, `type`, `provider` and `relay.upstreamChannel`

 private:
  bool is_event(const Object& event);
  bool is_data(std::string_view type, const Object& data) const;
  void write(const Object& event, const Object& relay, event::Draft& draft);
  void write_relay(const Object& relay, std::string_view origin, const event::Now& now, event::Draft& draft);
  void judge_times(const Object& event, const Object& relay, event::Draft& draft) const;

  std::string relay_begin_;  ///< `,"relay":{"connector":"…"`
  JsonText json_;
  JsonParts parts_;
};

}  // namespace tributary::connectors
