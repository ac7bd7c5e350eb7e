#include <cstdio>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "daemon/commands.hpp"
#include "daemon/status.hpp"
#include "spool/inspect.hpp"
#include "text/printable.hpp"

namespace tributary::daemon {
namespace {

using spool::Inspection;

void print_line(std::string_view line) {
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fputc('\n', stdout);
}

/// One line for each lane, and their sum. Returns why it ended early, or "".
std::string print_count(const Inspection& spool) {
  std::vector<Inspection::Lane> lanes;
  auto fault = spool.lanes(lanes);
  if (!fault.empty() && lanes.empty()) return fault;
  std::uint64_t records = 0, notices = 0, bytes = 0;
  for (const auto& lane : lanes) {
    records += lane.records, notices += lane.notices, bytes += lane.bytes;
    print_line(text::printable(lane.name.stream + "  " + lane.name.key + "  " + counted(lane.records, "record") + "  " +
                               counted(lane.bytes, "byte") + "  numbers " + std::to_string(lane.first) + " to " +
                               std::to_string(lane.last)));
  }
  print_line("total: " + counted(records, "record") + " in " + counted(lanes.size(), "lane") + ", " +
             counted(bytes, "byte") + "; " + std::to_string(notices) + " of the records are the relay's own notices");
  return fault;
}

std::string print_records(const Inspection& spool) {
  return spool.each([](const Inspection::Line& line) {
    const std::string_view time = line.time.empty() ? "-" : line.time;
    std::string text = std::to_string(line.number).append("  ").append(time);
    text.append("  ").append(line.lane->stream).append("  ").append(line.lane->key);
    text.append("  ").append(line.type).append("  ").append(line.id);
    print_line(text::printable(text + "  " + counted(line.bytes, "byte")));
    return std::ferror(stdout) == 0;
  });
}

std::string print_values(const Inspection& spool) {
  return spool.each([](const Inspection::Line& line) {
    if (!line.value.empty()) print_line(line.value);
    return std::ferror(stdout) == 0;
  });
}

}  // namespace

int spool_command(const std::filesystem::path& file, SpoolView view) {
  if (const auto fault = Inspection::misnamed(file); !fault.empty()) return complain(fault, bad_usage);
  const auto opened = Inspection::open(file);
  if (const auto* fault = std::get_if<std::string>(&opened)) return complain(*fault, failed);
  const auto& spool = *std::get<std::unique_ptr<Inspection>>(opened);
  const auto fault = view == SpoolView::count  ? print_count(spool)
                     : view == SpoolView::show ? print_records(spool)
                                               : print_values(spool);
  if (fault.empty()) return answered(ended_well);
  std::fflush(stdout);
  return complain(fault, failed);
}

}  // namespace tributary::daemon
