#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/json/draft_writer.hpp"
#include "connectors/json/json_parts.hpp"
#include "connectors/json/json_text.hpp"
#include "connectors/link/protocol.hpp"

namespace tributary::connectors::oha {

/// Frames of a stream's socket → canonical events, or what the server says to us.
/// Owner: one protocol. Thread: its owner's. Failure: what cannot be understood is FrameKind::malformed in the Outcome.
class Codec {
 public:
  enum class Said : std::uint8_t {
    malformed,      ///< told the Outcome
    chat,           ///< told the Outcome; see `user` and `message`
    event,          ///< told the Outcome
    authenticated,  ///< we are known
    anonymous,      ///< we are not
    error,          ///< see `error_code` and `words`
  };

  Codec(std::string_view connector, std::string label, std::size_t nesting);

  Said read(std::string_view frame, const event::Now& now, Outcome& outcome);
  // Of the chat just read; "" where it is no string.
  std::string user() const { return plain_text(user_); }
  std::string message() const { return plain_text(message_); }
  const std::string& error_code() const { return code_; }  ///< printable, clipped
  const std::string& words() const { return words_; }      ///< of an error, or why we are not known; clipped

 private:
  Said malformed(std::string_view reason, std::string detail, Outcome& outcome);
  void error(const Object& frame);
  Said chat(const Object& frame, const event::Now& now, Outcome& outcome);
  Said unknown(const Value& whole, std::string_view type, const event::Now& now, Outcome& outcome);
  Said carry(const event::Now& now, Outcome& outcome);

  std::string label_;
  JsonText json_;
  JsonParts parts_;
  DraftWriter writer_;
  Value user_, message_;
  std::string code_, words_;
};

/// Every canonical type there is.
std::vector<std::string_view> canonical_types();

}  // namespace tributary::connectors::oha
