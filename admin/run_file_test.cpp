#include "admin/run_file.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <set>

#include "admin/client.hpp"

namespace tributary::admin {
namespace {

using testing::HasSubstr;

namespace fs = std::filesystem;

unsigned mode_of(const fs::path& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 ? status.st_mode & 07777U : 0;
}

class RunFileTest : public ::testing::Test {
 protected:
  RunFileTest() {
    std::string name = (fs::temp_directory_path() / "tributary-run-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
    fs::create_directory(state_ = directory_ / "state");
    fs::create_directory(directory_ / "runtime");
    ::setenv("XDG_RUNTIME_DIR", (directory_ / "runtime").c_str(), 1);
  }
  ~RunFileTest() override {
    ::unsetenv("XDG_RUNTIME_DIR");
    fs::remove_all(directory_);
  }
  RunFile content(const std::string& configuration = "/etc/tributary.yaml") const {
    return {::getpid(), "127.0.0.1:9464", "token", configuration, "relay-1", "run", "1", "2026-11-28T00:00:00.000Z"};
  }
  std::vector<fs::path> places(const std::string& configuration = "/etc/tributary.yaml") const {
    return run_file_places(state_, configuration);
  }

  fs::path directory_, state_;
};

TEST_F(RunFileTest, IsReadBackAndRefusesWhatIsNone) {
  EXPECT_EQ(read_run_file(to_json(content())), content());
  for (const char* none :
       {"", "[]", "{}", "{\"pid\": 1}", "{\"pid\": \"1\", \"address\": \"a:1\"}", "{\"pid\": 1, \"addr"}) {
    EXPECT_FALSE(read_run_file(none)) << none;
  }
}

TEST_F(RunFileTest, IsForItsOwnerAloneAndGoesAtTheEnd) {
  const auto path = state_ / "admin.json";
  {
    const WrittenRunFile written(content(), places());
    EXPECT_EQ(written.path(), path);
    EXPECT_EQ(mode_of(path), 0600u);
    EXPECT_EQ(load_run_file(path), content());
    EXPECT_EQ(held(path), Held::yes);
    EXPECT_EQ(std::distance(fs::directory_iterator(state_), fs::directory_iterator()), 1)
        << "nothing is left beside it";
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(RunFileTest, OfAProgramThatHasEndedIsReplacedWhateverHasItsNumber) {
  const auto path = state_ / "admin.json";
  auto old = content();
  old.pid = ::getppid();  // it runs, and is another program
  std::ofstream(path) << to_json(old);
  EXPECT_EQ(held(path), Held::no);
  EXPECT_THAT(find_running(state_, "/etc/tributary.yaml").fault, HasSubstr("which has ended"));
  const WrittenRunFile written(content(), places());
  EXPECT_EQ(load_run_file(path), content());
}

TEST_F(RunFileTest, OfALivingProgramStaysAndTheSecondGetsItsOwnPlace) {
  const WrittenRunFile first(content("/etc/first.yaml"), places("/etc/first.yaml"));
  auto other = content("/etc/second.yaml");
  other.address = "127.0.0.1:1";
  const WrittenRunFile second(other, places("/etc/second.yaml"));
  EXPECT_EQ(second.path().parent_path(), directory_ / "runtime" / "tributary");
  EXPECT_EQ(mode_of(second.path().parent_path()), 0700u);
  EXPECT_EQ(load_run_file(first.path()), content("/etc/first.yaml"));
  EXPECT_EQ(find_running(state_, "/etc/first.yaml").target.value().url, "http://127.0.0.1:9464");
  EXPECT_EQ(find_running(state_, "/etc/second.yaml").target.value().url, "http://127.0.0.1:1");
}

TEST_F(RunFileTest, WithoutAStateDirectoryIsInADirectoryOfThisUser) {
  fs::remove(state_);
  const WrittenRunFile written(content(), places());
  EXPECT_EQ(written.path().parent_path(), directory_ / "runtime" / "tributary");
  EXPECT_EQ(find_running(state_, "/etc/tributary.yaml").target.value().token, "token");
  EXPECT_EQ(find_running({}, {}).target.value().token, "token") << "the only one that runs";
  const WrittenRunFile other(content("/etc/other.yaml"), run_file_places(state_, "/etc/other.yaml"));
  EXPECT_THAT(find_running({}, {}).fault, HasSubstr("several programs run"));
}

TEST_F(RunFileTest, OfProgramsThatWereKilledAreRemovedByTheNextOneAndByWhoeverLooks) {
  const auto own = directory_ / "runtime" / "tributary";
  const auto leave = [&](const std::string& name) {
    std::ofstream(own / name) << to_json(content("/etc/killed.yaml"));
  };
  const auto all = [&] {
    std::set<std::string> names;
    for (const auto& one : fs::directory_iterator(own)) names.insert(one.path().filename());
    return names;
  };
  const auto place = [&](const std::string& name) { return std::vector<fs::path>{own / name}; };
  const WrittenRunFile living(content("/etc/living.yaml"), place("admin-living.json"));
  for (const char* left : {"admin-1.json", "admin-2.json", "admin-3.json.123", "of-somebody-else.json"}) leave(left);
  {
    const WrittenRunFile next(content("/etc/next.yaml"), place("admin-next.json"));
    EXPECT_EQ(next.fault(), "");
    EXPECT_EQ(all(), (std::set<std::string>{"admin-living.json", "admin-next.json", "of-somebody-else.json"}));
  }
  leave("admin-1.json");
  EXPECT_EQ(find_running({}, {}).target.value().url, "http://127.0.0.1:9464") << "the only one that lives";
  EXPECT_EQ(all(), (std::set<std::string>{"admin-living.json", "of-somebody-else.json"}));
  EXPECT_EQ(load_run_file(living.path()), content("/etc/living.yaml"));
}

TEST_F(RunFileTest, ManyThatAreLeftAreToldShortly) {
  const auto own = directory_ / "runtime" / "tributary";
  fs::create_directory(own);
  fs::permissions(own, fs::perms::owner_all);
  for (int i = 0; i < 9; ++i) std::ofstream(own / ("admin-" + std::to_string(i) + ".json")) << to_json(content());
  EXPECT_EQ(find_running({}, {}).fault,
            "no relay of this user runs; 9 were killed, and what they left is removed; start it by `tributary run`, or "
            "say where it is by --url");
  EXPECT_TRUE(fs::is_empty(own));
  EXPECT_EQ(find_running({}, {}).fault,
            "no relay of this user runs; start it by `tributary run`, or say where it is by --url");
}

TEST_F(RunFileTest, WhileAnotherIsAtWorkThereNothingIsRemoved) {
  const auto own = directory_ / "runtime" / "tributary";
  fs::create_directory(own);
  fs::permissions(own, fs::perms::owner_all);
  std::ofstream(own / "admin-1.json") << to_json(content());
  const int other = ::open(own.c_str(), O_RDONLY | O_DIRECTORY);
  ASSERT_EQ(::flock(other, LOCK_EX), 0);
  EXPECT_EQ(remove_left_run_files(), 0U);
  ::close(other);
  EXPECT_EQ(remove_left_run_files(), 1U);
}

TEST_F(RunFileTest, IsNotPutWhereOthersMayWrite) {
  fs::remove(state_);
  fs::create_directory(directory_ / "runtime" / "tributary");
  fs::permissions(directory_ / "runtime" / "tributary", fs::perms::all);
  const WrittenRunFile written(content(), places());
  EXPECT_TRUE(written.path().empty());
  EXPECT_THAT(written.fault(), HasSubstr("this user alone"));
  EXPECT_TRUE(run_files_of_user().empty());
}

TEST_F(RunFileTest, ThatIsNotThereIsToldWithWhatToDo) {
  const auto found = find_running(state_, "/etc/tributary.yaml");
  EXPECT_FALSE(found.target);
  EXPECT_EQ(found.fault,
            "no relay runs with /etc/tributary.yaml; start it by `tributary run`, or say where it is by --url");
}

}  // namespace
}  // namespace tributary::admin
