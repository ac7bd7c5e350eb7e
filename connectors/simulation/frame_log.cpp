#include "connectors/simulation/frame_log.hpp"

#include <stdexcept>
#include <utility>

#include "text/json.hpp"

namespace tributary::connectors {
namespace {

void member(std::string& line, std::string_view key, std::string_view text) {
  line.append(",\"").append(key).append("\":");
  text::append_quoted(line, text);
}

}  // namespace

FrameLog::FrameLog(const std::string& file)
    : file_(file.empty() ? nullptr : std::fopen(file.c_str(), "we"), std::fclose) {
  if (!file.empty() && !file_) throw std::invalid_argument("behaviour `frames`: " + file + " cannot be opened");
}

std::string FrameLog::begin(std::uint64_t client, event::WallTime now) {
  std::string line = "{\"client\":";
  text::append_number(line, client);
  line += ",\"at\":";
  text::append_number(line, std::int64_t{now.time_since_epoch().count()});
  return line;
}

void FrameLog::opened(std::uint64_t client, std::string_view target, std::string_view origin, event::WallTime now) {
  if (!file_) return;
  std::string line = begin(client, now);
  member(line, "open", target);
  member(line, "origin", origin);
  write(std::move(line));
}

void FrameLog::text_line(std::uint64_t client, std::string_view key, std::string_view text, event::WallTime now) {
  if (!file_) return;
  std::string line = begin(client, now);
  member(line, key, text);
  write(std::move(line));
}

void FrameLog::ended(std::uint64_t client, event::WallTime now) {
  if (file_) write(begin(client, now) + ",\"end\":true");
}

void FrameLog::write(std::string line) {
  line += "}\n";
  std::fwrite(line.data(), 1, line.size(), file_.get());
  std::fflush(file_.get());
}

}  // namespace tributary::connectors
