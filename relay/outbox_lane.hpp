#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "relay/outbox.hpp"

// What an Outbox is made of; only its own source files look at this.

namespace tributary::relay {

struct Outbox::Item {
  enum class State : std::uint8_t { waiting, in_flight, done };
  event::EventPtr event;
  std::shared_ptr<const event::DeadLetter> letter;
  Lane* lane = nullptr;
  Item* next = nullptr;
  std::uint64_t number = 0;  ///< in the order of arrival at this outbox; the token on the wire
  std::size_t bytes = 0;
  State state = State::waiting;
  bool tried = false;        ///< has been sent at least once
  bool notice = false;       ///< the relay's own event: beside the book
  bool send_alone = false;   ///< in a batch that was refused for one of its records
  bool on_tail = false;      ///< lies on the lane's tail as well
  bool read_back = false;    ///< has been on the tail alone
  std::uint64_t ticket = 0;  ///< of its append in this outbox's life; 0: before
  bool gone = false;         ///< finished otherwise: leaves the lane without being delivered
};

struct Outbox::Lane {
  enum class State : std::uint8_t {
    open,
    draining,  ///< a record failed: nothing is sent until all reports are in
    waiting,   ///< goes on at `until`
  };
  Stream* stream = nullptr;
  std::string key;
  Item* head = nullptr;
  Item* tail = nullptr;
  Item* cursor = nullptr;  ///< the first one not yet sent, in this pass
  std::size_t in_flight = 0;
  std::size_t bytes = 0;             ///< of its items
  std::uint64_t spooled = 0;         ///< records that lie on the tail alone, all of them behind its items,
  std::uint64_t spooled_from = 0;    ///< with this number and greater ones
  std::uint64_t spooled_ticket = 0;  ///< the last append of these
  std::uint64_t read_ticket = 0;     ///< the last append when the tail was asked
  std::size_t reading = 0;           ///< bytes asked of the tail
  bool wanting = false;              ///< in wanting_
  bool uncommitted = false;          ///< in uncommitted_
  std::size_t to_send_alone = 0;     ///< among its items
  std::uint64_t generation = 0;      ///< of the wire that delivered its last record, sent together with others,
  event::SteadyTime delivered{};     ///< at this time
  State state = State::open;
  event::Verdict worst = event::Verdict::purged;
  std::string_view code;
  event::SteadyTime until{};
  unsigned attempt = 0;
  bool ready = false;   ///< in ready_
  bool queued = false;  ///< in its stream's queue
  bool parked = false;
};

struct Outbox::Stream {
  std::string name;
  std::unordered_map<std::string_view, std::unique_ptr<Lane>> lanes;
  Lane* last_lane = nullptr;
  const Item* alone = nullptr;     ///< what is under way alone
  std::vector<Lane*> queue;        ///< lanes that wait for it
  unsigned refused_batches = 0;    ///< batches refused, less what has passed since
  std::uint64_t last_refused = 0;  ///< the generation in which the last one was refused
  std::size_t parked = 0;          ///< of its lanes
  std::string_view told;           ///< as what it was told to be parked; "": not told
  event::SteadyTime parked_since{};
  event::SteadyTime tell_at{};
  std::optional<event::SteadyTime> refused_at_stop;  ///< for the first time since the stop
};

/// So many batches refused with hardly anything delivered between, and a stream goes one by one: each of them costs the
/// whole wire a rebuild.
constexpr unsigned most_refused_batches = 3;

}  // namespace tributary::relay
