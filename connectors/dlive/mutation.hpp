#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "event/channel.hpp"
#include "net/http_message.hpp"
#include "text/time.hpp"

namespace tributary::connectors::dlive {

/// The request that says `words` in the chat of `streamer`. The user's token is added where it is sent. Pure.
net::HttpRequest mutation_of(const std::string& api_url, const std::string& streamer, const std::string& words);

/// What an answer to it means.
struct MutationAnswer {
  event::MessageResult result = event::MessageResult::refused;  ///< sent, refused, returned or unconfirmed
  /// Static storage; "" where it was said. See this folder's README.
  std::string_view reason = {};
  std::string detail = {};            ///< the upstream's words
  std::string id = {};                ///< of the message, as it comes on the subscription; "": not told
  std::string username = {};          ///< who said it; "": not told
  std::chrono::milliseconds wait{0};  ///< nothing more is to be said for so long
};

/// The three layers in which it can fail: the HTTP status, the answer's `errors`, and `err` in its data. Pure.
MutationAnswer judge_mutation(const net::HttpAnswer& answer, text::WallTime now);

}  // namespace tributary::connectors::dlive
