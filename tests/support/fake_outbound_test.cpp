#include "tests/support/fake_outbound.hpp"

#include "tests/support/outbound_conformance.hpp"

namespace tributary::support {
namespace {

class Fake final : public OutboundSubject {
 public:
  event::Outbound& outbound() override { return outbound_; }
  void offer() override { outbound_.put(++numbers_, "a tip"); }

 private:
  FakeOutbound outbound_;
  std::uint64_t numbers_ = 0;
};

std::unique_ptr<OutboundSubject> fake_outbound() { return std::make_unique<Fake>(); }

INSTANTIATE_TEST_SUITE_P(FakeOutbound, OutboundConformance, testing::Values(&fake_outbound));

}  // namespace
}  // namespace tributary::support
