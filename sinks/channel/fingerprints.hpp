#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "event/channel.hpp"
#include "event/event.hpp"

namespace tributary::sinks::channel {

/// What one sink said, and what others said on its channel, within the last `window`: so that content that carries no
/// mark does not go round. An event has come round when
///  - its data holds the `_id` and the `createdAt` of an event that this sink said (whatever the format; an id alone
///    may name a file or be written by anybody), or
///  - its data holds a text that this sink said: made by its template, somewhere in a string; passed on word for word
///    from an event, as a whole string; or
///  - somebody else has already said on the channel the very text that it would be, or an event with its `_id`.
/// An event that somebody paid for (`data.amount` is not 0) never has: nobody can pay by speaking, so two equal thanks
/// for two tips are both said. What people say in a chat is said once in `window`, word for word. Pure. Owned by
/// Outlet. Thread: the io thread of its connector.
class Fingerprints {
 public:
  static constexpr std::chrono::milliseconds window{10'000};
  static constexpr std::size_t most_said = 1'024;   ///< messages; then the oldest is forgotten
  static constexpr std::size_t most_heard = 8'192;  ///< strings, likewise

  /// This message goes out.
  void said(const event::Message& message, event::SteadyTime now);
  /// It did not, after all.
  void unsaid(std::uint64_t number);
  /// An event that somebody else said on the channel; `json` may lack its end.
  void heard(std::string_view json, event::SteadyTime now);

  struct Round {
    /// Of the message that certainly came back; none: it may be that two people said the same.
    std::optional<std::uint64_t> number;
  };
  /// Has what this message would say come round?
  std::optional<Round> came_round(const event::Message& message, event::SteadyTime now);

 private:
  struct Said {
    std::uint64_t number;
    event::SteadyTime at;
    std::string id, created_at;
    std::string text;     ///< of Form::text; else empty
    bool passed = false;  ///< the text stands in its event as it is
    bool returns_in(std::string_view text_of_event) const;
  };
  struct Heard {
    event::SteadyTime at;
    std::size_t hash;
  };
  void forget(event::SteadyTime now);
  bool was_heard(std::string_view text) const;

  std::deque<Said> said_;
  std::deque<Heard> heard_;
  std::unordered_map<std::size_t, unsigned> hashes_;  ///< how often each is in `heard_`
};

}  // namespace tributary::sinks::channel
