#pragma once

#include <optional>
#include <string_view>

namespace tributary::event {

/// The name of an event's source (`relay.source`) in static storage, where it comes out of a text: a small word of
/// lower-case letters, digits and hyphens. Nothing for another text, for the relay's own source, and once there have
/// been very many different ones. Thread: any.
std::optional<std::string_view> source_name(std::string_view text);

}  // namespace tributary::event
