#pragma once

#include "config/settings.hpp"

namespace tributary::connectors {

/// What the settings of every channel sink are: its own keys, then `common.describe(fields)` at the end of its
/// describe(). A value, immutable after loading. Thread: any.
struct ChannelSettings : config::Described {
  explicit ChannelSettings(config::ChannelCommon::Speaks speaks = config::ChannelCommon::Speaks::values)
      : common(speaks) {}
  const config::ChannelCommon* channel() const override { return &common; }

  config::ChannelCommon common;
};

}  // namespace tributary::connectors
