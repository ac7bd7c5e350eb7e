#pragma once

#include <memory>
#include <string>

#include "event/event.hpp"

namespace tributary::relay {

/// For the tests of Outbox: an event of a lane, that tells its number.
inline event::EventPtr event_of(const std::string& key, int number, event::Kind kind = event::Kind::activity) {
  auto event = std::make_shared<event::Event>();
  event->kind = kind;
  event->text = "{\"n\":" + std::to_string(number) + "}";
  event->json = {0, static_cast<std::uint32_t>(event->text.size())};
  event->key = {event->json.size, static_cast<std::uint32_t>(key.size())};
  event->text += key;
  event->source = "test";
  event->connector = std::make_shared<const std::string>("stage");
  event->sequence = static_cast<std::uint64_t>(number);
  return event;
}

/// A `memory` of which arrivals may fill so many events of `event_of`; what comes then goes to the tail.
inline std::size_t memory_for(std::size_t events) { return events * event_of("a", 1)->bytes() * 4; }

}  // namespace tributary::relay
