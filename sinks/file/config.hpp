#pragma once

#include <filesystem>
#include <string>

#include "config/fields.hpp"
#include "config/values.hpp"

namespace tributary::sinks::file {

/// Why nothing can be appended there: the file, or the folder that it would be made in; "" when it can. Asks the disk.
std::string fault_of(const std::filesystem::path& path);

/// `type: file` as it is written. A value; immutable once read. Thread: any.
struct Settings final : config::Described {
  config::Path path;
  config::Size rotate = config::mib(256);  ///< 0B: never
  int keep = 8;

  void describe(config::Fields& fields) override;
};

}  // namespace tributary::sinks::file
