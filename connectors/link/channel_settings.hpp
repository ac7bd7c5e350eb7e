#pragma once

#include <cstdint>
#include <string_view>

#include "config/settings.hpp"

namespace tributary::connectors {

/// What the settings of every channel sink are: its own keys, then `common.describe(fields)` at the end of its
/// describe(). A value, immutable after loading. Thread: any.
struct ChannelSettings : config::Described {
  explicit ChannelSettings(config::ChannelCommon::Speaks speaks = config::ChannelCommon::Speaks::values,
                           std::string_view example_connector = "hall")
      : common(speaks, example_connector) {}
  const config::ChannelCommon* channel() const override { return &common; }

  config::ChannelCommon common;
  // Keys of those folders whose upstream says what came of a message.
  config::Duration confirm_timeout{0};  ///< for its word; 0: it is awaited for ever
  std::uint32_t resend = 0;             ///< how often a message without its word is said again
};

}  // namespace tributary::connectors
