#include "connectors/link/protocol.hpp"

namespace tributary::connectors {

void Outcome::clear() {
  kind = event::FrameKind::control;
  unknown = false;
  malformed_reason = {};
  malformed_detail.clear();
  drafts.clear();
  ignored.clear();
  sends.clear();
  notices.clear();
  remarks.clear();
  reports.clear();
  posts.clear();
  live = false;
  down.reset();
}

void Protocol::say(const event::Message& message, const event::Now& now, Outcome& outcome) {
  static_cast<void>(now);
  outcome.reports.push_back({message.number, event::MessageResult::unsupported, "unsupported", {}});
}

void Protocol::answered(std::uint64_t number, const std::variant<net::HttpAnswer, net::Ending>& result,
                        const event::Now& now, Outcome& outcome) {
  static_cast<void>(number), static_cast<void>(result), static_cast<void>(now), static_cast<void>(outcome);
}

}  // namespace tributary::connectors
