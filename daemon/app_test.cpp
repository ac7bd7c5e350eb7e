#include "daemon/app.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <thread>

#include "config/load.hpp"
#include "daemon/admin_port.hpp"
#include "daemon/log_fixture.hpp"
#include "daemon/reload.hpp"
#include "daemon/vocabulary.hpp"
#include "tests/support/no_threads.hpp"

namespace tributary::daemon {
namespace {

using namespace std::chrono_literals;

/// A relay whose one upstream is not there: nothing listens at port 1.
class AppTest : public testing::Test {
 protected:
  AppTest() : folder(std::filesystem::temp_directory_path() / ("app_test." + std::to_string(::getpid()))) {
    std::filesystem::create_directories(folder);
  }
  ~AppTest() override { std::filesystem::remove_all(folder); }

  static constexpr auto hall = "hall: {type: stagecast, url: 'ws://127.0.0.1:1', channel: c}";
  static constexpr auto desk = "desk: {type: users, url: 'ws://127.0.0.1:1', origin: o}";
  static constexpr auto lines = "lines: {type: file, path: lines.jsonl}";
  static constexpr auto more = "more: {type: file, path: more.jsonl}";
  static constexpr auto kept = "kept: {type: kafka, brokers: ['127.0.0.1:1']}";
  static constexpr auto other = "other: {type: kafka, brokers: ['127.0.0.1:1']}";
  static constexpr auto spool = "spool: {directory: state}";

  static std::string text_of(const std::string& connectors, const std::string& sinks, const std::string& rest = "") {
    return "version: 1\nadmin: {listen: ''}\nconnectors: {" + connectors + "}\nsinks: {" + sinks +
           "}\nroutes: [{to: [lines]}]\n" + rest + "\n";
  }
  config::Settings settings_of(const std::string& text) const {
    auto loaded = config::load_text(text, folder / "tributary.yaml", vocabulary());
    for (const auto& fault : loaded.faults) ADD_FAILURE() << config::format(fault);
    return std::move(*loaded.settings);
  }
  std::unique_ptr<App> make(const std::string& text) {
    auto made = App::make(settings_of(text), telemetry);
    if (const auto* faults = std::get_if<App::Faults>(&made)) ADD_FAILURE() << faults->front();
    return std::get<std::unique_ptr<App>>(std::move(made));
  }
  static std::vector<std::string> names(const std::vector<ConnectorBook>& books) {
    std::vector<std::string> all;
    for (const auto& book : books) all.push_back(book.name);
    std::sort(all.begin(), all.end());
    return all;
  }
  std::vector<std::string> refused(App& app, const std::string& text) const {
    const auto applied = app.apply(settings_of(text));
    const auto* faults = std::get_if<App::Faults>(&applied);
    return faults == nullptr ? std::vector<std::string>() : *faults;
  }
  static std::size_t threads() {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator("/proc/self/task"), {}));
  }
  /// One that has been joined is still in /proc for a moment.
  static bool threads_become(std::size_t count) {
    const auto by = std::chrono::steady_clock::now() + 20s;
    while (threads() != count && std::chrono::steady_clock::now() < by) std::this_thread::yield();
    return threads() == count;
  }
  /// The files of `folder` that this process has open.
  std::vector<std::string> open_files() const {
    std::vector<std::string> files;
    for (const auto& one : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code gone;
      const auto file = std::filesystem::read_symlink(one, gone).lexically_relative(folder);
      if (!file.empty() && *file.begin() != "..") files.push_back(file.native());
    }
    std::sort(files.begin(), files.end());
    return files;
  }
  static std::vector<std::string> named(const admin::Snapshot& snapshot) {
    std::vector<std::string> all;
    for (const auto& one : snapshot.connectors) all.push_back(one.name);
    for (const auto& one : snapshot.sinks) all.push_back(one.name);
    return all;
  }
  static void end(App& app) {
    app.stop(5s);
    app.wait([] {});
  }

  const std::filesystem::path folder;
  Log log{log_settings(config::Log::Format::json, config::Log::Level::error)};
  Telemetry telemetry{log};
};

TEST_F(AppTest, RunsAndEndsWithABalancedAccount) {
  const auto app = make(text_of(hall, lines));
  app->start();
  end(*app);
  EXPECT_TRUE(app->account().balances());
  EXPECT_EQ(names(app->books().connectors), std::vector<std::string>{"hall"});
}

