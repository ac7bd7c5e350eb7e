#include "spool/pages.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <string>
#include <unordered_map>

#include "spool/schema.hpp"

namespace tributary::spool {
namespace {

constexpr std::size_t log_header = 32, frame_header = 24;
constexpr std::uint64_t map_entry = 5, pages_of_map = page_size / map_entry;

std::uint64_t number_at(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = at; i < at + size && i < bytes.size(); ++i) {
    value = value << 8U | static_cast<unsigned char>(bytes[i]);
  }
  return value;
}

/// SQLite's number of 1 to 9 bytes. `at` moves behind it.
std::uint64_t varint(std::string_view bytes, std::size_t& at) {
  std::uint64_t value = 0;
  for (int i = 0; i < 9 && at < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[at++]);
    if (i == 8) return value << 8U | byte;
    value = value << 7U | (byte & 0x7FU);
    if (byte < 0x80) break;
  }
  return value;
}

/// The pages as the last commit left them: those of the log before those of the file.
class RawPages {
 public:
  explicit RawPages(const std::filesystem::path& file)
      : file_(file, std::ios::binary), log_(file.native() + "-wal", std::ios::binary) {
    std::error_code ignored;
    const auto size = std::filesystem::file_size(file, ignored);
    count_ = ignored ? 0 : size / page_size;
    read_log();
  }
  std::uint64_t count() const { return count_; }
  /// False: it is not there, or free.
  bool read_used(std::uint64_t number, std::string& page) {
    const auto map = (number - 2) / (pages_of_map + 1) * (pages_of_map + 1) + 2;
    if (number < 3 || number == map) return false;
    if (map != map_at_ && read(map, map_)) map_at_ = map;
    constexpr char free = 2;
    if (map == map_at_ && map_[(number - map - 1) * map_entry] == free) return false;
    return read(number, page);
  }
  bool read(std::uint64_t number, std::string& page) {
    const auto newer = in_log_.find(number);
    auto& from = newer == in_log_.end() ? file_ : log_;
    const auto at = newer == in_log_.end() ? (number - 1) * page_size : newer->second;
    page.resize(page_size);
    from.clear();
    return number != 0 && from.seekg(static_cast<std::streamoff>(at)) && from.read(page.data(), page_size);
  }

 private:
  /// Finds the pages of the log up to its last commit.
  void read_log() {
    std::string header(log_header, '\0'), frame(frame_header, '\0');
    if (!log_.read(header.data(), log_header) || number_at(header, 8, 4) != page_size) return;
    const auto salt = header.substr(16, 8);
    std::unordered_map<std::uint64_t, std::uint64_t> open;
    for (std::uint64_t at = log_header; log_.seekg(static_cast<std::streamoff>(at)); at += frame_header + page_size) {
      if (!log_.read(frame.data(), frame_header) || frame.compare(8, 8, salt) != 0) break;
      open[number_at(frame, 0, 4)] = at + frame_header;
      const auto pages = number_at(frame, 4, 4);
      if (pages == 0) continue;
      for (const auto& [number, place] : open) in_log_[number] = place;
      open.clear();
      count_ = std::max(count_, pages);
    }
  }
  std::ifstream file_, log_;
  std::unordered_map<std::uint64_t, std::uint64_t> in_log_;
  std::uint64_t count_ = 0, map_at_ = 0;
  std::string map_;
};

/// The record of a cell, with what of it lies in other pages. False: it does not fit together.
bool payload_of(RawPages& pages, std::string_view page, std::size_t at, std::string& payload) {
  constexpr std::uint64_t most = page_size - 35, least = (page_size - 12) * 32 / 255 - 23, of_next = page_size - 4;
  const auto size = varint(page, at);
  varint(page, at);  // the record's id
  if (size > pages.count() * page_size) return false;
  auto here = size;
  if (size > most) {
    here = least + (size - least) % of_next;
    if (here > most) here = least;
  }
  if (at + here > page.size()) return false;
  payload.assign(page.substr(at, here));
  auto next = size > here ? number_at(page, at + here, 4) : 0;
  std::string more;
  while (payload.size() < size) {
    if (next == 0 || next > pages.count() || !pages.read(next, more)) return false;
    payload.append(more, 4, std::min<std::uint64_t>(of_next, size - payload.size()));
    next = number_at(more, 0, 4);
  }
  return true;
}

/// Of the columns id, lane, number, notice, row the last one. Empty: it is no record of that table.
std::string_view row_of(std::string_view payload) {
  constexpr std::array<std::uint64_t, 10> sizes{0, 1, 2, 3, 4, 6, 8, 0, 0, 0};  // of whole numbers, by type
  std::size_t at = 0;
  auto before = varint(payload, at);
  const auto header = before;
  for (int column = 0; column < 4; ++column) {
    const auto type = varint(payload, at);
    if (type >= sizes.size()) return {};
    before += sizes[type];
  }
  const auto type = varint(payload, at);
  if (at != header || type < 12 || type % 2 != 0) return {};
  if (before > payload.size() || payload.size() - before != (type - 12) / 2) return {};
  return payload.substr(before);
}

}  // namespace

void scan_pages(const std::filesystem::path& file, const std::function<bool(std::string_view row)>& each) {
  constexpr char leaf_of_table = 0x0D;
  constexpr std::size_t page_header = 8, most_cells = page_size / 4;
  RawPages pages(file);
  std::string page, payload;
  for (std::uint64_t number = 3; number <= pages.count(); ++number) {
    if (!pages.read_used(number, page) || page[0] != leaf_of_table) continue;
    const auto cells = std::min<std::uint64_t>(number_at(page, 3, 2), most_cells);
    for (std::uint64_t cell = 0; cell < cells; ++cell) {
      if (!payload_of(pages, page, number_at(page, page_header + 2 * cell, 2), payload)) continue;
      const auto row = row_of(payload);
      if (!row.empty() && !each(row)) return;
    }
  }
}

}  // namespace tributary::spool
