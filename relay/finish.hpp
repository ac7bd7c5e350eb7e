#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "event/event.hpp"
#include "event/ports.hpp"

namespace tributary::relay {

/// What the relay knows of a draft when it closes it.
struct Finish {
  std::shared_ptr<const std::string> connector;
  std::string_view run;
  std::uint64_t connection = 0;
  std::uint64_t sequence = 0;
  bool update = false;
  event::Now now;
};

/// Closes a draft: fills an `_id` that no upstream gave, adds `test`, `update`, `run` and `sequence` to `relay`, and
/// the Kafka key behind the JSON. At least simdjson's padding stays reserved behind the text.
std::shared_ptr<event::Event> finish(event::Draft&& draft, const Finish& finish);

/// The relay's own event about a connector (or about one of its channels): provider `tributary`.
std::shared_ptr<event::Event> finish(const event::Notice& notice, const Finish& finish);

}  // namespace tributary::relay
