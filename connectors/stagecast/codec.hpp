#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/json/draft_writer.hpp"
#include "connectors/json/json_parts.hpp"
#include "connectors/json/json_text.hpp"
#include "connectors/link/protocol.hpp"

namespace tributary::connectors::stagecast {

/// One text frame of the channel → one event. A frame is anything that a member of the channel sends: any JSON value,
/// or text that is none.
/// Owner: one protocol. Thread: io. Failure: JSON that is nested too deeply is FrameKind::malformed in the Outcome.
class Codec {
 public:
  struct Settings {
    std::string connector;  ///< the name, for relay.connector
    std::string channel;    ///< the plain name
    std::size_t nesting = 64;
  };

  explicit Codec(Settings settings);

  void read(std::string_view text, const event::Now& now, Outcome& outcome);

  static constexpr std::size_t id_limit = 256;  ///< bytes of an upstream id; a longer one names nothing

 private:
  void broadcast(const Value& payload, const Value& from, const event::Now& now, Outcome& outcome);
  void plain(std::string_view text, const event::Now& now, Outcome& outcome);
  bool moment(const Object& notice, const event::Now& now, Outcome& outcome);
  event::Draft& begin(std::string_view type, Outcome& outcome);

  Settings settings_;
  JsonText json_;
  JsonParts parts_;
  DraftWriter writer_;
};

/// Every canonical type there is.
std::vector<std::string_view> canonical_types();

}  // namespace tributary::connectors::stagecast
