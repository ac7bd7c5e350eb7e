#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "event/event.hpp"
#include "net/reason.hpp"

namespace tributary::daemon {

/// A recording: a text file, one JSON object a line, see docs/RECORDING.md. The first line says of what it is.
struct RecordingHead {
  std::string connector, type;
  event::WallTime at{};
  bool continues = false;  ///< the file before this one ends in the midst of a connection
  std::string run;         ///< of the relay: ids that are made of it are the same in a replay
  std::string settings;    ///< the connector's settings as YAML, without secrets: what stands under `connectors:`
};

/// A further line.
struct Recorded {
  enum class What : std::uint8_t {
    opened,    ///< `text`: scheme, host and port of the upstream
    received,  ///< `text`: the frame
    sent,      ///< likewise
    ended,     ///< `ending`
    missed,    ///< `count` lines are not here: the disk was too slow or full
  };
  What what = What::received;
  event::WallTime at{};
  std::string text;
  bool binary = false;
  net::Ending ending;
  bool by_us = false;  ///< ended: we had ended it
  std::uint64_t count = 0;
};

/// The line, with its end.
std::string line_of(const RecordingHead& head);
std::string line_of(const Recorded& recorded);
/// Without making a copy of the frame.
std::string line_of_frame(Recorded::What way, std::string_view payload, bool binary, event::WallTime at);

/// What a line says; or what is wrong with it, in words.
std::variant<RecordingHead, std::string> read_head(std::string_view line);
std::variant<Recorded, std::string> read_recorded(std::string_view line);

}  // namespace tributary::daemon
