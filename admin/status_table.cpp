#include "admin/status_table.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "text/printable.hpp"

namespace tributary::admin {
namespace {

using Value = nlohmann::json;

constexpr std::string_view no_value = "-";
constexpr std::size_t widest_cell = 36;

enum class Colour { plain, good, bad, pending, faint, bold };

std::string_view code_of(Colour colour) {
  switch (colour) {
    case Colour::good:
      return "\x1b[32m";
    case Colour::bad:
      return "\x1b[31m";
    case Colour::pending:
      return "\x1b[33m";
    case Colour::faint:
      return "\x1b[2m";
    case Colour::bold:
      return "\x1b[1m";
    case Colour::plain:
      break;
  }
  return "";
}

struct Cell {
  std::string text;
  Colour colour = Colour::plain;
};

// What may stand at `member`; the status may be of another version.
const Value& at(const Value& json, const char* member) {
  static const Value null;
  if (!json.is_object()) return null;
  const auto place = json.find(member);
  return place == json.end() ? null : *place;
}

std::string text_at(const Value& json, const char* member) {
  const Value& found = at(json, member);
  return found.is_string() && !found.get_ref<const std::string&>().empty() ? text::printable(found.get<std::string>())
                                                                           : std::string(no_value);
}

double number_at(const Value& json, const char* member) {
  const Value& found = at(json, member);
  return found.is_number() ? found.get<double>() : 0;
}

bool true_at(const Value& json, const char* member) {
  const Value& found = at(json, member);
  return found.is_boolean() && found.get<bool>();
}

std::string count_at(const Value& json, const char* member) {
  const Value& found = at(json, member);
  return found.is_number_unsigned() ? std::to_string(found.get<std::uint64_t>()) : std::string(no_value);
}

std::string age_at(const Value& json, const char* member) {
  const Value& found = at(json, member);
  return found.is_number() ? age_text(found.get<double>()) : std::string(no_value);
}

std::string with_digits(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

std::string rate_text(double rate) { return with_digits(rate, rate < 10 ? 1 : 0) + "/s"; }

/// Characters, which are columns for all but the wide ones of East Asia.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string cut(std::string_view text, std::size_t width) {
  if (width_of(text) <= width) return std::string(text);
  std::string out;
  for (std::size_t taken = 0; taken + 1 < width && !text.empty(); ++taken) {
    const auto bytes = std::max<std::size_t>(1, text::first_character(text).bytes);
    out += text.substr(0, bytes);
    text.remove_prefix(bytes);
  }
  return out + "…";
}

class Table {
 public:
  explicit Table(const TableLook& look) : look_(look) {}

  void line(const std::string& text, Colour colour = Colour::plain) {
    append(cut(text, look_.columns), colour);
    out_ += '\n';
  }
  void rows(const std::vector<std::vector<Cell>>& rows) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows) {
      widths.resize(std::max(widths.size(), row.size()));
      for (std::size_t i = 0; i < row.size(); ++i) {
        widths[i] = std::max(widths[i], std::min(widest_cell, width_of(row[i].text)));
      }
    }
    for (const auto& row : rows) add_row(row, widths);
  }
  std::string take() { return std::move(out_); }

 private:
  void add_row(const std::vector<Cell>& row, const std::vector<std::size_t>& widths) {
    std::size_t column = 0;
    for (std::size_t i = 0; i < row.size() && column < look_.columns; ++i) {
      const std::string text = cut(row[i].text, std::min(widths[i], look_.columns - column));
      append(text, row[i].colour);
      column += width_of(text);
      if (i + 1 == row.size()) break;
      const auto blanks = std::min(widths[i] - std::min(widths[i], width_of(text)) + 2, look_.columns - column);
      out_.append(blanks, ' ');
      column += blanks;
    }
    while (!out_.empty() && out_.back() == ' ') out_.pop_back();
    out_ += '\n';
  }
  void append(const std::string& text, Colour colour) {
    const bool coloured = look_.colours && colour != Colour::plain && !text.empty();
    if (coloured) out_ += code_of(colour);
    out_ += text;
    if (coloured) out_ += "\x1b[0m";
  }

  TableLook look_;
  std::string out_;
};

Colour colour_of(std::string_view state) {
  if (state == "live" || state == "ok") return Colour::good;
  if (state == "dialing" || state == "handshaking" || state == "draining" || state == "idle") return Colour::pending;
  return Colour::bad;
}

std::vector<Cell> titles(std::initializer_list<const char*> names) {
  std::vector<Cell> row;
  for (const auto* name : names) row.push_back({name, Colour::faint});
  return row;
}

