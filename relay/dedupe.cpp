#include "relay/dedupe.hpp"

#include <algorithm>

#include "event/id.hpp"

namespace tributary::relay {
namespace {

/// The value of a lower-case hex digit; of any other byte, something with high bits.
constexpr std::array<std::uint8_t, 256> digit_values = [] {
  std::array<std::uint8_t, 256> table{};
  table.fill(0xF0);
  for (std::uint8_t value = 0; value < 16; ++value)
    table[static_cast<unsigned char>("0123456789abcdef"[value])] = value;
  return table;
}();

bool read_hex(std::string_view id, std::array<std::uint32_t, 3>& key) {
  if (id.size() != 24) return false;
  unsigned seen = 0;
  for (std::size_t word = 0; word < 3; ++word) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 8; ++i) {
      const unsigned digit = digit_values[static_cast<unsigned char>(id[word * 8 + i])];
      seen |= digit;
      value = value << 4 | (digit & 15U);
    }
    key[word] = value;
  }
  return seen < 16;
}

}  // namespace

Dedupe::Dedupe(std::size_t ids, std::chrono::milliseconds window, event::ConnectorMemory* memory)
    : memory_(memory), limit_(std::max<std::size_t>(ids, 1)), window_(window) {}

void Dedupe::load(const event::Now& now) {
  for (const auto& id : memory_->ids(now.wall - window_, limit_)) {
    // The wall clock may have been set back: an id is never younger than now.
    const auto age = std::max<event::WallTime::duration>(now.wall - id.seen, {});
    if (age > window_ || (count_ > 0 && slots_[slot_of(id.key)] != 0)) continue;
    add({id.key, id.flagged, id.updated ? id.updated->time_since_epoch().count() : never, now.steady - age});
  }
}

void Dedupe::remember_when_safe(event::Draft& draft, const event::Now& now) const {
  if (memory_ == nullptr || !draft.identified) return;
  event::KnownId id{key_of(draft.id.of(draft.text)), draft.flagged_said && draft.flagged, draft.updated, now.wall};
  draft.receipt = std::make_shared<event::Receipt>(
      [memory = memory_, id = std::move(id), before = std::move(draft.receipt)](bool kept) {
        if (kept) memory->remember(id);
        if (!kept && before) before->lost();
      });
}

Dedupe::Key Dedupe::key_of(std::string_view id) {
  Key key{};
  if (!read_hex(id, key)) read_hex(event::derived_id({"id", id}), key);
  return key;
}

/// Ids of one upstream are near each other (a time, a counter): without mixing they would fill one long run of slots.
std::size_t Dedupe::home(const Key& key) const {
  std::uint64_t mixed = (std::uint64_t{key[0]} << 32 | key[1]) * 0x9E3779B97F4A7C15U;
  mixed = (mixed ^ mixed >> 32 ^ key[2]) * 0xD6E8FEB86659FD93U;
  return static_cast<std::size_t>(mixed >> 32) & (slots_.size() - 1);
}

std::size_t Dedupe::slot_of(const Key& key) const {
  std::size_t slot = home(key);
  while (slots_[slot] != 0 && entries_[slots_[slot] - 1].key != key) slot = (slot + 1) & (slots_.size() - 1);
  return slot;
}

void Dedupe::forget_oldest() {
  std::size_t hole = slot_of(entries_[first_].key);
  first_ = (first_ + 1) % entries_.size();
  --count_;
  // Close the hole: every follower that may not stand after a free slot moves up.
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t next = (hole + 1) & mask; slots_[next] != 0; next = (next + 1) & mask) {
    const std::size_t wanted = home(entries_[slots_[next] - 1].key);
    if (((next - wanted) & mask) >= ((next - hole) & mask)) {
      slots_[hole] = slots_[next];
      hole = next;
    }
  }
  slots_[hole] = 0;
}

void Dedupe::grow() {
  std::vector<Entry> larger(std::min(limit_, std::max<std::size_t>(64, entries_.size() * 2)));
  for (std::size_t i = 0; i < count_; ++i) larger[i] = entries_[(first_ + i) % entries_.size()];
  entries_ = std::move(larger);
  first_ = 0;
  std::size_t slots = 128;
  while (slots < entries_.size() * 2) slots *= 2;
  slots_.assign(slots, 0);
  for (std::size_t i = 0; i < count_; ++i) slots_[slot_of(entries_[i].key)] = static_cast<std::uint32_t>(i + 1);
}

/// The known event has come again.
Dedupe::Answer Dedupe::judge(Entry& known, std::int64_t updated, std::optional<bool> flagged) {
  if (updated == never || updated < known.updated) return Answer::duplicate;
  const bool reflagged = flagged && *flagged != known.flagged;
  // Where the known state has no time, nothing says that this one is newer; it may yet say something else.
  const bool newer = known.updated != never && updated > known.updated;
  known.updated = updated;
  if (!newer && !reflagged) return Answer::duplicate;
  known.flagged = flagged.value_or(false);
  return Answer::update;
}

Dedupe::Answer Dedupe::see(std::string_view id, std::optional<event::WallTime> updated, std::optional<bool> flagged,
                           event::SteadyTime now) {
  while (count_ > 0 && now - entries_[first_].seen > window_) forget_oldest();
  const Key key = key_of(id);
  const std::int64_t updated_ms = updated ? updated->time_since_epoch().count() : never;
  if (count_ > 0) {
    if (const auto index = slots_[slot_of(key)]; index != 0) return judge(entries_[index - 1], updated_ms, flagged);
  }
  add({key, flagged.value_or(false), updated_ms, now});
  return Answer::fresh;
}

void Dedupe::add(const Entry& entry) {
  if (count_ == limit_) forget_oldest();
  if (count_ == entries_.size()) grow();
  const std::size_t index = (first_ + count_) % entries_.size();
  entries_[index] = entry;
  ++count_;
  slots_[slot_of(entry.key)] = static_cast<std::uint32_t>(index + 1);
}

}  // namespace tributary::relay
