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

/// The fingerprints of what was said lately, by which a protocol knows what comes back without our mark: a chat shows
/// us our own words, or somebody repeats them. Texts are known by a hash; messages also by the `_id` of their event
/// with its time and, where nobody paid for it, by its words, the `message` of its data, if these are too long to be
/// the same by chance. Equal words of ours are as many entries as they were said, and each comes back once.
/// Owner: one protocol. Thread: its owner's. Pure. Failure: none; beyond the limit the oldest is forgotten.
class SaidLately {
 public:
  static constexpr std::chrono::seconds own_window{30};   ///< so long we wait for our words to come back
  static constexpr std::chrono::seconds copy_window{10};  ///< so long the same content of another is a copy of ours
  static constexpr std::size_t limit = 4096;              ///< entries
  static constexpr std::size_t shortest_words = 12;       ///< bytes

  /// A message goes out, on a channel that shows nobody what he says himself.
  void said(const event::Message& message, const event::Now& now);
  /// `words` of message `number` go out to `channel`, a chat.
  void said(std::uint64_t number, std::string_view channel, std::string_view words, event::SteadyTime now);
  /// They did not get there.
  void take_back(std::uint64_t number);
  /// They have come back, as the upstream's own id of them says.
  void came_back(std::uint64_t number);
  /// Nothing was heard for so long: what was said before counts as said later.
  void put_off(event::SteadyTime::duration pause);

  /// Nothing that was said is young enough: what is heard need not be compared.
  bool empty(event::SteadyTime now);
  /// These words come from ourselves: the message that they were, which is used up by that. None: no such words are
  /// awaited.
  std::optional<std::uint64_t> own(std::string_view channel, std::string_view words, event::SteadyTime now);
  /// They would: the same question, and nothing is used up by it.
  bool awaits(std::string_view channel, std::string_view words, event::SteadyTime now) const;
  /// These words come from another: the last message that they repeat, word by word. None: they repeat nothing that
  /// we said.
  std::optional<std::uint64_t> copied(std::string_view channel, std::string_view words, event::SteadyTime now);
  /// The number of a message which this content repeats: its whole text, the words of its event as a whole, or the
  /// `_id` of its event somewhere in it together with its `createdAt`: an id alone anybody may write.
  std::optional<std::uint64_t> repeated_by(std::string_view content, const event::Now& now);

 private:
  static constexpr std::size_t event_nesting = 512;  ///< more than any event has

  struct Said {
    event::SteadyTime at;
    std::uint64_t number = 0;
    std::size_t text = 0, words = 0;  ///< hashes
    std::string id, created_at;
    bool back = false;
  };
  struct Known {
    std::uint64_t number = 0;
    std::string created_at;
  };
  void add(Said said);
  std::string words_of(const event::Event& event);
  void forget(event::SteadyTime now);
  void forget_oldest();
  void know(const Said& said);
  void know_no_more(const Said& said);

  JsonText json_{event_nesting};
  JsonParts parts_;
  std::deque<Said> said_;  ///< oldest first
  std::size_t old_ = 0;    ///< how many of them are too old for a copy, and in none of the next two
  std::unordered_map<std::size_t, std::uint64_t> by_text_;  ///< the last one of each text
  std::unordered_map<std::string, Known> by_id_;
};

}  // namespace tributary::connectors