std::vector<Cell> connector_row(const Value& one) {
  const std::string state = text_at(one, "state");
  return {
      {text_at(one, "name"), Colour::bold},
      {text_at(one, "type")},
      {true_at(one, "paused") ? state + ", paused" : state, true_at(one, "paused") ? Colour::bad : colour_of(state)},
      {text_at(one, "reason")},
      {age_at(one, "last_event_age")},
      {rate_text(number_at(one, "events_per_second"))},
      {count_at(at(one, "ledger"), "events")}};
}

std::string spool_text(const Value& one) {
  const Value& spool = at(one, "spool");
  return spool.is_object() ? size_text(number_at(spool, "bytes")) + " of " + size_text(number_at(spool, "size"))
                           : std::string(no_value);
}

std::vector<Cell> sink_row(const Value& one) {
  const std::string state = text_at(one, "state");
  const Value& ledger = at(one, "ledger");
  const bool sends = at(one, "connector").is_string() || number_at(ledger, "sent") > 0;
  const double lost = number_at(one, "lost");
  return {{text_at(one, "name"), Colour::bold},
          {text_at(one, "type")},
          {state, colour_of(state)},
          {sends && number_at(ledger, "delivered") == 0 ? count_at(ledger, "sent") + " sent"
                                                        : count_at(ledger, "delivered")},
          {count_at(one, "waiting")},
          {age_at(one, "oldest_age")},
          {size_text(number_at(one, "held")) + " of " + size_text(number_at(one, "memory"))},
          {spool_text(one)},
          {lost > 0 ? count_at(one, "lost") : "0", lost > 0 ? Colour::bad : Colour::plain}};
}

void add_troubles(Table& table, const Value& troubles) {
  for (const auto& one : troubles) {
    const std::string who = at(one, "name").is_string() ? text_at(one, "name") : "tributary";
    table.line("! " + who + ": " + text_at(one, "reason") + ": " + text_at(one, "words"), Colour::bad);
  }
}

}  // namespace

std::string age_text(double seconds) {
  struct Unit {
    double length;
    const char* name;
  };
  constexpr Unit units[] = {{86'400, " d"}, {3'600, " h"}, {60, " min"}};
  for (const auto& unit : units) {
    if (seconds >= unit.length * 2) return with_digits(std::floor(seconds / unit.length), 0) + unit.name;
  }
  if (seconds >= 1) return with_digits(std::floor(seconds), 0) + " s";
  return with_digits(std::max(0.0, seconds * 1000), 0) + " ms";
}

std::string size_text(double bytes) {
  constexpr const char* units[] = {" B", " KiB", " MiB", " GiB"};
  std::size_t unit = 0;
  while (bytes >= 1024 && unit < 3) bytes /= 1024, ++unit;
  const bool whole = unit == 0 || bytes >= 10 || bytes == std::floor(bytes);
  return with_digits(bytes, whole ? 0 : 1) + units[unit];
}

std::optional<StatusTable> status_table(std::string_view status_json, const TableLook& look) {
  const auto json = Value::parse(status_json, nullptr, false);
  if (!json.is_object() || !at(json, "level").is_string()) return {};
  const std::string level = text_at(json, "level");
  Table table(look);
  table.line(text_at(json, "headline"), level == "well"      ? Colour::good
                                        : level == "trouble" ? Colour::bad
                                                             : Colour::pending);
  add_troubles(table, at(json, "troubles"));
  table.line("tributary " + text_at(json, "version") + ", up " + age_at(json, "uptime") + ", run " +
                 text_at(json, "run") + ", " + text_at(json, "file"),
             Colour::faint);
  if (const Value& all = at(json, "connectors"); all.is_array() && !all.empty()) {
    std::vector<std::vector<Cell>> rows{
        titles({"UPSTREAM", "TYPE", "STATE", "REASON", "LAST EVENT", "RATE", "EVENTS"})};
    for (const auto& one : all) rows.push_back(connector_row(one));
    table.line("");
    table.rows(rows);
  }
  if (const Value& all = at(json, "sinks"); all.is_array() && !all.empty()) {
    std::vector<std::vector<Cell>> rows{
        titles({"SINK", "TYPE", "STATE", "DELIVERED", "WAITING", "OLDEST", "MEMORY", "SPOOL", "LOST"})};
    for (const auto& one : all) rows.push_back(sink_row(one));
    table.line("");
    table.rows(rows);
  }
  return StatusTable{table.take(), level != "trouble"};
}

}  // namespace tributary::admin
