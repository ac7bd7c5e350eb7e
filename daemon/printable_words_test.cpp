#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "daemon/listener.hpp"
#include "daemon/log_fixture.hpp"
#include "daemon/reporters.hpp"
#include "daemon/screen.hpp"

// What an upstream says must not steer the terminal of whoever reads about it.

namespace tributary::daemon {
namespace {

using Format = config::Log::Format;

/// ESC, CSI of C1, an override of direction, an isolate, a mark, a line separator, a line feed.
const std::string steering = "a\x1b[31m\xc2\x9b\xe2\x80\xae\xe2\x81\xa6\xe2\x80\x8f\xe2\x80\xa8\nz";

void expect_harmless(const std::string& text) {
  for (const char* bad : {"\x1b", "\xc2\x9b", "\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x80\x8f", "\xe2\x80\xa8"}) {
    EXPECT_EQ(text.find(bad), std::string::npos) << text;
  }
}

void say_everything(Telemetry& telemetry) {
  ConnectorReporter reporter(telemetry);
  connectors::LinkStatus status;
  status.state = net::State::waiting;
  status.ending.reason = net::Reason::closed;
  status.ending.detail = steering;
  reporter.changed("stage", status);
  status.state = net::State::live;
  status.upstream = steering;
  status.channels = {steering};
  reporter.changed("stage", status);
  reporter.remarked("stage", {"upstream_error", false, steering, steering});
  reporter.not_understood("stage", {"not_json", steering, steering}, {event::SteadyTime{}, event::WallTime{}});
  report(telemetry, "stage", relay::Unrouted{steering, event::Kind::activity, relay::Unrouted::Why::no_type});
  SinkReporter(telemetry, "events").on_news({sinks::Sign::down, sinks::Urgency::warning, steering, steering});
}

TEST(PrintableWords, NothingInTheTextLogSteersATerminal) {
  const auto text = written_by(Format::text, say_everything);
  expect_harmless(text);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 6) << "one line each";
}

TEST(PrintableWords, NothingInTheJsonLogDoesAndItIsTheSameText) {
  expect_harmless(written_by(Format::json, say_everything));
  const auto lines = lines_by(say_everything);
  ASSERT_EQ(lines.size(), 6U);
  EXPECT_EQ(lines[0]["message"], "closed: " + steering + "; dialled again in 0.0 s");
}

TEST(PrintableWords, NothingOnTheScreenDoes) {
  event::Event event;
  event.text =
      R"({"type":"tip\u009b","data":{"displayName":"Vi\u202e","amount":5.5,"currency":"U\u2066","message":"\u001b\u2028x"}})";
  event.json = {0, static_cast<std::uint32_t>(event.text.size())};
  const std::string line = line_of(event);
  expect_harmless(line);
  EXPECT_NE(line.find("5.5 U"), std::string::npos);
}

TEST(PrintableWords, NothingThatAListenerHeardDoes) {
  const std::string words = words_of(R"({"from":"Vi","msg":"\u001b[2J\u202eyx\u009b tipped 5"})");
  expect_harmless(words);
  EXPECT_NE(words.find("yx"), std::string::npos);
  EXPECT_EQ(words_of("\xff\x1b").find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace tributary::daemon
