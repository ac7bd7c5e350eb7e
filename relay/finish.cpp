#include "relay/finish.hpp"

#include "event/assert.hpp"
#include "event/id.hpp"
#include "text/json.hpp"
#include "text/time.hpp"

namespace tributary::relay {
namespace {

constexpr std::size_t padding = 64;  ///< what simdjson may read behind a document

std::string unique_id(std::string_view source, const Finish& finish) {
  return event::derived_id(
      {source, *finish.connector, finish.run, std::to_string(finish.connection), std::to_string(finish.sequence)});
}

void close(std::string& text, const Finish& finish, bool test, bool backfilled) {
  if (test) text += ",\"test\":true";
  if (finish.update) text += ",\"update\":true";
  if (backfilled) text += ",\"backfilled\":true";
  text += ",\"run\":\"";
  text += finish.run;
  text += "\",\"sequence\":";
  text::append_number(text, finish.sequence);
  text += "}}";
}

event::Slice append(std::string& text, std::string_view part) {
  const event::Slice slice{static_cast<std::uint32_t>(text.size()), static_cast<std::uint32_t>(part.size())};
  text += part;
  return slice;
}

/// Key and upstream channel, written behind the JSON.
void append_key(event::Event& event, std::string_view source, std::string_view channel, std::string_view suffix) {
  event.key.offset = append(event.text, source).offset;
  event.text += ':';
  event.upstream_channel = append(event.text, channel);
  if (!suffix.empty()) {
    event.text += ':';
    event.text += suffix;
  }
  event.key.size = static_cast<std::uint32_t>(event.text.size()) - event.key.offset;
  event.text.reserve(event.text.size() + padding);
}

void stamp(event::Event& event, const Finish& finish) {
  event.connector = finish.connector;
  event.received = finish.now.wall;
  event.received_steady = finish.now.steady;
  event.sequence = finish.sequence;
  event.update = finish.update;
}

}  // namespace

std::shared_ptr<event::Event> finish(event::Draft&& draft, const Finish& finish) {
  auto event = std::make_shared<event::Event>();
  event->text = std::move(draft.text);
  if (!draft.identified) {
    TRIBUTARY_ASSERT(draft.id.size == 24);
    event->text.replace(draft.id.offset, 24, unique_id(draft.source, finish));
  }
  close(event->text, finish, draft.test, draft.backfilled);
  event->json = {0, static_cast<std::uint32_t>(event->text.size())};
  append_key(*event, draft.source, draft.upstream_channel, draft.key_suffix);
  event->kind = draft.kind;
  event->test = draft.test;
  event->foreign_mark = draft.foreign_mark;
  event->hops = draft.hops;
  event->id = draft.id;
  event->type = draft.type;
  event->provider = draft.provider;
  event->created_at = draft.created_at;
  event->source = draft.source;
  event->created = draft.created;
  event->receipt = std::move(draft.receipt);
  stamp(*event, finish);
  return event;
}

std::shared_ptr<event::Event> finish(const event::Notice& notice, const Finish& finish) {
  static constexpr std::string_view source = "tributary";
  const std::string_view channel = notice.channel.empty() ? std::string_view(*finish.connector) : notice.channel;
  const std::string_view key_source = notice.channel_source.empty() ? source : notice.channel_source;
  auto event = std::make_shared<event::Event>();
  std::string& text = event->text;
  text = "{\"_id\":\"";
  event->id = append(text, unique_id(source, finish));
  text += "\",\"channel\":\"";
  text += event::derived_id({source, channel});
  text += "\",\"type\":\"";
  event->type = append(text, notice.type);
  text += "\",\"provider\":\"";
  event->provider = append(text, source);
  text += "\",\"flagged\":false,\"data\":";
  text += notice.data_json;
  text += ",\"createdAt\":\"";
  const std::string at = text::to_text(finish.now.wall);
  event->created_at = append(text, at);
  text += "\",\"updatedAt\":\"" + at + "\",\"relay\":{\"connector\":";
  text::append_quoted(text, *finish.connector);
  text += ",\"source\":\"tributary\",\"upstreamType\":\"";
  text += notice.type;
  text += "\",\"upstreamChannel\":";
  text::append_quoted(text, channel);
  text += ",\"receivedAt\":\"" + at + "\"";
  close(text, finish, false, false);
  event->json = {0, static_cast<std::uint32_t>(text.size())};
  append_key(*event, key_source, channel, {});
  event->kind = event::Kind::notice;
  event->source = source;
  event->created = finish.now.wall;
  stamp(*event, finish);
  return event;
}

}  // namespace tributary::relay
