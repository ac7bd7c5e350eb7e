#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <utility>

#include "event/assert.hpp"

namespace tributary::relay {

/// Things found by their number, in constant time. Numbers are given densely, from 1, in the order of `take_number`;
/// things may come and go in any order. What it takes is bounded by the things that are there: 64 neighbouring numbers
/// share a chunk, which goes with the last of its things, so that one thing which stays for hours costs half a
/// kilobyte and nothing for all that came and went meanwhile. Owns no thing. Owned by an Outbox. Thread: its owner's.
template <class Thing>
class Numbered {
 public:
  std::uint64_t take_number() { return next_++; }
  /// Numbers up to this one were given by an earlier run.
  void skip_to(std::uint64_t last) {
    if (last >= next_) next_ = last + 1;
  }

  void put(std::uint64_t number, Thing& thing) {
    Chunk& chunk = open(number / per_chunk);
    chunk.things[number % per_chunk] = &thing;
    ++chunk.used;
  }
  /// The number that is given next.
  std::uint64_t next() const { return next_; }
  /// Null where there is none.
  Thing* at_or_null(std::uint64_t number) {
    Chunk* chunk = find(number / per_chunk);
    return chunk == nullptr ? nullptr : chunk->things[number % per_chunk];
  }
  /// Of a thing that is there.
  Thing& at(std::uint64_t number) {
    Chunk* chunk = find(number / per_chunk);
    TRIBUTARY_ASSERT(chunk != nullptr && chunk->things[number % per_chunk] != nullptr);
    return *chunk->things[number % per_chunk];
  }
  void remove(std::uint64_t number) {
    const std::uint64_t place = number / per_chunk;
    Chunk* chunk = find(place);
    TRIBUTARY_ASSERT(chunk != nullptr && chunk->things[number % per_chunk] != nullptr);
    chunk->things[number % per_chunk] = nullptr;
    if (--chunk->used != 0) return;
    if (Found& known = lately(place); known.place == place) known = {};
    const auto found = chunks_.find(place);
    spare_ = std::move(found->second);  // the next one is soon asked for
    chunks_.erase(found);
  }
  std::size_t chunks() const { return chunks_.size(); }

 private:
  static constexpr std::uint64_t per_chunk = 64;
  struct Chunk {
    std::array<Thing*, per_chunk> things{};
    std::size_t used = 0;
  };

  struct Found {
    std::uint64_t place = 0;
    Chunk* chunk = nullptr;
  };

  /// What is sent and reported is mostly young: its chunk is one of those that were found lately.
  Found& lately(std::uint64_t place) { return lately_[place % lately_.size()]; }
  Chunk* find(std::uint64_t place) {
    Found& known = lately(place);
    if (known.chunk != nullptr && known.place == place) return known.chunk;
    const auto found = chunks_.find(place);
    if (found == chunks_.end()) return nullptr;
    known = {place, found->second.get()};
    return known.chunk;
  }
  Chunk& open(std::uint64_t place) {
    if (Chunk* chunk = find(place)) return *chunk;
    auto chunk = spare_ ? std::move(spare_) : std::make_unique<Chunk>();
    lately(place) = {place, chunk.get()};
    return *chunks_.emplace(place, std::move(chunk)).first->second;
  }

  std::uint64_t next_ = 1;
  std::unordered_map<std::uint64_t, std::unique_ptr<Chunk>> chunks_;
  std::unique_ptr<Chunk> spare_;
  std::array<Found, 64> lately_{};
};

}  // namespace tributary::relay
