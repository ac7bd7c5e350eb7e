#include "spool/known_id.hpp"

#include <array>
#include <charconv>
#include <string>

#include "event/id.hpp"
#include "text/time.hpp"

namespace tributary::spool {
namespace {

/// Behind the string that begins here with its quote.
std::size_t behind_string(std::string_view json, std::size_t at) {
  for (++at; at < json.size() && json[at] != '"'; ++at) {
    if (json[at] == '\\') ++at;
  }
  return std::min(at + 1, json.size());
}

bool read_key(std::string_view hex, std::array<std::uint32_t, 3>& key) {
  if (hex.size() != 24) return false;
  for (const char c : hex) {
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
  }
  for (std::size_t word = 0; word < key.size(); ++word) {
    std::from_chars(hex.data() + word * 8, hex.data() + word * 8 + 8, key[word], 16);
  }
  return true;
}

std::string_view unquoted(std::string_view text) {
  return text.size() >= 2 && text.front() == '"' ? text.substr(1, text.size() - 2) : std::string_view();
}

}  // namespace

std::string_view member_of(std::string_view json, std::string_view name) {
  int depth = 0;
  bool named = false;  // the member that is looked for comes next
  std::size_t value = 0;
  for (std::size_t at = 0; at < json.size();) {
    const char c = json[at];
    if (c == '"') {
      const auto end = behind_string(json, at);
      const bool is_name = depth == 1 && !named && end < json.size() && json[end] == ':';
      if (is_name && json.substr(at + 1, end - at - 2) == name) named = true, value = end + 1;
      at = end;
      continue;
    }
    if (named && depth == 1 && (c == ',' || c == '}')) return json.substr(value, at - value);
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    ++at;
  }
  return {};
}

std::optional<SpooledId> id_of(std::string_view row, ConnectorNames& names) {
  const auto decoded = decode(row, names, {});
  const auto* good = std::get_if<Row>(&decoded);
  if (good == nullptr || good->record.event == nullptr) return std::nullopt;
  const auto& event = *good->record.event;
  if (event.kind == event::Kind::notice || event.test) return std::nullopt;
  SpooledId id{*event.connector, {}};
  if (!read_key(event.id_text(), id.id.key)) read_key(event::derived_id({"id", event.id_text()}), id.id.key);
  id.id.flagged = member_of(event.json_text(), "flagged") == "true";
  id.id.updated = text::parse_time(unquoted(member_of(event.json_text(), "updatedAt")));
  id.id.seen = event.received;
  return id;
}

}  // namespace tributary::spool
