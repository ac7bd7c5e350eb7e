#include "sinks/kafka/access.hpp"

#include <gtest/gtest.h>

namespace tributary::sinks::kafka {
namespace {

using State = WriteAccess::State;

AccessRule rule(std::string topic, std::string principal) {
  return {std::move(topic), std::move(principal), false, false, true};
}

TEST(KafkaAccess, ARuleForUsTheTopicAndWritingGrants) {
  for (const auto& [topic, principal] :
       {std::pair("stream.events", "User:relay"), std::pair("*", "User:relay"), std::pair("stream.events", "User:*")}) {
    EXPECT_EQ(write_access({rule(topic, principal)}, "User:relay", "stream.events").state, State::granted);
  }
  auto prefix = rule("stream.", "User:relay");
  EXPECT_EQ(write_access({prefix}, "User:relay", "stream.events").state, State::not_granted);
  prefix.prefixed = true;
  EXPECT_EQ(write_access({prefix}, "User:relay", "stream.events").state, State::granted);
}

TEST(KafkaAccess, WhatIsNotOursGrantsNothing) {
  auto reads = rule("stream.events", "User:relay");
  reads.writes = false;
  const auto answer = write_access({rule("stream.events", "User:other"), rule("stream.relay", "User:relay"), reads},
                                   "User:relay", "stream.events");
  EXPECT_EQ(answer.state, State::not_granted);
  EXPECT_EQ(answer.words,
            "no access list lets User:relay write; unless it is a super user, give it Write on the topic");
}

TEST(KafkaAccess, ADenialIsStronger) {
  auto denial = rule("*", "User:*");
  denial.denies = true;
  EXPECT_EQ(write_access({rule("stream.events", "User:relay"), denial}, "User:relay", "stream.events").state,
            State::denied);
}

}  // namespace
}  // namespace tributary::sinks::kafka
