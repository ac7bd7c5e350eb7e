#include "expression/fields.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "text/spelling.hpp"

namespace tributary::expression {
namespace {

struct Known {
  std::string_view name;
  Holds holds;
};

constexpr std::array<Known, 14> top_level{{{"_id", Holds::text},
                                           {"channel", Holds::text},
                                           {"type", Holds::text},
                                           {"provider", Holds::text},
                                           {"flagged", Holds::truth},
                                           {"data", Holds::anything},
                                           {"createdAt", Holds::text},
                                           {"updatedAt", Holds::text},
                                           {"activityId", Holds::anything},
                                           {"activityGroup", Holds::anything},
                                           {"expiresAt", Holds::anything},
                                           {"sessionEventsCount", Holds::anything},
                                           {"isMock", Holds::anything},
                                           {"relay", Holds::anything}}};

constexpr std::array<Known, 15> of_relay{{{"connector", Holds::text},
                                          {"source", Holds::text},
                                          {"upstreamType", Holds::text},
                                          {"upstreamId", Holds::text},
                                          {"upstreamChannel", Holds::text},
                                          {"receivedAt", Holds::text},
                                          {"ts", Holds::anything},
                                          {"nonce", Holds::anything},
                                          {"run", Holds::text},
                                          {"sequence", Holds::number},
                                          {"test", Holds::truth},
                                          {"update", Holds::truth},
                                          {"backfilled", Holds::truth},
                                          {"origin", Holds::text},
                                          {"hops", Holds::number}}};

/// What `data` of most events has: so many forget the `data.` before it.
constexpr std::array<std::string_view, 15> of_data{"username", "displayName", "amount",     "message", "items",
                                                   "avatar",   "currency",    "tier",       "gifted",  "sender",
                                                   "streak",   "quantity",    "redemption", "details", "upstream"};

constexpr std::array<std::string_view, 3> flags{"test", "update", "backfilled"};

bool is_flag(std::string_view name) { return std::find(flags.begin(), flags.end(), name) != flags.end(); }

template <std::size_t Count>
const Known* known(const std::array<Known, Count>& all, std::string_view name) {
  const auto found = std::find_if(all.begin(), all.end(), [name](const Known& one) { return one.name == name; });
  return found == all.end() ? nullptr : &*found;
}

template <std::size_t Count>
std::string near(const std::array<Known, Count>& all, std::string_view name, bool with_flags) {
  std::vector<std::string_view> names;
  names.reserve(all.size() + flags.size());
  for (const Known& one : all) names.push_back(one.name);
  if (with_flags) names.insert(names.end(), flags.begin(), flags.end());
  return text::suggestion(name, names);
}

std::string meant(const std::string& name) {
  if (std::find(of_data.begin(), of_data.end(), name) != of_data.end()) {
    return "; did you mean " + text::quote("data." + name) + "?";
  }
  const auto hint = near(top_level, name, true);
  return hint.empty() ? "; fields of its data are data.NAME, and a text stands in quotes" : hint;
}

std::string no_fields(std::string_view name) {
  return text::quote(name) + " is a single value without fields of its own";
}

}  // namespace

void complete(Path& path) {
  if (path.steps.size() == 1 && is_flag(path.steps.front().name)) path.steps.insert(path.steps.begin(), {"relay"});
  const auto& first = path.steps.front().name;
  if (path.steps.size() > 1 && first == "data") path.begin = Path::Begin::data;
  if (path.steps.size() > 1 && first == "relay") path.begin = Path::Begin::relay;
  path.flag = path.steps.size() == 2 && path.begin == Path::Begin::relay && is_flag(path.steps.back().name);
  for (Step& step : path.steps) step.likeness = likeness_of(step.name);
}

std::string fault_of(const Path& path) {
  const auto& name = path.steps.front().name;
  const Known* const top = known(top_level, name);
  if (top == nullptr && is_flag(name)) return no_fields(name);
  if (top == nullptr) return "no event has a field " + text::quote(name) + meant(name);
  if (name == "data" || name == "relay") {
    if (path.steps.size() == 1)
      return text::quote(name) + " is an object; expected one of its fields, " + name + ".NAME";
  } else if (path.steps.size() > 1 && top->holds != Holds::anything) {
    return no_fields(name);
  }
  if (name != "relay") return "";
  const auto& second = path.steps[1].name;
  if (known(of_relay, second) == nullptr) {
    return "`relay` has no field " + text::quote(second) + near(of_relay, second, false);
  }
  return path.steps.size() > 2 ? no_fields("relay." + second) : "";
}

Holds known_kind(const Path& path) {
  const auto& name = path.steps.front().name;
  if (path.steps.size() == 2 && name == "relay") {
    const Known* const one = known(of_relay, path.steps[1].name);
    return one == nullptr ? Holds::anything : one->holds;
  }
  const Known* const one = path.steps.size() == 1 ? known(top_level, name) : nullptr;
  return one == nullptr ? Holds::anything : one->holds;
}

}  // namespace tributary::expression
