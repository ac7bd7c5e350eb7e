#include "daemon/written_log.hpp"

#include <cerrno>
#include <system_error>

#include "text/json.hpp"

namespace tributary::daemon {

WrittenLog::WrittenLog(const std::string& file)
    : file_(file.empty() ? nullptr : std::fopen(file.c_str(), "we"), std::fclose) {
  if (!file.empty() && !file_)
    throw std::system_error(errno, std::generic_category(), "--written " + file + " cannot be opened");
}

std::function<void(const connectors::WrittenEvent&)> WrittenLog::observer(const std::string& source) {
  if (!file_) return {};
  return [this, source](const connectors::WrittenEvent& written) {
    std::string line = "{\"source\":";
    text::append_quoted(line, source);
    line += ",\"id\":";
    text::append_quoted(line, written.id);
    line += ",\"at\":";
    text::append_number(line, std::int64_t{written.when.time_since_epoch().count()});
    line += ",\"event\":";
    line += written.json;
    line += "}\n";
    std::fwrite(line.data(), 1, line.size(), file_.get());
  };
}

void WrittenLog::flush() {
  if (file_) std::fflush(file_.get());
}

}  // namespace tributary::daemon
