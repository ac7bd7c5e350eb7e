#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "connectors/json/event_reader.hpp"
#include "connectors/link/protocol.hpp"
#include "connectors/link/settings.hpp"
#include "event/mark.hpp"

namespace tributary::connectors {

/// What the marks of relays mean that a connector finds in the content of its channel.
///
///   our own instance                          → ignored, own_echo
///   signed by one that we trust, and fresh    → the event itself; ignored as own_echo when it began here, as loop when
///                                               it has been through too many relays
///   any other mark                            → content of the channel, and `foreign_mark`
///
/// Owner: one Codec. Thread: its owner's. Failure: none; someone who uses a trusted relay's name without its key is a
/// remark.
class EnvelopeReader {
 public:
  EnvelopeReader(const std::string& connector, const Settings& settings);

  enum class Content : std::uint8_t {
    plain,    ///< no mark: the content is what it is
    foreign,  ///< the content is what the channel says it is, with Draft::foreign_mark
    told,     ///< the Outcome has been told what it was: carrying
  };
  /// A JSON value that an upstream takes envelopes as: Stagecast an object, Users the text of one in a string.
  /// `marked`: it is known to have a member `tributary`.
  Content read(std::string_view json, bool marked, const event::Now& now, Outcome& outcome);
  /// An envelope where none is taken from: ours is dropped, any other is foreign.
  Content read_misplaced(std::string_view json, Outcome& outcome);

 private:
  Content ignored(event::Ignored reason, Outcome& outcome) const;
  Content unwrap(const event::Envelope& envelope, const event::Marks& marks, const event::Now& now, Outcome& outcome);

  std::shared_ptr<const event::MarkHolder> marks_;
  EventReader events_;
};

}  // namespace tributary::connectors
