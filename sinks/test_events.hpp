#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "event/event.hpp"

namespace tributary::sinks {

/// An event as the relay would finish it, for tests: every part stands in `text` at its slice.
struct EventParts {
  event::Kind kind = event::Kind::activity;
  std::string_view id = "5f1c3d6b9a1b2c3d4e5f6a7b";
  std::string_view type = "tip";
  std::string_view provider = "twitch";
  std::string_view created_at = "2026-10-01T12:34:56.789Z";
  std::string_view source = "streamelements";
  std::string_view channel = "5eb8a1f0c2d3e4f5a6b7c8d9";
  std::string_view key_suffix = {};
  std::string_view connector = "main-stage";
  event::WallTime created{std::chrono::milliseconds(1'790'858'096'789)};
  event::WallTime received{std::chrono::milliseconds(1'790'858'096'912)};
  bool marked = true;
  std::string padding = {};  ///< more bytes for `data`
};

inline event::EventPtr make_event(const EventParts& parts = {}) {
  auto event = std::make_shared<event::Event>();
  std::string& text = event->text;
  const auto put = [&](std::string_view value) {
    const event::Slice slice{static_cast<std::uint32_t>(text.size()), static_cast<std::uint32_t>(value.size())};
    text += value;
    return slice;
  };
  put(R"({"_id":")");
  event->id = put(parts.id);
  put(R"(","type":")");
  event->type = put(parts.type);
  put(R"(","provider":")");
  event->provider = put(parts.provider);
  put(R"(","data":")");
  put(parts.padding);
  put(R"(","createdAt":")");
  event->created_at = put(parts.created_at);
  put(R"("})");
  event->json = {0, static_cast<std::uint32_t>(text.size())};
  std::string key = std::string(parts.source) + ":" + std::string(parts.channel);
  if (!parts.key_suffix.empty()) key += ":" + std::string(parts.key_suffix);
  event->key = put(key);
  event->upstream_channel = {event->key.offset + static_cast<std::uint32_t>(parts.source.size() + 1),
                             static_cast<std::uint32_t>(parts.channel.size())};
  event->kind = parts.kind;
  event->source = parts.source;
  event->connector = std::make_shared<const std::string>(parts.connector);
  event->created = parts.created;
  event->received = parts.received;
  event->marked = parts.marked;
  return event;
}

}  // namespace tributary::sinks
