#include "admin/watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <nlohmann/json.hpp>

#include "admin/status_fixture.hpp"
#include "admin/watch_pages.hpp"

namespace tributary::admin {
namespace {

using namespace samples;
using ::testing::HasSubstr;

/// A program that says what it is told to.
class WatchedProgram final : public Program {
 public:
  Snapshot snapshot() override {
    const std::lock_guard lock(mutex_);
    return shown;
  }
  std::vector<std::string> stalled() override { return {}; }
  void reload(std::function<void(Reloaded)> done) override { done({}); }
  std::string configuration() override { return {}; }
  std::uint64_t add_tap(Tap tap) override {
    const std::lock_guard lock(mutex_);
    tap_ = std::move(tap);
    return 1;
  }
  void remove_tap(std::uint64_t) override {
    const std::lock_guard lock(mutex_);
    tap_ = {};
  }
  bool tapped() {
    const std::lock_guard lock(mutex_);
    return static_cast<bool>(tap_);
  }
  void come(std::uint64_t sequence) {
    auto event = std::make_shared<event::Event>();
    event->text = "{}";
    event->json = {0, 2};
    event->sequence = sequence;
    const std::lock_guard lock(mutex_);
    if (tap_) tap_(event);
  }
  Snapshot shown = quiet_snapshot();

 private:
  std::mutex mutex_;
  Tap tap_;
};

class HeldStream final : public OpenAnswer {
 public:
  bool write(std::string_view text) override {
    const std::lock_guard lock(mutex_);
    text_ += text;
    changed_.notify_all();
    return true;
  }
  std::size_t waiting() override {
    const std::lock_guard lock(mutex_);
    ++asked_;
    changed_.notify_all();
    return waiting_;
  }
  void end() override {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }
  void set_waiting(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    waiting_ = bytes;
    asked_ = 0;
  }
  bool wait_text(std::string_view words) {
    return wait([&] { return text_.find(words) != std::string::npos; });
  }
  bool wait_asked(int times) {
    return wait([&] { return asked_ >= times; });
  }
  bool wait_ended() {
    return wait([&] { return ended_; });
  }
  std::string text() {
    const std::lock_guard lock(mutex_);
    return text_;
  }

 private:
  template <class Condition>
  bool wait(Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 20s, condition);
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string text_;
  std::size_t waiting_ = 0;
  int asked_ = 0;
  bool ended_ = false;
};

TEST(Watch, TellsEachReaderWhatComesAndTapsOnlyWhileThereIsOne) {
  WatchedProgram program;
  Watch watch(program);
  EXPECT_FALSE(program.tapped());
  const auto one = std::make_shared<HeldStream>(), two = std::make_shared<HeldStream>();
  const auto first = watch.add_reader(one, {}), second = watch.add_reader(two, {});
  EXPECT_TRUE(program.tapped());
  program.come(7);
  EXPECT_TRUE(one->wait_text("id: :7\n"));
  EXPECT_TRUE(two->wait_text("id: :7\n"));
  watch.remove_reader(first);
  program.come(8);
  EXPECT_TRUE(two->wait_text("id: :8\n"));
  EXPECT_THAT(one->text(), ::testing::Not(HasSubstr(":8")));
  watch.remove_reader(second);
  EXPECT_FALSE(program.tapped());
}

TEST(Watch, AReaderThatIsBehindIsToldHowManyItMissed) {
  WatchedProgram program;
  Watch watch(program);
  const auto slow = std::make_shared<HeldStream>();
  watch.add_reader(slow, {});
  slow->set_waiting(Watch::behind + 1);
  program.come(1);
  program.come(2);
  ASSERT_TRUE(slow->wait_asked(3));
  EXPECT_EQ(slow->text(), "");
  slow->set_waiting(0);
  EXPECT_TRUE(slow->wait_text("event: dropped\ndata: {\"count\":2}\n\n"));
}

TEST(Watch, EndsAStreamAtItsLimit) {
  WatchedProgram program;
  Watch watch(program);
  const auto stream = std::make_shared<HeldStream>();
  EventFilter filter;
  filter.limit = 1;
  watch.add_reader(stream, filter);
  program.come(1);
  EXPECT_TRUE(stream->wait_ended());
  EXPECT_EQ(stream->text(), "id: :1\ndata: {}\n\n");
}

TEST(Watch, GoesAwayWhileReadersAreThere) {
  WatchedProgram program;
  const auto stream = std::make_shared<HeldStream>();
  {
    Watch watch(program);
    watch.add_reader(stream, {});
  }
  EXPECT_FALSE(program.tapped());
}

Reply asked_of(const Pages& pages, const std::string& path,
               std::vector<std::pair<std::string, std::string>> query = {}) {
  for (const auto& one : pages) {
    if (one.path != path) continue;
    Request request;
    request.path = path;
    request.query = std::move(query);
    Reply reply;
    one.serve(request, [&](Reply given) { reply = std::move(given); });
    return reply;
  }
  Reply none;
  none.status = 404;
  return none;
}

TEST(WatchPages, ServeThePageAndWhatItIsMadeOf) {
  WatchedProgram program;
  const auto pages = watch_pages(program);
  for (const auto* path : {"/", "/page.css", "/page.js", "/icon.svg"}) {
    const auto reply = asked_of(pages, path);
    EXPECT_EQ(reply.status, 200) << path;
    EXPECT_FALSE(reply.body.empty()) << path;
  }
  const auto page = asked_of(pages, "/");
  EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
  EXPECT_THAT(page.body, HasSubstr("src=\"/page.js\""));
  for (const auto& one : pages) EXPECT_EQ(one.access, Access::read) << one.path;
}

TEST(WatchPages, StatusIsJsonOfThisMoment) {
  WatchedProgram program;
  program.shown.connectors = {live_connector("hall", 3)};
  const auto json = nlohmann::json::parse(asked_of(watch_pages(program), "/status").body);
  EXPECT_EQ(json["connectors"][0]["name"], "hall");
}

TEST(WatchPages, EventsSayWhatIsWrongWithTheirFilter) {
  WatchedProgram program;
  const auto pages = watch_pages(program);
  const auto refused = asked_of(pages, "/events", {{"types", "tip"}});
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.body, HasSubstr("did you mean `type`?"));
  const auto reply = asked_of(pages, "/events", {{"type", "tip"}});
  EXPECT_EQ(reply.status, 200);
  ASSERT_TRUE(reply.stream && reply.gone);
  const auto stream = std::make_shared<HeldStream>();
  reply.stream(stream);
  EXPECT_TRUE(program.tapped());
  reply.gone();
  EXPECT_FALSE(program.tapped());
}

}  // namespace
}  // namespace tributary::admin
