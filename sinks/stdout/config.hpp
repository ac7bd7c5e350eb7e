#pragma once

#include "config/fields.hpp"

namespace tributary::sinks::standard_output {

/// `type: stdout`: there is nothing to set.
struct Settings final : config::Described {
  void describe(config::Fields& fields) override { static_cast<void>(fields); }
};

}  // namespace tributary::sinks::standard_output
