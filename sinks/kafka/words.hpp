#pragma once

#include <string>
#include <string_view>

namespace tributary::sinks::kafka {

/// What librdkafka says of a connection that fails, in our words: which broker, what happened, what to do; its own
/// words follow in brackets where they say more. What it says seldom is passed on marked: "librdkafka: …".
/// Pure. Thread: any.
std::string words_of(std::string_view text);

/// The same for one of its error codes (rd_kafka_resp_err_t).
std::string words_of(int error);

}  // namespace tributary::sinks::kafka
