#pragma once

#include "config/fields.hpp"
#include "config/values.hpp"

namespace tributary::sinks::file {

/// `type: file` as it is written. A value; immutable once read. Thread: any.
struct Settings final : config::Described {
  config::Path path;
  config::Size rotate = config::mib(256);  ///< 0B: never
  int keep = 8;

  void describe(config::Fields& fields) override;
};

}  // namespace tributary::sinks::file
