#pragma once

#include <memory>

#include "config/settings.hpp"
#include "daemon/telemetry.hpp"
#include "event/mark_holder.hpp"
#include "relay/routing_table.hpp"
#include "sinks/channel/content.hpp"
#include "sinks/channel/outlet.hpp"

namespace tributary::daemon {

/// A sink that speaks on the connection of one of the connectors, and what the relay must know of it. Both settings
/// were read and checked together. `telemetry` outlives all that is made;
/// null: nothing is told.
struct ChannelSinkParts {
  std::shared_ptr<sinks::channel::Outlet> outlet;
  relay::Target target;
  std::size_t memory = 0;  ///< bytes
};
/// What it says of an event, in its format.
sinks::channel::Content content_of(const config::ChannelCommon& common,
                                   const std::shared_ptr<const event::MarkHolder>& marks);
/// What the relay must know of it; without its outlet.
relay::Target channel_target(const config::NamedSettings& sink, const config::NamedSettings& connector);
ChannelSinkParts make_channel_sink(const config::NamedSettings& sink, const config::NamedSettings& connector,
                                   const std::shared_ptr<const event::MarkHolder>& marks, Telemetry& telemetry);

}  // namespace tributary::daemon
