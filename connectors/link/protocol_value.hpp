#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "connectors/json/json_parts.hpp"
#include "connectors/json/json_text.hpp"
#include "connectors/link/protocol.hpp"

// What a frame says to us, and not to a viewer: settings of the protocol, answers, reasons. Pure. Thread: any.
// Failure: none; what says nothing gives nothing.

namespace tributary::connectors {

/// `true` and `false`, as such, as words or as 1 and 0, in quotes or not.
std::optional<bool> flag_of(const Value& value);

/// The remark `odd_value`: `what` of the protocol says `found`, which is not understood, and so `used` is used. For
/// what is there; a value that is missing has its default without a word.
Remark odd_value(std::string_view what, std::string_view found, std::string_view expected, std::string_view used);

/// The words in which a server gives its reason, clipped: a string; the first of a list; of an object its message,
/// error or reason, or what is nested in them; its code when there are no words; else the JSON itself. "": none.
std::string words_in(JsonParts& parts, const Value& said);
/// The same of one member after another of `frame` that may hold a reason, beside its payload.
std::string words_beside(JsonParts& parts, const Object& frame);

inline constexpr std::string_view no_words = "no reason given";

}  // namespace tributary::connectors
