#pragma once

#include <functional>
#include <memory>
#include <string>

#include "event/event.hpp"
#include "event/mark_holder.hpp"
#include "expression/template.hpp"

namespace tributary::sinks::channel {

/// What a channel sink says of an event. Runs on the connector's io thread, once for each time that it is said.
using Content = std::function<std::string(const event::Event& event, const event::Now& now)>;

/// The event in an envelope with our mark.
Content envelopes(std::shared_ptr<const event::MarkHolder> marks);
/// The canonical JSON alone.
Content events();
/// The template, filled in.
Content sentences(expression::Template words);

}  // namespace tributary::sinks::channel