TEST_F(AppTest, ASnapshotShowsEachConnectorAndEachSink) {
  const auto app = make(text_of(std::string(hall) + ", " + desk, lines));
  app->start();
  const auto refused = static_cast<std::size_t>(net::Reason::connect_refused);
  admin::Snapshot seen;
  const auto by = std::chrono::steady_clock::now() + 20s;
  do {
    seen = app->snapshot();  // empty when an io thread has not answered in time
  } while ((seen.connectors.size() != 2 || seen.connectors[1].endings.size() <= refused ||
            seen.connectors[1].endings[refused] == 0) &&
           std::chrono::steady_clock::now() < by);
  ASSERT_EQ(seen.connectors.size(), 2U);
  EXPECT_EQ(seen.connectors[0].name, "desk");
  const auto& one = seen.connectors[1];
  EXPECT_EQ(one.name, "hall");
  EXPECT_EQ(one.type, "stagecast");
  EXPECT_EQ(one.reason, net::Reason::connect_refused);
  EXPECT_GE(one.dials, 1U);
  EXPECT_TRUE(one.dial_in || one.state != net::State::waiting);
  EXPECT_FALSE(one.frame_age);
  ASSERT_EQ(seen.sinks.size(), 1U);
  EXPECT_EQ(seen.sinks[0].name, "lines");
  EXPECT_EQ(seen.sinks[0].type, "file");
  EXPECT_GT(seen.sinks[0].memory, 0U);
  EXPECT_FALSE(seen.sinks[0].spool_size);
  EXPECT_EQ(seen.run, app->run_id());
  EXPECT_FALSE(seen.stopping);
  end(*app);
}

TEST_F(AppTest, SnapshotsMayBeTakenOnAnotherThreadWhileEverythingComesAndGoes) {
  const auto app = make(text_of(hall, lines));
  app->start();
  std::atomic<bool> over{false};
  std::atomic<std::size_t> taken{0};
  std::thread looker([&] {
    while (!over) {
      const auto seen = app->snapshot();
      EXPECT_LE(seen.connectors.size(), 2U);
      ++taken;
    }
  });
  for (int i = 0; i < 10; ++i) {
    app->apply(settings_of(text_of(desk, std::string(lines) + ", " + more)));
    app->apply(settings_of(text_of(hall, lines)));
    app->put_away();
  }
  while (taken < 3) std::this_thread::yield();
  end(*app);
  over = true;
  looker.join();
}

TEST_F(AppTest, EveryLoopGoesRoundAndMainOnlyWhenItSaysSo) {
  const auto app = make(text_of(hall, lines, "io_threads: 2"));
  app->start();
  EXPECT_EQ(app->stalled(0ms), std::vector<std::string>{}) << "the first look";
  std::set<std::string> stalled{"io 1", "io 2", "sink lines"};
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  while (!stalled.empty() && std::chrono::steady_clock::now() < deadline) {
    const auto still = app->stalled(0ms);
    ASSERT_TRUE(std::count(still.begin(), still.end(), "main")) << "its loop is this test";
    std::erase_if(stalled, [&](const auto& loop) { return std::count(still.begin(), still.end(), loop) == 0; });
    std::this_thread::yield();
  }
  EXPECT_TRUE(stalled.empty()) << *stalled.begin();
  const auto main_stalled = [&] {
    const auto all = app->stalled(0ms);
    return std::count(all.begin(), all.end(), "main") != 0;
  };
  EXPECT_TRUE(main_stalled());
  app->beat();
  EXPECT_FALSE(main_stalled());
  EXPECT_TRUE(main_stalled());
  app->busy(1h);
  EXPECT_FALSE(main_stalled());
  end(*app);
  app->stalled(0ms);
  app->busy(0ms);
  EXPECT_EQ(app->stalled(0ms), std::vector<std::string>{"main"}) << "threads that have ended are not looked at";
}

TEST_F(AppTest, WhatIsTheSameChangesNothing) {
  const auto app = make(text_of(hall, lines));
  app->start();
  const auto applied = app->apply(settings_of(text_of(hall, lines)));
  EXPECT_TRUE(std::get<Changes>(applied).none());
  end(*app);
}

