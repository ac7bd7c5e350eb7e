#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "connectors/json/json_text.hpp"

// An activity taken apart: which of its members have a meaning, and whether their values fit it. Views into the
// JsonText it was read from. Thread: any.

namespace tributary::connectors::streamelements {

/// The members of an activity that have a meaning of their own at its top level.
struct ActivityHead {
  Value id, activity_id, channel, type, provider, flagged, created_at, updated_at;
  Value expires_at, activity_group, session_events_count, is_mock;
  Value data, event, listener;
  std::vector<const Member*> others;

  void read(const Object& activity);
};

/// The fields of `data` that are looked at. The first six are filled for the six types, in this order.
enum DataField : std::uint8_t {
  username,
  display_name,
  amount,
  message,
  items,
  avatar,
  tip_id,
  data_id,
  given_name,
  details,
  field_count
};
inline constexpr std::array<std::string_view, field_count> field_names = {
    "username", "displayName", "amount", "message", "items", "avatar", "tipId", "_id", "name", "details"};

/// How a value stands to the place it was sent for.
enum class Fit : std::uint8_t { as_sent, as_text, as_number, misfit, missing };

/// What `data` says in those fields.
struct DataFields {
  std::array<Value, field_count> values;
  std::array<Fit, field_count> fits{};
  bool rename = false;   ///< `name` is the username
  bool changed = false;  ///< some member cannot be copied as sent

  /// `six`: of a type whose fields are promised. `test`: `name` stands for a missing username.
  void read(const Object& data, bool six, bool test);
  DataField field_of(std::string_view key) const;
  bool fits_in(DataField field) const { return values[field] && fits[field] < Fit::misfit; }
};

/// A string with something in it.
inline bool has_text(const Value& value) { return value.is_string() && value.text.size() > 2; }

}  // namespace tributary::connectors::streamelements
