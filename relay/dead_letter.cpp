#include "relay/dead_letter.hpp"

#include "event/id.hpp"
#include "text/base64.hpp"
#include "text/json.hpp"
#include "text/time.hpp"

namespace tributary::relay {
namespace {

void member(std::string& out, std::string_view name, std::string_view text) {
  out += ",\"";
  out += name;
  out += "\":";
  text::append_quoted(out, text);
}

std::string opening(std::string_view reason, const std::vector<schema::Violation>& violations) {
  std::string out = "{\"reason\":";
  text::append_quoted(out, reason);
  out += ",\"violations\":[";
  for (std::size_t i = 0; i < violations.size(); ++i) {
    out += i == 0 ? "{\"path\":" : ",{\"path\":";
    text::append_quoted(out, violations[i].path);
    member(out, "keyword", violations[i].keyword);
    member(out, "message", violations[i].message);
    out += '}';
  }
  out += ']';
  return out;
}

void origin(std::string& out, std::string_view connector, std::string_view source, event::WallTime received) {
  member(out, "connector", connector);
  member(out, "source", source);
  member(out, "receivedAt", text::to_text(received));
}

void append_frame(std::string& out, std::string_view frame) {
  const bool text = text::valid_utf8(frame);
  if (text) {
    member(out, "frame", text::clip(frame, dead_letter_frame_limit));
  } else {
    member(out, "frameBase64", text::base64(frame.substr(0, dead_letter_frame_limit)));
  }
  out += ",\"frameSize\":";
  text::append_number(out, std::uint64_t{frame.size()});
  member(out, "frameSha256", event::sha256_hex(frame));
}

std::unique_ptr<event::DeadLetter> finish(std::string_view reason, std::string value,
                                          std::shared_ptr<const std::string> connector, event::ReceiptPtr receipt,
                                          event::SteadyTime received) {
  value += '}';
  return std::make_unique<event::DeadLetter>(
      event::DeadLetter{reason, std::move(value), std::move(connector), std::move(receipt), received});
}

}  // namespace

std::unique_ptr<event::DeadLetter> letter_of(const event::Malformed& fault, std::string_view source,
                                             std::shared_ptr<const std::string> connector, const event::Now& now) {
  std::string value = opening(fault.reason, {{"", std::string(fault.reason), fault.detail}});
  origin(value, *connector, source, now.wall);
  append_frame(value, fault.frame);
  return finish(fault.reason, std::move(value), std::move(connector), {}, now.steady);
}

std::unique_ptr<event::DeadLetter> letter_of(const event::Event& event,
                                             const std::vector<schema::Violation>& violations) {
  std::string value = opening("invalid", violations);
  origin(value, *event.connector, event.source, event.received);
  value += ",\"event\":";
  value += event.json_text();
  return finish("invalid", std::move(value), event.connector, event.receipt, event.received_steady);
}

std::unique_ptr<event::DeadLetter> letter_of(const event::Event& event, std::string_view reason,
                                             std::string_view code) {
  std::string value = opening(reason, {{"", std::string(reason), std::string(code)}});
  origin(value, *event.connector, event.source, event.received);
  if (event.json.size > dead_letter_frame_limit || reason == "not_json") {
    append_frame(value, event.json_text());
  } else {
    value += ",\"event\":";
    value += event.json_text();
  }
  return finish(reason, std::move(value), event.connector, event.receipt, event.received_steady);
}

}  // namespace tributary::relay
