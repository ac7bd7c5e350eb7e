#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/json/json_parts.hpp"
#include "connectors/json/json_text.hpp"
#include "connectors/link/protocol.hpp"
#include "connectors/streamelements/normaliser.hpp"

namespace tributary::connectors::streamelements {

/// The body of a Socket.IO event, `["event",{…},{…}]`, → what it says.
/// Owner: one protocol. Thread: its owner's. Failure: a body that cannot be understood is FrameKind::malformed in the
/// Outcome.
class Codec {
 public:
  struct Settings {
    std::string connector;  ///< the name, for relay.connector
    bool test_events = false;
    bool state_updates = false;
    std::size_t nesting = 64;
  };
  enum class Said : std::uint8_t {
    malformed,      ///< told the Outcome
    activity,       ///< told the Outcome: a draft or an ignored event
    authenticated,  ///< see `argument`
    unauthorized,   ///< see `argument`
    error,          ///< see `argument`
    other,          ///< an event of another name
  };

  explicit Codec(Settings settings);

  /// `channel` is the `channelId` of `authenticated`, "" before it.
  Said read(std::string_view body, std::string_view channel, const event::Now& now, Outcome& outcome);
  /// The first argument of the event just read, valid JSON; "" when there was none. Valid until the next `read`.
  std::string_view argument() const { return emission_.payload.text; }

 private:
  enum class Name : std::uint8_t { event, test, update, reset, authenticated, unauthorized, error, other };
  static Name name_of(std::string_view inner);

  bool read_arguments(Name& name);
  bool read_payload(Name name);
  void unwrap(Name name);
  Said malformed(std::string_view body, Outcome& outcome);
  static Said wrong_shape(std::string_view detail, Outcome& outcome);
  static Said ignored(event::Ignored reason, Outcome& outcome);
  Said normalise(Name name, const event::Now& now, Outcome& outcome);

  Settings settings_;
  JsonText text_;
  Emission emission_;
  ActivityHead envelope_;
  Normaliser normaliser_;
  JsonParts parts_;               ///< of what lies deeper than usual
  std::string_view shape_fault_;  ///< what makes an event of the JSON just read is missing
};

/// The types that are known: the document's, those of the field, `unknown`; with `tests` also what only a test says.
/// Others pass as they are sent.
std::vector<std::string_view> canonical_types(bool tests);

}  // namespace tributary::connectors::streamelements
