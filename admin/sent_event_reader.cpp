#include "admin/sent_event_reader.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "text/printable.hpp"

namespace tributary::admin {
namespace {

std::string member_text(const nlohmann::json& object, const char* member) {
  if (!object.is_object()) return {};
  const auto found = object.find(member);
  if (found == object.end() || found->is_null()) return {};
  return text::printable(found->is_string() ? found->get<std::string>() : found->dump());
}

void append_column(std::string& line, const std::string& text, std::size_t width) {
  std::size_t characters = 0;
  for (const char c : text) characters += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1U : 0U;
  line += text;
  line.append(characters < width ? width - characters : 0, ' ');
  line += "  ";
}

}  // namespace

std::vector<SentEvent> SentEventReader::take(std::string_view piece) {
  std::vector<SentEvent> whole;
  for (const char c : piece) {
    if (c != '\n') {
      line_ += c;
      continue;
    }
    std::string line = std::exchange(line_, {});
    if (line.ends_with('\r')) line.pop_back();
    const auto value = [&](std::string_view field) { return line.starts_with(field) ? line.substr(field.size()) : ""; };
    if (line.empty()) {
      if (!next_.data.empty()) whole.push_back(next_);
      next_ = {};
    } else if (line.starts_with("data: ")) {
      next_.data += (next_.data.empty() ? "" : "\n") + value("data: ");
    } else if (line.starts_with("event: ")) {
      next_.name = value("event: ");
    }
  }
  return whole;
}

std::string tap_line(std::string_view json) {
  const auto event = nlohmann::json::parse(json, nullptr, false);
  if (!event.is_object()) return {};
  const auto relay = event.value("relay", nlohmann::json::object());
  const auto data = event.value("data", nlohmann::json::object());
  const std::string received = member_text(relay, "receivedAt");
  std::string line = (received.size() >= 23 ? received.substr(11, 12) : received) + "  ";
  append_column(line, member_text(relay, "connector"), 12);
  append_column(line, member_text(event, "type"), 18);
  const std::string name = member_text(data, "displayName");
  append_column(line, name.empty() ? member_text(data, "username") : name, 18);
  std::string amount = member_text(data, "amount");
  if (const auto currency = member_text(data, "currency"); !currency.empty()) amount += " " + currency;
  append_column(line, amount, 10);
  line += member_text(data, "message");
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

}  // namespace tributary::admin
