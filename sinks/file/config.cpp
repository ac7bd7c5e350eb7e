#include "sinks/file/config.hpp"

namespace tributary::sinks::file {

void Settings::describe(config::Fields& fields) {
  fields.field({.name = "path", .help = "JSON lines are appended here", .required = true, .example = "events.jsonl"},
               path);
  fields.field({.name = "rotate", .help = "size at which it is moved aside to PATH.1; 0B: never"}, rotate);
  fields.field({.name = "keep", .help = "how many rotated files stay", .minimum = 1, .maximum = 1'000}, keep);
  if (rotate.bytes != 0 && rotate < config::kib(4)) fields.fault("rotate", "expected 0B or at least 4KiB");
}

}  // namespace tributary::sinks::file
