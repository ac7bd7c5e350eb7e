#include "tests/support/fake_intake.hpp"

#include <utility>

namespace tributary::support {

std::string finished_json(const event::Draft& draft) {
  return draft.text + (draft.test ? ",\"test\":true" : "") + (draft.backfilled ? ",\"backfilled\":true}}" : "}}");
}

void FakeIntake::control(bool unknown) {
  ++ledger.frames;
  ++ledger.control;
  if (unknown) ++ledger.unknown;
}

void FakeIntake::malformed(const event::Malformed& fault, const event::Now&) {
  ++ledger.frames;
  ++ledger.malformed;
  faults.push_back({std::string(fault.reason), fault.detail, std::string(fault.frame)});
}

void FakeIntake::carrying() {
  ++ledger.frames;
  ++ledger.carrying;
}

bool FakeIntake::accept(event::Draft&& draft, const event::Now&) {
  ++ledger.events;
  if (known && known(draft)) {
    ++ledger.duplicate;
    return false;
  }
  ++ledger.accepted;
  ledger.repaired += draft.repaired;
  drafts.push_back(std::move(draft));
  return true;
}

void FakeIntake::ignored(event::Ignored reason) {
  ++ledger.events;
  ++ledger.ignored[static_cast<std::size_t>(reason)];
  ignored_reasons.push_back(reason);
}

void FakeIntake::notice(const event::Notice& notice, const event::Now&) {
  notices.push_back({std::string(notice.type), notice.data_json, notice.channel, std::string(notice.channel_source)});
}

void FakeIntake::live() { ++ledger.connections; }

void FakeIntake::settle() { ++settled; }

void FakeIntake::on_room(std::function<void()> resumed) { waiting_.push_back(std::move(resumed)); }

void FakeIntake::make_room() {
  full = false;
  for (auto& resumed : std::exchange(waiting_, {})) resumed();
}

std::vector<std::string> FakeIntake::notices_of(std::string_view type) const {
  std::vector<std::string> found;
  for (const Note& note : notices) {
    if (note.type == type) found.push_back(note.data_json);
  }
  return found;
}

}  // namespace tributary::support
