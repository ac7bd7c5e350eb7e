#include "sinks/kafka/record.hpp"

#include <algorithm>
#include <array>

#include "text/json.hpp"
#include "text/percent.hpp"

namespace tributary::sinks::kafka {
namespace {

using namespace std::chrono_literals;

constexpr auto earliest = 24h;
constexpr auto latest = 5min;

constexpr std::string_view schema_urn = "urn:tributary:schema:event:1";
constexpr std::string_view json_media_type = "application/json";
constexpr std::string_view cloudevents_media_type = "application/cloudevents+json; charset=UTF-8";

constexpr std::size_t batch_header_size = 61;  // from baseOffset to the count of records

/// Bytes of a zigzag varint, as Kafka writes every number inside a record.
std::size_t varint_size(std::size_t value) {
  std::size_t zigzag = value << 1U;
  std::size_t size = 1;
  while (zigzag >= 0x80) zigzag >>= 7U, ++size;
  return size;
}

std::size_t sized(std::string_view text) { return varint_size(text.size()) + text.size(); }

/// Bytes that may be part of a control character: C0, DEL, and the lead byte of C1 in UTF-8.
constexpr std::array<bool, 256> special = [] {
  std::array<bool, 256> table{};
  for (std::size_t byte = 0; byte < 0x20; ++byte) table[byte] = true;
  table[0x7F] = table[0xC2] = true;
  return table;
}();

/// CloudEvents attributes hold no control characters: their bytes are percent-encoded.
std::string_view without_controls(std::string_view text, std::string& scratch) {
  const auto is_special = [](char c) { return special[static_cast<unsigned char>(c)]; };
  if (std::none_of(text.begin(), text.end(), is_special)) return text;
  std::string encoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool c1 = byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (c1) {
      text::append_percent(encoded, text[i]);
      text::append_percent(encoded, text[++i]);
    } else if (byte < 0x20 || byte == 0x7F) {
      text::append_percent(encoded, text[i]);
    } else {
      encoded += text[i];
    }
  }
  scratch = std::move(encoded);
  return scratch;
}

/// Bytes that an attribute cannot take over as they are: also what JSON escapes.
constexpr std::array<bool, 256> peculiar = [] {
  auto table = special;
  table[static_cast<unsigned char>('\\')] = true;
  return table;
}();

std::string_view attribute(std::string_view escaped, std::string& scratch) {
  const auto is_peculiar = [](char c) { return peculiar[static_cast<unsigned char>(c)]; };
  if (std::none_of(escaped.begin(), escaped.end(), is_peculiar)) return escaped;
  return without_controls(unescaped(escaped, scratch), scratch);
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto byte = [&](std::uint32_t value) { out += static_cast<char>(value); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xC0U | (code >> 6U));
    byte(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    byte(0xE0U | (code >> 12U));
    byte(0x80U | ((code >> 6U) & 0x3FU));
    byte(0x80U | (code & 0x3FU));
  } else {
    byte(0xF0U | (code >> 18U));
    byte(0x80U | ((code >> 12U) & 0x3FU));
    byte(0x80U | ((code >> 6U) & 0x3FU));
    byte(0x80U | (code & 0x3FU));
  }
}

std::optional<std::uint32_t> four_hex(std::string_view text) {
  if (text.size() < 4) return std::nullopt;
  std::uint32_t value = 0;
  for (const char c : text.substr(0, 4)) {
    const bool digit = c >= '0' && c <= '9', lower = c >= 'a' && c <= 'f', upper = c >= 'A' && c <= 'F';
    if (!digit && !lower && !upper) return std::nullopt;
    value = value * 16 + static_cast<std::uint32_t>(digit ? c - '0' : lower ? c - 'a' + 10 : c - 'A' + 10);
  }
  return value;
}

/// The code point of a `\u` escape whose digits begin at `at`; moves `at` behind it, and behind its low surrogate.
std::uint32_t code_point(std::string_view text, std::size_t& at) {
  constexpr std::uint32_t replacement = 0xFFFD;
  const auto unit = four_hex(text.substr(std::min(at, text.size())));
  if (!unit) return replacement;
  at += 4;
  if (*unit < 0xD800 || *unit > 0xDFFF) return *unit;
  if (*unit > 0xDBFF || text.substr(at, 2) != "\\u") return replacement;
  const auto low = four_hex(text.substr(at + 2));
  if (!low || *low < 0xDC00 || *low > 0xDFFF) return replacement;
  at += 6;
  return 0x10000U + ((*unit - 0xD800U) << 10U) + (*low - 0xDC00U);
}

void append_json(std::string& out, std::string_view name, std::string_view value) {
  out += ",\"";
  out += name;
  out += "\":";
  text::append_quoted(out, value);
}

}  // namespace

std::size_t Record::batch_size() const {
  // attributes, timestamp delta and offset delta are one byte each for a record alone in its batch
  std::size_t body = 3 + sized(key) + sized(value) + varint_size(header_count);
  for (std::size_t i = 0; i < header_count; ++i) body += sized(headers[i].name) + sized(headers[i].value);
  return batch_header_size + varint_size(body) + body;
}

