#include "event/counts.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <string>

namespace tributary::event {
namespace {

/// A ledger whose members hold 1, 2, 3, … in the order in which they stand.
template <class Ledger>
Ledger numbered() {
  Ledger ledger;
  std::array<std::uint64_t, sizeof(Ledger) / sizeof(std::uint64_t)> numbers{};
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = i + 1;
  std::memcpy(static_cast<void*>(&ledger), numbers.data(), sizeof(ledger));
  return ledger;
}

template <class Ledger>
void expect_every_member_once() {
  std::set<std::uint64_t> values;
  std::set<std::string> names;
  for (const Count& count : counts_of(numbered<Ledger>())) {
    EXPECT_TRUE(values.insert(count.value).second) << count.name << " is there twice";
    EXPECT_TRUE(names.insert(std::string(count.name) + "." + std::string(count.reason)).second) << count.name;
    EXPECT_TRUE(count.help.ends_with('.')) << count.name;
  }
  EXPECT_EQ(values.size(), sizeof(Ledger) / sizeof(std::uint64_t)) << "a member of the ledger is not listed";
}

TEST(Counts, OfAConnectorHoldEveryMemberOnce) { expect_every_member_once<ConnectorLedger>(); }
TEST(Counts, OfASinkHoldEveryMemberOnce) { expect_every_member_once<SinkLedger>(); }

}  // namespace
}  // namespace tributary::event
