#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "event/event.hpp"
#include "event/ports.hpp"
#include "schema/validator.hpp"

namespace tributary::relay {

/// How much of a frame a dead letter carries, in bytes; `frameSize` and `frameSha256` tell of the whole.
constexpr std::size_t dead_letter_frame_limit = 64u << 10;

/// The dead letter of a frame that no codec understood.
std::unique_ptr<event::DeadLetter> letter_of(const event::Malformed& fault, std::string_view source,
                                             std::shared_ptr<const std::string> connector, const event::Now& now);

/// The dead letter of an event that a schema refused: the whole event, and why.
std::unique_ptr<event::DeadLetter> letter_of(const event::Event& event,
                                             const std::vector<schema::Violation>& violations);

/// The dead letter of an event that a downstream refused for itself (`too_large`, `record_refused`): the event as a
/// clipped frame when it is larger than the limit, else whole. `code` is the downstream's name of the fault.
std::unique_ptr<event::DeadLetter> letter_of(const event::Event& event, std::string_view reason, std::string_view code);

}  // namespace tributary::relay
