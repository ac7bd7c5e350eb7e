#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/simulation/audience.hpp"
#include "event/event.hpp"

namespace tributary::connectors::streamelements {

/// An endless live show with its viewers: activities as the realtime socket sends them, of every type known. A raid
/// brings follows, gifts come as a group, names and messages are those of people in many scripts. The same seed gives
/// the same show; ids end in a serial number of eight hex digits.
/// Pure. Owner: the simulator. Thread: its owner's.
class Show {
 public:
  struct Activity {
    std::string id;  ///< `_id`
    std::string type;
    std::string json;  ///< the first argument of `event`
  };

  /// `audience` must outlive it.
  Show(Audience& audience, std::string channel);

  /// What happens next, at this time. The reference is valid until the next call.
  const Activity& next(event::WallTime now);
  /// The same, marked `isMock`; not counted.
  std::string mock(event::WallTime now);
  /// An `event:test` payload.
  std::string test();
  /// One of the values that change with a subscription, an `event:update` payload.
  std::string update(std::string_view activity_id, int index);
  /// `{"ts":…,"nonce":"…"}`, another each time.
  std::string emission(event::WallTime now);

 private:
  enum class Kind : std::uint8_t {
    tip,
    cheer,
    follow,
    subscriber,
    resubscriber,
    gift,
    community_gift,
    raid,
    host,
    channel_points,
    redemption,
    superchat,
    sponsor,
    merch,
    charity,
    hype_train
  };
  struct Planned {
    Kind kind;
    std::string group;   ///< activityGroup
    std::string sender;  ///< of a gift
    int amount = 0;
  };

  std::uint64_t below(std::uint64_t limit) { return audience_.below(limit); }
  bool chance(std::uint64_t percent) { return audience_.chance(percent); }
  const Audience::Viewer& someone() { return audience_.someone(); }
  std::string new_id(bool mock);
  Planned plan();
  void write(const Planned& planned, event::WallTime now, bool mock);
  void write_data(const Planned& planned, const Audience::Viewer& viewer, std::string& out);
  void write_money(std::string& out);

  Audience& audience_;
  std::string channel_;
  std::string id_prefix_;
  std::uint32_t serial_ = 0;
  std::uint32_t mocks_ = 0;
  std::deque<Planned> planned_;
  Activity activity_;
};

}  // namespace tributary::connectors::streamelements
