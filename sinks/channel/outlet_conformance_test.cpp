#include "sinks/channel/outlet.hpp"
#include "sinks/test_events.hpp"
#include "tests/support/outbound_conformance.hpp"

namespace tributary::support {
namespace {

class RealOutlet final : public OutboundSubject {
 public:
  RealOutlet() : outlet_(settings()) { outlet_.start(); }
  event::Outbound& outbound() override { return outlet_; }
  void offer() override {
    auto event = std::make_shared<event::Event>(*sinks::make_event());
    event->received_steady = std::chrono::steady_clock::now();
    outlet_.offer(std::move(event));
  }

 private:
  static sinks::channel::OutletSettings settings() {
    sinks::channel::OutletSettings made;
    made.name = "hall-screen";
    made.connector = "hall";
    made.queue.max_age = std::chrono::hours(1);
    made.content = [](const event::Event& event, const event::Now&) { return std::string(event.json_text()); };
    return made;
  }
  sinks::channel::Outlet outlet_;
};

std::unique_ptr<OutboundSubject> real_outlet() { return std::make_unique<RealOutlet>(); }

INSTANTIATE_TEST_SUITE_P(RealOutlet, OutboundConformance, testing::Values(&real_outlet));

}  // namespace
}  // namespace tributary::support
