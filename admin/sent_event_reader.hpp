#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tributary::admin {

/// One message of a stream of server-sent events.
struct SentEvent {
  std::string name;  ///< of `event:`; "": an event of the relay
  std::string data;
};

/// Takes the pieces of such a stream as they come off the wire, and gives what is whole. Pure. Thread: one at a time.
class SentEventReader {
 public:
  std::vector<SentEvent> take(std::string_view piece);

 private:
  std::string line_;
  SentEvent next_;
};

/// A canonical event in a line for people: time, connector, type, who, how much, what they said. Only what may be
/// shown. "" for what is no event.
std::string tap_line(std::string_view json);

}  // namespace tributary::admin
