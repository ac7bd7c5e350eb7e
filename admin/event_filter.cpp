#include "admin/event_filter.hpp"

#include <algorithm>
#include <charconv>

#include "text/spelling.hpp"

namespace tributary::admin {
namespace {

void append_words(std::vector<std::string>& words, std::string_view list) {
  while (!list.empty()) {
    const auto end = std::min(list.find(','), list.size());
    if (end != 0) words.emplace_back(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
}

bool holds(const std::vector<std::string>& words, std::string_view word) {
  return words.empty() || std::find(words.begin(), words.end(), word) != words.end();
}

bool read_limit(std::string_view text, std::uint64_t& limit) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

bool EventFilter::takes(const event::Event& event) const {
  if (test && *test != event.test) return false;
  return holds(types, event.type_text()) &&
         (connectors.empty() || (event.connector && holds(connectors, *event.connector)));
}

std::optional<EventFilter> event_filter(const std::vector<std::pair<std::string, std::string>>& query,
                                        std::string& fault) {
  constexpr std::string_view known[] = {"type", "connector", "test", "limit"};
  EventFilter filter;
  for (const auto& [name, value] : query) {
    if (value.empty()) {
      fault = name + ": expected a value, found nothing";
      return {};
    }
    if (name == "type") {
      append_words(filter.types, value);
    } else if (name == "connector") {
      append_words(filter.connectors, value);
    } else if (name == "test") {
      if (value != "true" && value != "false") {
        fault = "test: expected true or false, found " + text::quote(value);
        return {};
      }
      filter.test = value == "true";
    } else if (name == "limit") {
      if (!read_limit(value, filter.limit) || filter.limit == 0) {
        fault = "limit: expected a whole number above 0, found " + text::quote(value);
        return {};
      }
    } else {
      fault = "nothing is known of " + text::quote(name) + text::suggestion(name, known) +
              "; /events takes type, connector, test, limit";
      return {};
    }
  }
  return filter;
}

}  // namespace tributary::admin
