#include "daemon/watch_file.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace tributary::daemon {
namespace {

namespace fs = std::filesystem;

class FileWatchTest : public testing::Test {
 protected:
  FileWatchTest() {
    watch.follow({"a", "b"});
    EXPECT_FALSE(watch.changed(looks));
    EXPECT_TRUE(watch.changed(looks)) << "what was never seen";
    EXPECT_FALSE(watch.changed(looks));
  }

  static config::FileSignature file(std::uint64_t inode) {
    config::FileSignature signature;
    signature.present = true;
    signature.inode = inode;
    return signature;
  }

  FileWatch::Looks looks{{"a", file(1)}, {"b", file(2)}};
  FileWatch watch;
};

TEST_F(FileWatchTest, tells_a_change_once_when_it_has_stood_still_for_one_look) {
  looks["b"] = file(3);
  EXPECT_FALSE(watch.changed(looks));
  EXPECT_TRUE(watch.changed(looks));
  EXPECT_FALSE(watch.changed(looks));
  EXPECT_FALSE(watch.changed(looks));
}

TEST_F(FileWatchTest, waits_while_a_file_is_being_written) {
  for (const std::int64_t size : {0, 10, 20}) {
    looks["a"].size = size + 1;
    EXPECT_FALSE(watch.changed(looks)) << size;
  }
  EXPECT_TRUE(watch.changed(looks));
}

TEST_F(FileWatchTest, tells_nothing_of_a_file_that_is_back_as_it_was) {
  auto gone = looks;
  gone["a"] = {};
  EXPECT_FALSE(watch.changed(gone));
  EXPECT_FALSE(watch.changed(looks));
  EXPECT_FALSE(watch.changed(looks));
}

TEST_F(FileWatchTest, tells_of_a_file_that_stays_away) {
  looks["a"] = {};
  EXPECT_FALSE(watch.changed(looks));
  EXPECT_TRUE(watch.changed(looks));
}

TEST_F(FileWatchTest, counts_what_it_is_to_follow_anew_as_changed_and_nothing_else) {
  watch.follow({"a", "b", "c"});
  looks["c"] = file(4);
  EXPECT_FALSE(watch.changed(looks));
  EXPECT_TRUE(watch.changed(looks));
  watch.follow({"a", "c"});
  looks.erase("b");
  EXPECT_FALSE(watch.changed(looks));
  EXPECT_FALSE(watch.changed(looks)) << "less to look at is no change";
}

/// As the kubelet does it: a new folder, a new link, renamed over `..data`; the file's own link stays as it is.
TEST(LookAt, sees_that_kubernetes_has_swapped_the_link_data) {
  const auto folder = fs::temp_directory_path() / ("watch_file_test." + std::to_string(::getpid()));
  fs::create_directories(folder / "..1");
  fs::create_directories(folder / "..2");
  std::ofstream(folder / "..1" / "tributary.yaml") << "same length: 1";
  std::ofstream(folder / "..2" / "tributary.yaml") << "same length: 2";
  fs::create_directory_symlink("..1", folder / "..data");
  fs::create_symlink("..data/tributary.yaml", folder / "tributary.yaml");
  const std::vector<fs::path> paths{folder / "tributary.yaml", folder / "not-there"};
  const auto before = look_at(paths);
  EXPECT_EQ(before, look_at(paths));
  EXPECT_TRUE(before.at(paths[0]).present);
  EXPECT_FALSE(before.at(paths[1]).present);
  fs::create_directory_symlink("..2", folder / "..data_tmp");
  fs::rename(folder / "..data_tmp", folder / "..data");
  EXPECT_NE(before, look_at(paths));
  fs::remove_all(folder);
}

}  // namespace
}  // namespace tributary::daemon