std::int64_t timestamp_of(event::WallTime created, event::WallTime received, bool& clamped) {
  const auto kept = std::clamp(created, event::WallTime(received - earliest), event::WallTime(received + latest));
  clamped = kept != created;
  return std::max<std::int64_t>(0, kept.time_since_epoch().count());
}

std::string_view unescaped(std::string_view escaped, std::string& scratch) {
  auto backslash = escaped.find('\\');
  if (backslash == std::string_view::npos) return escaped;
  scratch.clear();
  std::size_t at = 0;
  while (backslash != std::string_view::npos && backslash + 1 < escaped.size()) {
    scratch.append(escaped, at, backslash - at);
    const char kind = escaped[backslash + 1];
    at = backslash + 2;
    switch (kind) {
      case 'b':
        scratch += '\b';
        break;
      case 'f':
        scratch += '\f';
        break;
      case 'n':
        scratch += '\n';
        break;
      case 'r':
        scratch += '\r';
        break;
      case 't':
        scratch += '\t';
        break;
      case 'u':
        append_utf8(scratch, code_point(escaped, at));
        break;
      default:
        scratch += kind;
    }
    backslash = escaped.find('\\', at);
  }
  scratch.append(escaped.substr(std::min(at, escaped.size())));
  return scratch;
}

void append_percent_encoded(std::string& out, std::string_view segment) {
  const auto is_reserved = [](char c) { return !text::is_unreserved(c); };
  if (std::none_of(segment.begin(), segment.end(), is_reserved)) {
    out += segment;
    return;
  }
  for (const char c : segment) {
    if (is_reserved(c)) {
      text::append_percent(out, c);
    } else {
      out += c;
    }
  }
}

std::string_view Framer::source_of(const event::Event& event) {
  const auto key = event.key_text();
  // A gap has the key of the channel it speaks of, and another source.
  if (key == last_key_ && event.source == last_source_ && !source_.empty()) return source_;
  last_key_ = key;
  last_source_ = event.source;
  source_ = "/";
  append_percent_encoded(source_, event.source);
  source_ += '/';
  append_percent_encoded(source_, event.upstream_channel_text());
  return source_;
}

void Framer::add_headers(const event::Event& event) {
  type_ = "tributary.";
  std::string plain;
  type_ += attribute(event.type_text(), plain);
  record_.headers = {{{"ce_specversion", "1.0"},
                      {"ce_id", attribute(event.id_text(), id_)},
                      {"ce_source", source_of(event)},
                      {"ce_type", type_},
                      {"ce_time", attribute(event.created_at_text(), time_)},
                      {"ce_dataschema", schema_urn},
                      {"ce_streamelements", event.marked ? "true" : "false"},
                      {"content-type", json_media_type}}};
  record_.header_count = record_.headers.size();
}

/// CloudEvents JSON format: the attributes as members, the event whole at `data`.
void Framer::wrap(const event::Event& event) {
  const auto json = event.json_text();
  envelope_.clear();
  envelope_.reserve(json.size() + 320);
  envelope_ += R"({"specversion":"1.0")";
  append_json(envelope_, "id", attribute(event.id_text(), id_));
  append_json(envelope_, "source", source_of(event));
  std::string plain;
  type_ = "tributary.";
  type_ += attribute(event.type_text(), plain);
  append_json(envelope_, "type", type_);
  append_json(envelope_, "time", attribute(event.created_at_text(), time_));
  append_json(envelope_, "dataschema", schema_urn);
  append_json(envelope_, "datacontenttype", json_media_type);
  envelope_ += R"(,"streamelements":)";
  envelope_ += event.marked ? "true" : "false";
  envelope_ += R"(,"data":)";
  envelope_ += json;
  envelope_ += '}';
  record_.value = envelope_;
  record_.value_is_ours = true;
  record_.headers[0] = {"content-type", cloudevents_media_type};
  record_.header_count = 1;
}

const Record& Framer::frame(const event::Event& event) {
  record_.key = event.key_text();
  record_.value = event.json_text();
  record_.value_is_ours = false;
  record_.header_count = 0;
  record_.timestamp_ms = timestamp_of(event.created, event.received, record_.clamped);
  if (mode_ == CloudEvents::binary) add_headers(event);
  if (mode_ == CloudEvents::structured) wrap(event);
  return record_;
}

const Record& Framer::frame(std::string_view dead_letter, std::string_view connector) {
  record_.key = connector;
  record_.value = dead_letter;
  record_.value_is_ours = false;
  record_.timestamp_ms = 0;
  record_.clamped = false;
  record_.header_count = 0;
  if (mode_ != CloudEvents::off) record_.headers[record_.header_count++] = {"content-type", json_media_type};
  return record_;
}

}  // namespace tributary::sinks::kafka
