#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "connectors/json/json_text.hpp"
#include "event/event.hpp"

namespace tributary::connectors {

/// Writes canonical events for an upstream whose ids are derived: all but StreamElements. Between `begin` and `finish`
/// the facts are put one by one, under their canonical name or into `data.details`; what the six StreamElements types
/// promise and nobody put is filled at the end, by the rules of the event's contract. Values are copied as they are
/// written, so decimals and 19 digits survive.
/// Owner: one Codec. Thread: its owner's. Failure: none. Values must come from a JsonText that has been read and
/// compacted.
class DraftWriter {
 public:
  /// What an event is; plain texts, not escaped.
  struct Head {
    std::string_view type;              ///< canonical
    std::string_view upstream_type;     ///< the upstream's own word; "" when it has none
    std::string_view upstream_channel;  ///< never a secret
    std::string_view upstream_id = {};  ///< "": it has none, and the relay makes the id
  };

  /// `source` and `provider`: static storage.
  DraftWriter(std::string_view source, std::string_view provider, std::string_view connector);

  /// Of one event at a time; `draft` must live until `finish`.
  void begin(const Head& head, event::Draft& draft);

  // `data.<name>`; each name once.
  void put(std::string_view name, const Value& value);
  /// A string as it is; a number becomes its text; anything else stays in the details. Absent: nothing.
  void put_text(std::string_view name, const Value& value);
  void put_text(std::string_view name, std::string_view plain);
  /// A number or a string of one as that number; another string becomes 0 and stays in the details, as what is neither
  /// does. Absent: nothing.
  void put_number(std::string_view name, const Value& value);
  void put_number(std::string_view name, std::uint64_t number);
  void put_flag(std::string_view name, bool flag);
  /// JSON text of our own making.
  void put_json(std::string_view name, std::string_view json);

  /// `data.details.<name>`: an upstream field without a canonical name. A name that is taken becomes `upstream.<name>`.
  /// `name` as a JsonText gives keys.
  void detail(std::string_view name, const Value& value);

  /// `created`: the upstream's time, if it has one that is plausible (see time_of).
  void finish(std::optional<event::WallTime> created, const event::Now& now);

 private:
  struct Detail {
    std::string name;
    std::string_view text;
  };
  bool has_detail(std::string_view name) const;
  void key(std::string_view name);
  void note(std::string_view name);
  void fill();
  const std::string& channel_id(std::string_view upstream_channel);

  static constexpr std::size_t channels_kept = 1024;
  static constexpr std::size_t looked_through = 32;

  std::string_view source_, provider_;
  std::string relay_begin_;  ///< `"relay":{"connector":"…","source":"…","upstreamType":`
  std::unordered_map<std::string, std::string> channel_ids_;
  event::Draft* draft_ = nullptr;
  std::string relay_middle_;  ///< upstreamType, upstreamId and upstreamChannel of the event being written
  std::deque<Detail> details_;
  std::unordered_set<std::string_view> detail_names_;  ///< of many details; few are looked through
  bool six_ = false;
  bool filling_ = false;
  bool first_ = true;
  std::array<bool, 6> put_{};  ///< which of the promised fields are there
  std::string username_;       ///< as put: JSON, for a displayName that is missing
};

}  // namespace tributary::connectors
