#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "connectors/json/json_text.hpp"
#include "connectors/streamelements/activity.hpp"
#include "event/event.hpp"

namespace tributary::connectors::streamelements {

/// What one `event…` message says, as read: views into a JsonText.
struct Emission {
  Value payload;               ///< the first argument; absent when there is none
  Object activity;             ///< its members, when it is an object
  Object data;                 ///< the members of its `data` (`event` in a test), when that is an object
  Object emission;             ///< the members of the second argument, `{ts, nonce}`
  std::vector<Member> around;  ///< what stood in the wrappers that were taken off: kept in the details
  bool mock = false;           ///< a wrapper that was taken off said `isMock`
  std::string_view channel;    ///< plain text: the `channelId` of `authenticated`; "" before it
};

/// Activity → canonical event, by the tables in this folder's README. Writes the text once and copies every value that
/// needs no change as it was sent.
/// Owner: one Codec. Thread: its owner's. Failure: none; whatever was sent becomes a valid event, and what does not fit
/// its place stays at `data.details`.
class Normaliser {
 public:
  explicit Normaliser(std::string_view connector);

  /// `event`, and with `test` an `event:test` in the shape of an activity. `emission.activity` is an object, and
  /// `emission.data` its `data`.
  void activity(const Emission& emission, const ActivityHead& envelope, bool test, const event::Now& now,
                event::Draft& draft);
  /// `event:test`: `{listener, event: {name, …}}`; `emission.data` is its `event`.
  void test(const Emission& emission, const ActivityHead& envelope, const event::Now& now, event::Draft& draft);
  /// `event:update`: a value of the session.
  void state_update(const Emission& emission, const event::Now& now, event::Draft& draft);
  /// `event:reset`: the payload is opaque.
  void state_reset(const Emission& emission, const event::Now& now, event::Draft& draft);

 private:
  struct Detail {
    std::string_view key;
    std::string_view text;
  };
  struct Times;
  struct Source;

  void write(const Emission& emission, const ActivityHead& envelope, const Source& source, const event::Now& now,
             event::Draft& draft);
  void write_state(const Emission& emission, bool opaque, std::string_view type, std::string_view upstream_type,
                   const event::Now& now, event::Draft& draft);
  void write_id(const ActivityHead& envelope, const DataFields& fields, const Source& source, event::Draft& draft);
  void write_head(const Value& channel, std::string_view type, const Value& provider, event::Draft& draft);
  void write_data(const Object& data, const DataFields& fields, bool six, std::string& out);
  static void write_members(const Object& data, const DataFields& fields, bool drop_details, std::string& out);
  static void put_member(std::string& out, std::string_view key, std::string_view text);
  static void write_fills(const DataFields& fields, std::string& out);
  void write_details(std::string_view name, std::string& out);
  void forget_details();
  void write_times(const ActivityHead& envelope, const Times& times, const event::Now& now, event::Draft& draft);
  void write_relay(const Emission& emission, std::string_view upstream_type, const event::Now& now,
                   event::Draft& draft);
  void add_detail(std::string_view key, std::string_view text);
  void add_misfits(const ActivityHead& envelope, const DataFields& fields, const Times& times, const Source& source);
  std::string_view received_text(event::WallTime time);

  static constexpr std::size_t looked_through = 32;

  std::string relay_begin_;  ///< `"relay":{"connector":"…","source":"streamelements","upstreamType":"`
  std::vector<Detail> details_;
  std::list<std::string> detail_names_;
  std::unordered_set<std::string_view> detail_keys_;  ///< of many details; few are looked through
  std::string upstream_id_;                           ///< escaped
  event::Slice channel_;                              ///< of the event being written
  event::WallTime received_{};
  std::string received_text_;
};

}  // namespace tributary::connectors::streamelements
