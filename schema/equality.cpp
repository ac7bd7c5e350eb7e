#include "schema/equality.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tributary::schema {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;
using Members = std::vector<simdjson::dom::key_value_pair>;

bool is_number(element_type type) {
  return type == element_type::INT64 || type == element_type::UINT64 || type == element_type::DOUBLE;
}

bool equal_numbers(const Document& a_document, element a, const Document& b_document, element b) {
  if (a.type() == element_type::INT64 && b.type() == element_type::INT64) {
    return a.get_int64().value_unsafe() == b.get_int64().value_unsafe();
  }
  if (a.type() == element_type::DOUBLE && b.type() == element_type::DOUBLE) {
    if (!a_document.is_extreme(a) && !b_document.is_extreme(b)) {
      return a.get_double().value_unsafe() == b.get_double().value_unsafe();
    }
  }
  text::Decimal a_room, b_room;
  return a_document.exact(a, a_room) == b_document.exact(b, b_room);
}

// Sorted by name; of a name given twice, the last.
Members sorted_members(simdjson::dom::object object) {
  Members members;
  for (const auto field : object) members.push_back(field);
  const auto by_name = [](const auto& a, const auto& b) { return a.key < b.key; };
  std::stable_sort(members.begin(), members.end(), by_name);
  Members last;
  for (const auto& member : members) {
    if (!last.empty() && last.back().key == member.key) last.pop_back();
    last.push_back(member);
  }
  return last;
}

bool spend(std::uint64_t& steps, std::uint64_t cost) {
  if (steps < cost) {
    steps = 0;
    return false;
  }
  steps -= cost;
  return true;
}

std::size_t mix(std::size_t seed, std::size_t value) {
  return (seed ^ (value + 0x9E3779B97F4A7C15U + (seed << 6U) + (seed >> 2U))) * 0xff51afd7ed558ccdU;
}

// Equal numbers have one hash, however they are written.
std::size_t hash_number(const Document& document, element value) {
  if (value.type() == element_type::INT64) return std::hash<std::int64_t>()(value.get_int64().value_unsafe());
  text::Decimal room;
  const text::Decimal& exact = document.exact(value, room);
  const auto integer = exact.integer();
  return integer ? std::hash<std::int64_t>()(*integer) : std::hash<std::string>()(exact.canonical());
}

std::size_t hash_value(const Document& document, element value, std::uint64_t& steps) {
  const auto kind = static_cast<std::size_t>(value.type());
  if (!spend(steps, 1)) return 0;
  switch (value.type()) {
    case element_type::ARRAY: {
      std::size_t hash = kind;
      for (const element item : items_of(value)) hash = mix(hash, hash_value(document, item, steps));
      return hash;
    }
    case element_type::OBJECT: {
      std::size_t hash = kind;
      for (const auto& member : sorted_members(members_of(value))) {
        hash = mix(mix(hash, std::hash<std::string_view>()(member.key)), hash_value(document, member.value, steps));
      }
      return hash;
    }
    case element_type::STRING:
      return mix(kind, std::hash<std::string_view>()(value.get_string().value_unsafe()));
    case element_type::BOOL:
      return mix(kind, value.get_bool().value_unsafe() ? 1 : 0);
    case element_type::NULL_VALUE:
      return mix(kind, 0);
    default:
      return mix(1, hash_number(document, value));
  }
}

}  // namespace

bool equal_values(const Document& a_document, element a, const Document& b_document, element b, std::uint64_t& steps) {
  if (!spend(steps, 1)) return false;
  if (is_number(a.type()) && is_number(b.type())) return equal_numbers(a_document, a, b_document, b);
  if (a.type() != b.type()) return false;
  switch (a.type()) {
    case element_type::ARRAY: {
      const auto left = items_of(a);
      const auto right = items_of(b);
      auto other = right.begin();
      for (const element item : left) {
        if (!(other != right.end()) || !equal_values(a_document, item, b_document, *other, steps)) return false;
        ++other;
      }
      return !(other != right.end());
    }
    case element_type::OBJECT: {
      const Members left = sorted_members(members_of(a));
      const Members right = sorted_members(members_of(b));
      if (left.size() != right.size()) return false;
      for (std::size_t i = 0; i < left.size(); ++i) {
        if (left[i].key != right[i].key) return false;
        if (!equal_values(a_document, left[i].value, b_document, right[i].value, steps)) return false;
      }
      return true;
    }
    case element_type::STRING:
      return a.get_string().value_unsafe() == b.get_string().value_unsafe();
    case element_type::BOOL:
      return a.get_bool().value_unsafe() == b.get_bool().value_unsafe();
    default:
      return true;  // null
  }
}

bool all_different(const Document& document, simdjson::dom::array items, std::uint64_t& steps) {
  std::vector<std::pair<std::size_t, element>> hashed;
  for (const element item : items) hashed.emplace_back(hash_value(document, item, steps), item);
  std::sort(hashed.begin(), hashed.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (std::size_t i = 0; i < hashed.size(); ++i) {
    for (std::size_t j = i + 1; j < hashed.size() && hashed[j].first == hashed[i].first; ++j) {
      if (equal_values(document, hashed[i].second, document, hashed[j].second, steps)) return false;
      if (steps == 0) return true;
    }
  }
  return true;
}

}  // namespace tributary::schema
