#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "connectors/json/json_parts.hpp"
#include "connectors/json/json_text.hpp"
#include "event/channel.hpp"
#include "event/event.hpp"

namespace tributary::connectors {

/// The fingerprints of what was said on a channel within the last seconds, by which a protocol knows what comes back
/// without our mark: somebody re-posts it. Texts are known by a hash; events by their `_id` with their time and, where
/// nobody paid for them, by their words, the `message` of their data, if these are too long to be the same by chance.
/// Owner: one protocol. Thread: io. Pure. Failure: none; beyond the limit the oldest is forgotten.
class SaidLately {
 public:
  static constexpr std::chrono::seconds window{10};
  static constexpr std::size_t limit = 4096;
  static constexpr std::size_t shortest_words = 12;  ///< bytes

  void said(const event::Message& message, const event::Now& now);
  /// The number of a message which this content repeats: its whole text, the words of its event as a whole, or the
  /// `_id` of its event somewhere in it together with its `createdAt`: an id alone anybody may write.
  std::optional<std::uint64_t> repeated_by(std::string_view content, const event::Now& now);
  /// Nothing was heard for so long: what was said before counts as said later.
  void put_off(event::SteadyTime::duration pause);

 private:
  static constexpr std::size_t event_nesting = 512;  ///< more than any event has

  struct Said {
    event::SteadyTime at;
    std::uint64_t number = 0;
    std::size_t text = 0, words = 0;  ///< hashes
    std::string id, created_at;
  };
  struct Known {
    std::uint64_t number = 0;
    std::string created_at;
  };
  std::string words_of(const event::Event& event);
  void forget(event::SteadyTime now);
  void forget_oldest();

  JsonText json_{event_nesting};
  JsonParts parts_;
  std::deque<Said> said_;
  std::unordered_map<std::size_t, std::uint64_t> by_text_;
  std::unordered_map<std::string, Known> by_id_;
};

}  // namespace tributary::connectors
