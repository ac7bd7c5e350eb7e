#include "spool/known_ids.hpp"

#include <algorithm>
#include <cstdint>

namespace tributary::spool {
namespace {

constexpr std::size_t size_of_id = 3 * 4 + 1 + 8 + 8;
constexpr unsigned is_flagged = 1, has_updated = 2;

void append_number(std::string& out, std::uint64_t value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) out += static_cast<char>(value >> 8 * i & 0xFF);
}

std::uint64_t take_number(std::string_view& from, unsigned bytes) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < bytes; ++i) value |= std::uint64_t{static_cast<unsigned char>(from[i])} << 8 * i;
  from.remove_prefix(bytes);
  return value;
}

event::WallTime time_of(std::uint64_t ms) {
  return event::WallTime(event::WallTime::duration(static_cast<std::int64_t>(ms)));
}

std::uint64_t number_of(event::WallTime time) { return static_cast<std::uint64_t>(time.time_since_epoch().count()); }

}  // namespace

void append_id(std::string& block, const event::KnownId& id) {
  for (const auto word : id.key) append_number(block, word, 4);
  append_number(block, (id.flagged ? is_flagged : 0) | (id.updated ? has_updated : 0), 1);
  append_number(block, id.updated ? number_of(*id.updated) : 0, 8);
  append_number(block, number_of(id.seen), 8);
}

void read_ids(std::string_view block, std::vector<event::KnownId>& ids) {
  ids.reserve(ids.size() + block.size() / size_of_id);
  while (block.size() >= size_of_id) {
    auto& id = ids.emplace_back();
    for (auto& word : id.key) word = static_cast<std::uint32_t>(take_number(block, 4));
    const auto flags = take_number(block, 1);
    id.flagged = (flags & is_flagged) != 0;
    const auto updated = take_number(block, 8);
    if ((flags & has_updated) != 0) id.updated = time_of(updated);
    id.seen = time_of(take_number(block, 8));
  }
}

std::vector<event::KnownId> newest(std::vector<event::KnownId> ids, event::WallTime since, std::size_t most) {
  const auto at = [&](std::uint32_t place) -> const event::KnownId& { return ids[place]; };
  std::vector<std::uint32_t> order;  // by id, then as told
  for (std::uint32_t i = 0; i < ids.size(); ++i) {
    if (at(i).seen >= since) order.push_back(i);
  }
  std::sort(order.begin(), order.end(), [&](auto one, auto other) {
    return at(one).key != at(other).key ? at(one).key < at(other).key : one < other;
  });
  std::vector<event::KnownId> known;
  known.reserve(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i + 1 == order.size() || at(order[i]).key != at(order[i + 1]).key) known.push_back(at(order[i]));
  }
  std::stable_sort(known.begin(), known.end(),
                   [](const auto& one, const auto& other) { return one.seen < other.seen; });
  if (known.size() > most) known.erase(known.begin(), known.end() - static_cast<std::ptrdiff_t>(most));
  return known;
}

}  // namespace tributary::spool
