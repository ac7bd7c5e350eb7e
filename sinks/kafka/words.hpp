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

/// Why a broker does not create a topic: for one of its error codes, with the broker's own text.
std::string words_of_creation(int error, std::string_view theirs);

}  // namespace tributary::sinks::kafka
