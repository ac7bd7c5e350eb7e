#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/json/draft_writer.hpp"
#include "connectors/json/json_parts.hpp"
#include "connectors/json/json_text.hpp"
#include "connectors/link/envelope_reader.hpp"
#include "connectors/link/protocol.hpp"

namespace tributary::connectors::stagecast {

/// One text frame of the channel → one event. A frame is anything that a member of the channel sends: any JSON value,
/// or text that is none; or the envelope of a relay.
/// Owner: one protocol. Thread: its owner's. Failure: JSON that is nested too deeply is FrameKind::malformed in the
/// Outcome.
class Codec {
 public:
  /// `connector`, `channel`: the plain names.
  Codec(const std::string& connector, std::string channel, const Settings& settings);

  enum class Said : std::uint8_t {
    content,   ///< what a member says, or the platform: one draft
    envelope,  ///< the mark of a relay, whatever came of it
    malformed,
  };
  Said read(std::string_view text, const event::Now& now, Outcome& outcome);
  /// What was said in the frame just read: a string's text, another value as it is written.
  const std::string& content() const { return content_; }

  static constexpr std::size_t id_limit = 256;  ///< bytes of an upstream id; a longer one names nothing

 private:
  EnvelopeReader::Content look_for_mark(const Value& payload, const event::Now& now, Outcome& outcome);
  void broadcast(const Value& payload, const Value& from, const event::Now& now, Outcome& outcome);
  void plain(std::string_view text, const event::Now& now, Outcome& outcome);
  bool moment(const Object& notice, const event::Now& now, Outcome& outcome);
  event::Draft& begin(std::string_view type, Outcome& outcome);

  std::string channel_;
  std::string content_;
  JsonText json_;
  JsonParts parts_;
  DraftWriter writer_;
  EnvelopeReader envelopes_;
};

/// Every canonical type there is.
std::vector<std::string_view> canonical_types();

}  // namespace tributary::connectors::stagecast
