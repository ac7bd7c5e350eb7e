#include "admin/control_pages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace tributary::admin {
namespace {

using testing::HasSubstr;
using testing::Not;

class FakeProgram : public Program {
 public:
  Snapshot snapshot() override { return now; }
  std::vector<std::string> stalled() override { return now.stalled; }
  void reload(std::function<void(Reloaded)> done) override { done(reloaded); }
  std::string configuration() override { return "version: 1\n"; }
  std::uint64_t add_tap(Tap) override { return 0; }
  void remove_tap(std::uint64_t) override {}

  Snapshot now;
  Reloaded reloaded;
};

class ControlPagesTest : public ::testing::Test {
 protected:
  Reply ask(const Pages& pages, const std::string& method, const std::string& path, Request request = {}) {
    const auto found = std::find_if(pages.begin(), pages.end(),
                                    [&](const auto& page) { return page.method == method && page.path == path; });
    Reply reply;
    if (found == pages.end()) return ADD_FAILURE() << method << " " << path, reply;
    found->serve(request, [&](Reply given) { reply = std::move(given); });
    return reply;
  }
  Reply probe(const std::string& path, bool details, bool verbose) {
    Request request;
    request.details = details;
    if (verbose) request.query.emplace_back("verbose", "");
    return ask(probe_pages(program_), "GET", path, request);
  }

  FakeProgram program_;
  Gate gate_{{false, true}, "owner"};
};

TEST_F(ControlPagesTest, ProbesTellStrangersNoMoreThanWhether) {
  for (const auto* path : {"/livez", "/readyz"}) {
    program_.now.stalled.clear();
    EXPECT_EQ(probe(path, false, false).status, 200);
    EXPECT_EQ(probe(path, false, false).body, "ok\n");
    program_.now.stalled = {"io-1"};
    for (const bool details : {false, true}) {
      const auto reply = probe(path, details, true);
      EXPECT_EQ(reply.status, 503);
      EXPECT_EQ(reply.body, details ? "not ok\nbad: the loop io-1 does not advance\n" : "not ok\n");
    }
    EXPECT_EQ(probe(path, true, false).body, "not ok\n") << "details are asked for";
  }
}

TEST_F(ControlPagesTest, ReadyzTellsWhatIsWrongAlthoughItIsReady) {
  program_.now.connectors.resize(2);
  program_.now.connectors[0].state = net::State::live;
  program_.now.connectors[1].name = "hall";
  program_.now.connectors[1].state = net::State::parked;
  program_.now.connectors[1].reason = net::Reason::credential_refused;
  EXPECT_EQ(probe("/readyz", true, true).body, "ok\ndegraded: connector hall is parked: credential_refused\n");
  EXPECT_EQ(probe("/readyz", false, true).body, "ok\n");
}

TEST_F(ControlPagesTest, ReloadAnswersWithWhatItDid) {
  program_.reloaded = {true, "sink \"a\" started", {}};
  auto reply = ask(control_pages(program_), "POST", "/reload");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, "{\"applied\":true,\"changes\":\"sink \\\"a\\\" started\"}\n");
  program_.reloaded = {false, {}, {"t.yaml:1:2: first", "t.yaml:3:4: second"}};
  reply = ask(control_pages(program_), "POST", "/reload");
  EXPECT_EQ(reply.status, 422);
  EXPECT_EQ(reply.body, "{\"applied\":false,\"faults\":[\"t.yaml:1:2: first\",\"t.yaml:3:4: second\"]}\n");
}

TEST_F(ControlPagesTest, TheTokenIsExchangedForACookieThatPagesCannotRead) {
  gate_.use_token("to ken+");
  gate_.use_port(9464);
  Request request;
  request.body = "token=to+ken%2B";
  const auto reply = ask(login_pages(gate_), "POST", "/login", request);
  EXPECT_EQ(reply.status, 303);
  ASSERT_EQ(reply.headers.size(), 2u);
  EXPECT_EQ(reply.headers[0].second, "/");
  EXPECT_THAT(reply.headers[1].second, HasSubstr("; HttpOnly; SameSite=Lax"));
  EXPECT_THAT(reply.headers[1].second, Not(HasSubstr("Secure")));
  EXPECT_THAT(reply.headers[1].second, Not(HasSubstr("ken")));
  request.headers = {{"Origin", "https://relay.example"}};
  EXPECT_THAT(ask(login_pages(gate_), "POST", "/login", request).headers[1].second, HasSubstr("; Secure"));
}

TEST_F(ControlPagesTest, AWrongTokenGetsTheFormAgainWithoutACookie) {
  Request request;
  request.body = "token=<script>";
  const auto reply = ask(login_pages(gate_), "POST", "/login", request);
  EXPECT_EQ(reply.status, 401);
  EXPECT_TRUE(reply.headers.empty());
  EXPECT_THAT(reply.body, HasSubstr("this token is not the right one"));
  EXPECT_THAT(reply.body, Not(HasSubstr("<script>")));
  EXPECT_EQ(ask(login_pages(gate_), "GET", "/login").status, 200);
}

TEST_F(ControlPagesTest, LogoutEndsTheSession) {
  gate_.use_port(9464);
  const auto login = gate_.login("owner", "192.0.2.1", Gate::Time(std::chrono::hours(1)));
  Request request;
  request.headers = {{"Cookie", "tributary_9464=" + login.session}};
  const auto seen = [&] {
    return gate_.judge(Access::read, request.headers, "192.0.2.1", Gate::Time(std::chrono::hours(1))).status;
  };
  EXPECT_EQ(seen(), 200);
  EXPECT_EQ(ask(login_pages(gate_), "POST", "/logout", request).status, 303);
  EXPECT_EQ(seen(), 401);
}

}  // namespace
}  // namespace tributary::admin
