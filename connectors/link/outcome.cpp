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
  live = false;
  down.reset();
}

}  // namespace tributary::connectors
