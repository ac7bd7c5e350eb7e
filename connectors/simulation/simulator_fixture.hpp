#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "connectors/link/protocol.hpp"
#include "connectors/simulation/simulator.hpp"
#include "net/http.hpp"
#include "net/websocket.hpp"

/// For the tests of simulators: each against its own connector's session over loopback. Everything waited for is
/// awaited; the limit is for failures.
namespace tributary::connectors::testing {

using namespace std::chrono_literals;

inline event::Now now() {
  return {std::chrono::steady_clock::now(),
          std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now())};
}

/// A Session with a socket and nothing else, and what came of it. Thread: io.
template <class Session>
class SessionClient : public net::WebSocketListener {
 public:
  SessionClient(boost::asio::io_context& io, std::unique_ptr<Session> session, const std::vector<std::string>& secrets)
      : io_(io),
        session_(std::move(session)),
        socket_(net::dial(io, std::get<net::DialTarget>(session_->dial(secrets, now())), *this)) {}
  ~SessionClient() override {
    socket_->detach();
    for (const auto& post : posts_) post->cancel();
  }

  void on_open(std::string_view chosen) override {
    subprotocol = chosen;
    apply([this](Outcome& outcome) { session_->open(1, now(), outcome); });
  }
  void on_message(std::string_view payload, bool binary) override {
    texts.emplace_back(payload);
    apply([&](Outcome& outcome) { session_->frame(payload, binary, now(), outcome); });
  }
  void on_pong() override {}
  void on_end(net::Ending ended) override {
    ending = std::move(ended);
    session_->explain(*ending);
  }

  void tick() {
    if (now().steady < session_->deadline()) return;
    apply([this](Outcome& outcome) { session_->tick(now(), outcome); });
  }
  void publish(const event::Message& message) {
    apply([&](Outcome& outcome) { session_->say(message, now(), outcome); });
  }
  void send(std::string_view frame) { socket_->send_text(frame); }
  void send_binary(std::string_view frame) { socket_->send_binary(frame); }
  void read(bool on) { on ? socket_->resume_reading() : socket_->pause_reading(); }

  Session& session() { return *session_; }
  bool heard(std::string_view text) const { return std::find(texts.begin(), texts.end(), text) != texts.end(); }
  /// Of each event in order; "" where it got a derived one only when it was closed.
  std::vector<std::string> ids() const {
    std::vector<std::string> list;
    for (const auto& draft : drafts) list.emplace_back(draft.identified ? draft.id.of(draft.text) : "");
    return list;
  }

  std::string secret_of_posts;  ///< as it would be read
  std::string subprotocol;
  bool live = false;
  std::uint64_t malformed = 0, unknown = 0, sends = 0, drafts_before_live = 0;
  std::vector<std::string> texts;  ///< every message heard
  std::vector<event::Draft> drafts;
  std::vector<event::Ignored> ignored;
  std::vector<Remark> remarks;
  std::vector<event::MessageReport> reports;
  std::optional<net::Ending> down;    ///< what the session said
  std::optional<net::Ending> ending;  ///< what the socket said

 private:
  template <class Step>
  void apply(Step step) {
    Outcome outcome;
    step(outcome);
    if (outcome.live && !live) drafts_before_live = drafts.size();
    live |= outcome.live;
    malformed += outcome.kind == event::FrameKind::malformed;
    unknown += outcome.unknown;
    sends += outcome.sends.size();
    for (auto& draft : outcome.drafts) drafts.push_back(std::move(draft));
    for (auto reason : outcome.ignored) ignored.push_back(reason);
    for (auto& remark : outcome.remarks) remarks.push_back(std::move(remark));
    for (auto& report : outcome.reports) reports.push_back(std::move(report));
    for (const auto& frame : outcome.sends) socket_->send_text(frame.payload);
    for (auto& post : outcome.posts) send(std::move(post));
    if (outcome.down && !down) down = outcome.down;
  }

  void send(Post post) {
    post.request.headers.emplace_back(post.header, secret_of_posts);
    posts_.push_back(
        net::HttpExchange::start(io_, post.request, [this, number = post.number](net::HttpExchange::Result result) {
          apply([&](Outcome& outcome) { session_->answered(number, result, now(), outcome); });
        }));
  }

  boost::asio::io_context& io_;
  std::vector<std::shared_ptr<net::HttpExchange>> posts_;
  std::unique_ptr<Session> session_;
  std::shared_ptr<net::WebSocket> socket_;
};

/// One simulator at a time, what it wrote, and the loop it runs in.
class SimulatorFixture : public ::testing::Test {
 protected:
  using Make = std::unique_ptr<Simulator> (*)(boost::asio::io_context&, const SimulatorOptions&);
  explicit SimulatorFixture(Make make) : make_(make) {}

  void start(std::map<std::string, std::string> behaviours, double rate = 0, std::uint64_t count = 0) {
    SimulatorOptions options;
    options.rate = rate;
    options.count = count;
    options.behaviours = std::move(behaviours);
    options.written = [this](const WrittenEvent& event) {
      ids_.emplace_back(event.id);
      written_.emplace_back(event.json);
    };
    simulator_ = make_(io_, options);
    simulator_->start();
  }

  /// Runs until it is so, with these clients' clocks ticking; fails after a long while.
  template <class Condition, class... Clients>
  void until(Condition condition, Clients*... clients) {
    const auto limit = std::chrono::steady_clock::now() + 20s;
    while (!condition() && std::chrono::steady_clock::now() < limit) {
      (clients->tick(), ...);
      io_.restart();
      io_.run_one_for(2ms);
    }
    ASSERT_TRUE(condition());
  }

  boost::asio::io_context io_;
  std::unique_ptr<Simulator> simulator_;
  std::vector<std::string> ids_, written_;  ///< of each event it wrote: its canonical id, and its JSON

 private:
  Make make_;
};

}  // namespace tributary::connectors::testing
