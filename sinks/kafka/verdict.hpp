#pragma once

#include <string_view>

#include "event/ports.hpp"

namespace tributary::sinks::kafka {

/// What a librdkafka error code (rd_kafka_resp_err_t) of a delivery report means for its record. What is not in the
/// table is retriable: a new kind of error must never lose a record. Pure. Thread: any.
event::Verdict verdict_of(int error) noexcept;

/// The code's name, e.g. "MSG_SIZE_TOO_LARGE". Static storage.
std::string_view code_of(int error) noexcept;

}  // namespace tributary::sinks::kafka
