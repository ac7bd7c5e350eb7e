#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "event/event.hpp"

namespace tributary::connectors {

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
  /// They would: the same question, and nothing is used up by it.
  bool awaits(std::string_view channel, std::string_view words, event::SteadyTime now) const;
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
