#include "connectors/link/conversation.hpp"

#include <gtest/gtest.h>

#include "connectors/link/transport_fixture.hpp"
#include "tests/support/fake_intake.hpp"
#include "tests/support/toy_protocol.hpp"

namespace tributary::connectors {
namespace {

using namespace std::chrono_literals;

Conversation::Settings named(std::string connector) {
  Conversation::Settings settings;
  settings.connector = std::move(connector);
  return settings;
}

struct Heard : LinkObserver {
  void changed(const std::string&, const LinkStatus& status) override { words += status.ending.detail + "\n"; }
  void lost(const std::string&, const net::Ending& ending, bool) override { words += ending.detail + "\n"; }
  void remarked(const std::string&, const Remark& remark) override { words += remark.subject + remark.detail + "\n"; }
  std::string words;
};

class ConversationSecrets : public ::testing::TestWithParam<std::string> {
 protected:
  ConversationSecrets() : conversation_(named("stage"), protocol_, intake_, heard_, transport_) {
    conversation_.start(now_);
    conversation_.secrets_read({GetParam()}, {}, now_);
    conversation_.opened(now_);
  }
  std::string everything_said() const {
    std::string said = heard_.words;
    for (const auto& fault : intake_.faults) said += fault.frame + fault.detail;
    for (const auto& note : intake_.notices) said += note.data_json;
    return said;
  }

  event::Now now_{event::SteadyTime{1h}, event::WallTime{1h}};
  support::ToyProtocol protocol_{{}};
  support::FakeIntake intake_;
  Heard heard_;
  IdleTransport transport_;
  Conversation conversation_;
};

TEST_P(ConversationSecrets, AreLeftOutOfAFrameThatNobodyUnderstands) {
  conversation_.message("gibberish about " + GetParam() + " and " + GetParam(), false, now_);
  ASSERT_EQ(intake_.faults.size(), 1U);
  EXPECT_EQ(intake_.faults[0].frame, "gibberish about <redacted> and <redacted>");
}

TEST_P(ConversationSecrets, AreLeftOutOfTheReasonOfAnEnding) {
  conversation_.ended({net::Reason::upgrade_refused, "401 no such token: " + GetParam()}, now_);
  EXPECT_NE(everything_said().find("no such token: <redacted>"), std::string::npos);
}

// The last would find itself in its own replacement.
INSTANTIATE_TEST_SUITE_P(Kinds, ConversationSecrets, ::testing::Values("not-a-real-token", "redacted"));

/// {"alg":"none"}.{"exp":N}.x, a token that nobody would take.
constexpr auto of_the_year_2001 = "eyJhbGciOiJub25lIn0.eyJleHAiOjEwMDAwMDAwMDB9.x";
constexpr auto of_the_year_2033 = "eyJhbGciOiJub25lIn0.eyJleHAiOjIwMDAwMDAwMDB9.x";

class ConversationStatus : public ::testing::Test {
 protected:
  void dial(const std::vector<std::string>& secrets, const std::vector<std::string>& others) {
    conversation_.start(now_);
    conversation_.secrets_read(secrets, others, now_);
  }
  event::Now now_{event::SteadyTime{1h}, event::WallTime{1h}};
  support::ToyProtocol protocol_{{}};
  support::FakeIntake intake_;
  Heard heard_;
  IdleTransport transport_;
  Conversation conversation_{named("stage"), protocol_, intake_, heard_, transport_};
};

TEST_F(ConversationStatus, SaysWhenTheFirstOfItsTokensExpires) {
  EXPECT_FALSE(conversation_.status().credential_expires);
  dial({of_the_year_2033}, {of_the_year_2001});
  EXPECT_EQ(conversation_.status().credential_expires, event::WallTime{1'000'000'000s});
}

TEST_F(ConversationStatus, ASecretThatIsNoTokenSaysNothingOfItsEnd) {
  dial({"not-a-real-token"}, {});
  EXPECT_FALSE(conversation_.status().credential_expires);
}

TEST_F(ConversationStatus, SaysWhenTheLastFrameCame) {
  dial({"not-a-real-token"}, {});
  conversation_.opened(now_);
  EXPECT_FALSE(conversation_.status().last_frame);
  now_.wall += 5s;
  conversation_.message("whatever it says", false, now_);
  EXPECT_EQ(conversation_.status().last_frame, event::WallTime{1h + 5s});
}

}  // namespace
}  // namespace tributary::connectors
