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

/// What we said in chats lately: tells our own words when the chat shows them to us, and the words of others who repeat
/// them. Equal words of ours are as many entries as they were said, and each comes back once. Pure. Owner: one
/// protocol. Thread: io.
class SaidWords {
 public:
  static constexpr std::chrono::seconds own_window{30};   ///< so long we wait for our words to come back
  static constexpr std::chrono::seconds copy_window{10};  ///< so long the same words of another are a copy of ours
  static constexpr std::size_t limit = 1024;              ///< entries; beyond it the oldest is forgotten

  /// `words` of message `number` go out to `channel`.
  void said(std::uint64_t number, std::string_view channel, std::string_view words, event::SteadyTime now);
  /// They did not get there.
  void take_back(std::uint64_t number);
  /// They have come back, as the upstream's own id of them says.
  void came_back(std::uint64_t number);

  /// Nothing that was said is young enough: what is heard need not be compared.
  bool empty(event::SteadyTime now);
  /// These words come from ourselves: the message that they were, which is used up by that. None: no such words are
  /// awaited.
  std::optional<std::uint64_t> own(std::string_view channel, std::string_view words, event::SteadyTime now);
  /// These words come from another: the message that they repeat, word by word. None: they repeat nothing that we said.
  std::optional<std::uint64_t> copied(std::string_view channel, std::string_view words, event::SteadyTime now);

 private:
  struct Entry {
    std::uint64_t number = 0;
    std::string channel, words;
    event::SteadyTime at{};
    bool back = false;
  };

  void forget(event::SteadyTime now);

  std::deque<Entry> entries_;  ///< oldest first
};

}  // namespace tributary::connectors
