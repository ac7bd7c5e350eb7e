#include "connectors/link/tape.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "connectors/link/conversation.hpp"
#include "connectors/link/transport_fixture.hpp"
#include "tests/support/fake_intake.hpp"
#include "tests/support/toy_protocol.hpp"
#include "text/base64.hpp"
#include "text/json.hpp"
#include "text/percent.hpp"

namespace tributary::connectors {
namespace {

using namespace std::chrono_literals;

const std::string canary = "canary/\"key\"+of nobody";

struct KeptTape : Tape {
  void opened(std::string_view upstream, const event::Now&) override {
    lines.push_back("open " + std::string(upstream));
  }
  void frame(Way way, std::string_view payload, bool binary, const event::Now&) override {
    lines.push_back((way == Way::sent ? "> " : "< ") + std::string(binary ? "binary " : "") + std::string(payload));
  }
  void ended(const net::Ending& ending, bool by_us, const event::Now&) override {
    lines.push_back("end " + std::string(net::name(ending.reason)) + (by_us ? " by us " : " ") + ending.detail);
  }
  std::vector<std::string> lines;
};

/// What goes over the wire, with nothing taken out.
struct Wire : IdleTransport {
  bool send(std::string_view payload, bool) override {
    said += payload;
    return true;
  }
  std::string said;
};

std::vector<std::string> forms_of_the_canary() {
  std::string quoted;
  text::append_quoted(quoted, canary);
  return {canary, quoted.substr(1, quoted.size() - 2), text::base64(canary), text::percent_encoded(canary)};
}

bool has_canary(const std::string& text) {
  for (const std::string& form : forms_of_the_canary()) {
    if (text.find(form) != std::string::npos) return true;
  }
  return false;
}

class TapeTest : public ::testing::Test {
 protected:
  TapeTest() : conversation_(named_stage(), protocol_, intake_, observer_, wire_) {
    conversation_.record_on(&tape_);
    conversation_.start(now_);
    conversation_.secrets_read({canary}, {}, now_);
    conversation_.opened(now_);
  }
  std::string all() const {
    std::string all;
    for (const std::string& line : tape_.lines) all += line + "\n";
    return all;
  }

  struct Observer : LinkObserver {
    void changed(const std::string&, const LinkStatus&) override {}
    void lost(const std::string&, const net::Ending&, bool) override {}
    void remarked(const std::string&, const Remark&) override {}
  };
  static Conversation::Settings named_stage() {
    Conversation::Settings settings;
    settings.connector = "stage";
    return settings;
  }
  static support::ToySettings toy() {
    support::ToySettings settings;
    settings.url = "ws://upstream.example:81/toy?key=hidden";
    return settings;
  }
  event::Now now_{event::SteadyTime{1h}, event::WallTime{1h}};
  support::ToyProtocol protocol_{toy()};
  support::FakeIntake intake_;
  Observer observer_;
  Wire wire_;
  KeptTape tape_;
  Conversation conversation_;
};

TEST_F(TapeTest, HearsFramesAsTheyCameAndWentAndNoSecretInAnyForm) {
  std::string heard;
  for (const std::string& form : forms_of_the_canary()) {
    heard += form;
    conversation_.message("{\"said\":\"" + form + "\"}", false, now_);
    conversation_.message("gibberish " + form, true, now_);
  }
  conversation_.ended({net::Reason::closed, "no longer for " + canary, 1008}, now_);
  EXPECT_TRUE(has_canary(wire_.said)) << "what we send has the secret, so that it can be found";
  EXPECT_TRUE(has_canary(heard));
  EXPECT_FALSE(has_canary(all())) << all();
  ASSERT_EQ(tape_.lines.size(), 3U + 2 * forms_of_the_canary().size());
  EXPECT_EQ(tape_.lines[0], "open ws://upstream.example:81");
  EXPECT_EQ(tape_.lines[1], "> hello <redacted>");
  EXPECT_EQ(tape_.lines[2], "< {\"said\":\"<redacted>\"}");
  EXPECT_EQ(tape_.lines[3], "< binary gibberish <redacted>");
  EXPECT_EQ(tape_.lines.back(), "end closed no longer for <redacted>");
}

TEST_F(TapeTest, HearsOurFarewellAndThatWeEndedTheConnection) {
  conversation_.message("welcome den", false, now_);
  conversation_.stop(now_.steady + 1s, now_);
  conversation_.ended({}, now_);
  EXPECT_EQ(tape_.lines[tape_.lines.size() - 2], "> bye");
  EXPECT_EQ(tape_.lines.back(), "end none by us ");
}

TEST_F(TapeTest, HearsNothingOnceItIsTakenAway) {
  const auto before = tape_.lines.size();
  conversation_.record_on(nullptr);
  conversation_.message("welcome den", false, now_);
  EXPECT_EQ(tape_.lines.size(), before);
}

}  // namespace
}  // namespace tributary::connectors