TEST_F(AppTest, ConnectorsAndSinksComeAndGoAndTheirBooksStay) {
  const auto app = make(text_of(hall, lines));
  app->start();
  const auto one = std::get<Changes>(app->apply(settings_of(text_of(desk, std::string(lines) + ", " + more))));
  ASSERT_EQ(one.connectors.size(), 2U);
  EXPECT_EQ(one.connectors[0].connector, "desk");
  EXPECT_EQ(one.connectors[0].what, ConnectorChange::What::started);
  EXPECT_EQ(one.connectors[1].what, ConnectorChange::What::stopped);
  ASSERT_EQ(one.sinks.size(), 1U);
  EXPECT_EQ(one.sinks[0].sink, "more");
  EXPECT_EQ(one.sinks[0].what, SinkChange::What::started);
  const auto other =
      std::get<Changes>(app->apply(settings_of(text_of(desk, "lines: {type: file, path: lines.jsonl, keep: 3}"))));
  ASSERT_EQ(other.sinks.size(), 2U);
  EXPECT_EQ(other.sinks[0].keys, std::vector<std::string>{"sinks.lines.keep"});
  EXPECT_EQ(other.sinks[1].what, SinkChange::What::stopped);
  end(*app);
  EXPECT_EQ(names(app->books().connectors), (std::vector<std::string>{"desk", "hall"}));
  EXPECT_EQ(app->books().sinks.size(), 2U);
  EXPECT_TRUE(app->account().balances());
}

TEST_F(AppTest, ASinkThatCannotBeMadeLeavesEverythingAsItIs) {
  const auto app = make(text_of(hall, lines));
  app->start();
  std::filesystem::create_directory(folder / "sub");
  auto settings = settings_of(text_of(desk, std::string(lines) + ", bad: {type: file, path: sub/x.jsonl}"));
  std::filesystem::remove(folder / "sub");  // between reading the file and making the sink
  const auto applied = app->apply(std::move(settings));
  ASSERT_EQ(std::get<App::Faults>(applied).size(), 1U);
  EXPECT_EQ(app->settings().connectors.front().name, "hall");
  EXPECT_EQ(app->sinks(), 1U);
  EXPECT_EQ(names(app->books().connectors), std::vector<std::string>{"hall"});
  end(*app);
}

TEST_F(AppTest, AThreadThatCannotBeMadeLeavesEverythingAsItIs) {
  const auto app = make(text_of(hall, lines));
  app->start();
  const auto before = threads();
  const auto files = open_files();
  const auto next = [&](const std::string& sinks, const std::string& threads) {
    return text_of(std::string(hall) + ", " + desk, sinks, std::string(spool) + "\nio_threads: " + threads);
  };
  const std::pair<std::string, std::string> none[] = {
      {text_of(hall, std::string(lines) + ", " + more), "sinks.more: it cannot be made: "},
      {text_of(hall, lines, "io_threads: 3"), "io_threads: no further thread can be made"},
      {next(std::string(lines) + ", " + kept, "3"), "spool.directory: "},
  };
  for (const auto& [text, why] : none) {
    {
      const support::NoThreads at_the_limit;
      const auto faults = refused(*app, text);
      ASSERT_EQ(faults.size(), 1U) << why;
      EXPECT_EQ(faults[0].rfind(why, 0), 0U) << faults[0];
    }
    EXPECT_TRUE(threads_become(before)) << why << ": " << threads() << " instead of " << before;
    EXPECT_EQ(open_files(), files) << why;
    EXPECT_EQ(Disk::holder_of(settings_of(text)), "") << why;
    EXPECT_EQ(named(app->snapshot()), (std::vector<std::string>{"hall", "lines"})) << why;
    EXPECT_EQ(app->settings().io_threads, 1U);
  }
  const auto all = settings_of(next(std::string(lines) + ", " + more + ", " + kept, "3"));
  EXPECT_TRUE(std::holds_alternative<Changes>(app->apply(all)));
  EXPECT_EQ(Disk::holder_of(all), std::to_string(::getpid()));
  EXPECT_EQ(named(app->snapshot()), (std::vector<std::string>{"desk", "hall", "kept", "lines", "more"}));
  end(*app);
  EXPECT_TRUE(app->account().balances());
}

