#include "sinks/file/config.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace tributary::sinks::file {

std::string fault_of(const std::filesystem::path& path) {
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  const auto& place = ::access(path.c_str(), F_OK) == 0 ? path : folder;
  if (::access(place.c_str(), W_OK) == 0) return {};
  switch (errno) {
    case ENOENT:
      return "the folder " + place.string() + " is missing; make it, or correct the path";
    case ENOTDIR:
      return place.string() + " lies below a file; correct the path";
    case EACCES:
      return "this user may not write to " + place.string() + "; let it";
    case EROFS:
      return place.string() + " is on a read-only file system; mount it for writing, or correct the path";
    default:
      return place.string() + ": " + std::strerror(errno);
  }
}

void Settings::describe(config::Fields& fields) {
  fields.field({.name = "path", .help = "JSON lines are appended here", .required = true, .example = "events.jsonl"},
               path);
  if (fields.reading() && !path.empty()) {
    if (const auto fault = fault_of(path.resolved); !fault.empty()) fields.fault("path", fault);
  }
  fields.field({.name = "rotate", .help = "size at which it is moved aside to PATH.1; 0B: never"}, rotate);
  fields.field({.name = "keep", .help = "how many rotated files stay", .minimum = 1, .maximum = 1'000}, keep);
  if (rotate.bytes != 0 && rotate < config::kib(4)) fields.fault("rotate", "expected 0B or at least 4KiB");
}

}  // namespace tributary::sinks::file
