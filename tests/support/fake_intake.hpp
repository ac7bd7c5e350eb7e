#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "event/event.hpp"
#include "event/ledger.hpp"
#include "event/ports.hpp"

namespace tributary::support {

/// The draft as the relay would finish it without a run and a sequence: whole JSON.
std::string finished_json(const event::Draft& draft);

/// An Intake that keeps everything it is given and is congested when told so. Owned by a test. Thread: io.
class FakeIntake : public event::Intake {
 public:
  struct Fault {
    std::string reason, detail, frame;
  };
  struct Note {
    std::string type, data_json, channel, channel_source;
  };

  void control(bool unknown) override;
  void malformed(const event::Malformed& fault, const event::Now& now) override;
  void carrying() override;
  bool accept(event::Draft&& draft, const event::Now& now) override;
  void ignored(event::Ignored reason) override;
  void notice(const event::Notice& notice, const event::Now& now) override;
  void live() override;
  void settle() override;
  bool congested() const override { return full; }
  void on_room(std::function<void()> resumed) override;

  /// The congestion goes: runs, once each, what waited for it.
  void make_room();
  /// The data of the notices of that type, in order.
  std::vector<std::string> notices_of(std::string_view type) const;

  event::ConnectorLedger ledger;  ///< events are all accepted or ignored: nothing is deduped here
  std::vector<event::Draft> drafts;
  std::vector<Fault> faults;
  std::vector<event::Ignored> ignored_reasons;
  std::vector<Note> notices;
  std::uint64_t settled = 0;
  bool full = false;
  std::function<bool(const event::Draft&)> known;  ///< what is a duplicate; none: nothing

 private:
  std::vector<std::function<void()>> waiting_;
};

}  // namespace tributary::support
