#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "connectors/dlive/codec.hpp"
#include "connectors/link/protocol.hpp"

// The last messages of a chat over HTTPS, where what was missed can be read back. The sources of what is said of it are
// in this folder's README. Pure. Thread: any.

namespace tributary::connectors::dlive {

/// Whose chat is asked for, where, and as whom.
struct ChatHistory {
  std::string api_url;
  std::string streamer;      ///< a username
  std::string token;         ///< "": none; goes into a header, and nowhere else
  std::uint32_t limit = 50;  ///< messages
  std::string connector;
  std::size_t nesting = 64;
  /// What was heard since then is known by its id: a message without a time that cannot be older is no repetition.
  event::WallTime known_since{};
  std::function<bool(const ChatWords& chat, const event::Now& now)> is_own;  ///< we said it ourselves
};

/// The messages of the chat from `from` to `to`, as far as the API goes back: it tells the last ones, and has no pages.
Backfill missed_chats(ChatHistory asked, event::WallTime from, event::WallTime to);

}  // namespace tributary::connectors::dlive