TEST_F(AppTest, FilesThatARefusedReloadOpenedAreClosed) {
  const auto text = [](const std::string& sinks) { return text_of(hall, sinks, spool); };
  const std::string bad = ", bad: {type: file, path: sub/x.jsonl}";
  const auto without_folder = [&](App& app, const std::string& sinks) {
    std::filesystem::create_directory(folder / "sub");
    auto settings = settings_of(text(sinks + bad));
    std::filesystem::remove(folder / "sub");
    return std::holds_alternative<App::Faults>(app.apply(std::move(settings)));
  };
  const auto app = make(text(lines));
  app->start();
  for (const auto* running : {lines, kept}) {  // without the disk, and with it
    const auto ours = std::string(lines) + (running == lines ? "" : std::string(", ") + running);
    EXPECT_TRUE(std::holds_alternative<Changes>(app->apply(settings_of(text(ours)))));
    const auto files = open_files();
    const auto before = threads();
    EXPECT_TRUE(without_folder(*app, ours + ", " + other));
    EXPECT_EQ(open_files(), files) << running;
    EXPECT_TRUE(threads_become(before)) << running;
  }
  EXPECT_TRUE(std::holds_alternative<Changes>(app->apply(settings_of(text(std::string(lines) + ", " + other)))));
  end(*app);
}

TEST_F(AppTest, ThreadsAreAddedAndWhatRunsStaysWhereItIs) {
  const auto app = make(text_of(hall, lines));
  app->start();
  const auto applied = app->apply(settings_of(text_of(std::string(hall) + ", " + desk, lines, "io_threads: 4")));
  const auto& changes = std::get<Changes>(applied);
  EXPECT_EQ(changes.keys, std::vector<std::string>{"io_threads"});
  ASSERT_EQ(changes.connectors.size(), 1U);
  EXPECT_EQ(changes.connectors[0].connector, "desk");
  end(*app);
}

TEST_F(AppTest, KeysOfMarksAreReadAtStartAndAtEachReload) {
  const auto write = [&](const std::string& name, const std::string& key) { std::ofstream(folder / name) << key; };
  const std::string text =
      text_of(hall, lines, "marks: {signing_key: {file: own}, trusted_origins: {b: {file: other}}}");
  write("own", "k\n");
  auto refused = App::make(settings_of(text), telemetry);
  ASSERT_TRUE(std::holds_alternative<App::Faults>(refused));
  EXPECT_EQ(std::get<App::Faults>(refused).front().rfind("marks.trusted_origins.b: ", 0), 0U)
      << std::get<App::Faults>(refused).front();
  write("other", "o");
  const auto app = make(text);
  app->start();
  EXPECT_TRUE(std::get<Changes>(app->apply(settings_of(text))).none());
  write("other", "another");
  EXPECT_EQ(std::get<Changes>(app->apply(settings_of(text))).keys, std::vector<std::string>{"marks"});
  std::filesystem::remove(folder / "other");
  EXPECT_TRUE(std::holds_alternative<App::Faults>(app->apply(settings_of(text))));
  const auto gone = app->apply(settings_of(text_of(hall, lines)));
  EXPECT_EQ(std::get<Changes>(gone).keys.size(), 2U);
  EXPECT_TRUE(std::get<Changes>(gone).connectors.empty()) << "a connection is kept";
  end(*app);
}

TEST_F(AppTest, AReloadAppliesTheFileOrSaysWhyNot) {
  const auto file = folder / "tributary.yaml";
  const auto write = [&](const std::string& text) { std::ofstream(file) << text; };
  write(text_of(hall, lines));
  const auto app = make(text_of(hall, lines));
  app->start();
  Notify notify;
  Reload reload(file, telemetry, log, notify);
  AdminPort port(
      *app, telemetry, file, [] {}, [](const auto&) { return std::vector<std::filesystem::path>{}; });
  reload.run(*app, port);
  EXPECT_EQ(telemetry.count(LogEvent::reloaded), 1U) << "nothing has changed, and that is told";
  write(text_of(desk, lines, "stop_timeout: 9s"));
  reload.run(*app, port);
  EXPECT_EQ(telemetry.count(LogEvent::reloaded), 4U) << "one came, one went, and a key";
  EXPECT_EQ(app->settings().stop_timeout, 9s);
  write(text_of("hall: {type: stagecoach}", lines));
  reload.run(*app, port);
  EXPECT_EQ(telemetry.count(LogEvent::reload_refused), 1U);
  EXPECT_EQ(app->settings().connectors.front().name, "desk");
  end(*app);
}

}  // namespace
}  // namespace tributary::daemon
