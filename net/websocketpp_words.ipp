// Part of websocket_engine.cpp, which includes websocketpp before it: what the library says of broken frames, in words
// for a person. It goes by the library's words: nothing else of a fault is left once the close frame is written.

#include <string>

namespace tributary::net::wspp {

/// Ours for the library's; the library's where there are none of ours.
inline std::string words_of(const std::string& library_words) {
  namespace frame_error = websocketpp::processor::error;
  struct Row {
    std::string library;
    const char* words;
  };
  static const Row rows[] = {
      {frame_error::make_error_code(frame_error::invalid_rsv_bit).message(),
       "a frame with a reserved bit set, as if compression had been agreed on; we offer none: is a proxy in "
       "between, or is it no websocket?"},
      {frame_error::make_error_code(frame_error::masking_forbidden).message(),
       "a masked frame, as only a client may send: the server breaks the rules of websockets"},
      {frame_error::make_error_code(frame_error::masking_required).message(),
       "a frame without a mask, as only a server may send: the client breaks the rules of websockets"},
      {frame_error::make_error_code(frame_error::fragmented_control).message(),
       "a ping, pong or close frame in pieces, where only one piece is allowed"},
      {frame_error::make_error_code(frame_error::control_too_big).message(),
       "a ping, pong or close frame over 125 bytes, the most that is allowed"},
      {frame_error::make_error_code(frame_error::invalid_opcode).message(),
       "a frame of a type that does not exist: is it no websocket, or were bytes lost on the way?"},
      {frame_error::make_error_code(frame_error::invalid_continuation).message(),
       "a piece of a message without its beginning, or a new message before the last one ended"},
      {frame_error::make_error_code(frame_error::non_minimal_encoding).message(),
       "a frame with its length written in more bytes than allowed"},
      {frame_error::make_error_code(frame_error::message_too_big).message(),
       "a message over the limit (`frame_limit`)"},
      {"Invalid close code", "a close frame with a code cut short, or one that no frame may carry"},
      {"Invalid close reason", "a close frame with words that are not UTF-8"},
  };
  for (const auto& row : rows) {
    if (row.library == library_words) return row.words;
  }
  return library_words;
}

}  // namespace tributary::net::wspp
