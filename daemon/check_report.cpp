#include "daemon/check_report.hpp"

#include <cstdio>

#include "text/printable.hpp"

namespace tributary::daemon {
namespace {

void say(const char* kind, const std::string& what) {
  std::printf("%s%s\n", kind, text::printable(what).c_str());
  std::fflush(stdout);  // an answer is there as soon as it is known, also in a pipe
}

/// The path of what holds it: without the last key or index.
std::string parent_of(const std::string& path) {
  const auto end = path.find_last_of(".[");
  return end == std::string::npos ? std::string() : path.substr(0, end);
}

}  // namespace

config::Fault CheckReport::at(const std::string& path, const std::string& message) const {
  for (auto written = path; !written.empty(); written = parent_of(written)) {
    const auto place = loaded_.places.find(written);
    if (place != loaded_.places.end()) return {place->second, path, message};
  }
  auto whole = loaded_.places.find("version");  // it is written nowhere: the file, then
  config::Place place = whole == loaded_.places.end() ? config::Place{} : whole->second;
  place.line = 0;
  return {place, path, message};
}

void CheckReport::good(const std::string& path, const std::string& message) {
  say("ok     ", (path.empty() ? "" : path + ": ") + message);
}

void CheckReport::warn(const config::Fault& fault) { say("warn   ", config::format(fault)); }

void CheckReport::bad(const config::Fault& fault) {
  say("fault  ", config::format(fault));
  ++faults_;
}

void CheckReport::warn(const std::string& path, const std::string& message) { warn(at(path, message)); }

void CheckReport::bad(const std::string& path, const std::string& message) { bad(at(path, message)); }

}  // namespace tributary::daemon
