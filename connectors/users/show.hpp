#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/simulation/audience.hpp"
#include "connectors/users/simulator_settings.hpp"
#include "event/event.hpp"

namespace tributary::connectors::users {

/// The endless life of an account server: people come and go, all at once when a show begins, upload what they filmed,
/// and clean up. Each form of the protocol writes the same life. The same seed gives the same life.
/// Pure. Owner: the simulator. Thread: its owner's.
class Show {
 public:
  /// One event of a frame. `json` is the frame as if it held only this one.
  struct Told {
    std::string id;  ///< the canonical `_id`; "" where the upstream names nothing
    std::string json;
  };
  struct Act {
    std::string kind;   ///< for the account, e.g. Login
    std::string frame;  ///< as written
    std::vector<Told> told;
  };

  /// `audience` must outlive it.
  Show(Audience& audience, const SimulatorSettings& settings);

  /// What happens next, at this time. The reference is valid until the next call.
  const Act& next(event::WallTime now);

 private:
  struct Thing {
    std::string id, json;
  };

  void person(int type);
  void files(bool upload, event::WallTime now);
  void bucket(bool upload, event::WallTime now);
  Thing new_thing(bool bucket, const Audience::Viewer& owner, event::WallTime now);
  std::string begin(int type) const;
  std::string upstream_type(int type) const;
  std::string id_of(int type, const Thing& thing) const;

  Audience& audience_;
  SimulatorSettings::Form form_;
  std::string label_;
  std::string prefix_;
  std::uint32_t serial_ = 0;
  std::uint64_t arrivals_left_ = 0;
  std::deque<Thing> files_, buckets_;  ///< there are at most so many that one can be removed
  Act act_;
};

}  // namespace tributary::connectors::users
