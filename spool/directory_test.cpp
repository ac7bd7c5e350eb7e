#include "spool/directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace tributary::spool {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class DirectoryTest : public testing::Test {
 protected:
  DirectoryTest() : folder(fs::temp_directory_path() / ("directory_test." + std::to_string(::getpid()))) {
    fs::remove_all(folder);
    fs::create_directories(folder);
  }
  ~DirectoryTest() override { fs::remove_all(folder); }

  static std::unique_ptr<Directory> open(const fs::path& path) {
    auto opened = Directory::open(path);
    if (auto* fault = std::get_if<std::string>(&opened)) ADD_FAILURE() << *fault;
    return std::get<std::unique_ptr<Directory>>(std::move(opened));
  }
  static std::string refusal(const fs::path& path) {
    auto opened = Directory::open(path);
    return std::holds_alternative<std::string>(opened) ? std::get<std::string>(opened) : "opened";
  }
  static unsigned mode(const fs::path& path) {
    struct stat status {};
    ::stat(path.c_str(), &status);
    return status.st_mode & 0777U;
  }
  static std::string text(const fs::path& path) {
    std::ostringstream all;
    all << std::ifstream(path).rdbuf();
    return all.str();
  }

  const fs::path folder;
};

TEST_F(DirectoryTest, is_made_for_its_owner_alone_with_what_is_above_it) {
  const auto directory = open(folder / "var" / "tributary");
  EXPECT_EQ(mode(folder / "var" / "tributary"), 0700U);
  EXPECT_EQ(mode(folder / "var"), 0700U);
  EXPECT_EQ(mode(folder / "var" / "tributary" / "lock"), 0600U);
  EXPECT_EQ(text(folder / "var" / "tributary" / "lock"), std::to_string(::getpid()) + "\n");
}

TEST_F(DirectoryTest, is_of_one_at_a_time_and_the_second_writes_nothing) {
  {
    const auto directory = open(folder);
    std::ofstream(folder / "lock") << "4711\n";  // as if by another
    const auto written = fs::last_write_time(folder / "lock");
    const auto refused = refusal(folder);
    EXPECT_THAT(refused, HasSubstr("is in use by another process, 4711: end that one"));
    EXPECT_THAT(refused, HasSubstr("spool.directory"));
    EXPECT_EQ(fs::last_write_time(folder / "lock"), written);
    EXPECT_EQ(text(folder / "lock"), "4711\n");
  }
  open(folder);
}

TEST_F(DirectoryTest, says_why_it_cannot_be_used_and_changes_nothing_for_that) {
  std::ofstream(folder / "file") << "x";
  EXPECT_EQ(Directory::fault_of(folder), "");
  EXPECT_EQ(Directory::fault_of(folder / "new" / "er"), "");
  EXPECT_FALSE(fs::exists(folder / "new"));
  EXPECT_THAT(Directory::fault_of(folder / "file"), HasSubstr("is no directory"));
  EXPECT_THAT(Directory::fault_of(folder / "file" / "in"), HasSubstr("cannot be made: "));
  EXPECT_THAT(refusal(folder / "file"), HasSubstr("is no directory"));
  EXPECT_THAT(refusal(folder / "file" / "in"), HasSubstr("cannot be made: Not a directory"));
}

TEST_F(DirectoryTest, names_the_file_of_a_sink_and_finds_it_again) {
  const auto directory = open(folder);
  EXPECT_EQ(directory->file_of("main.events-2_b"), folder / "main.events-2_b.spool");
  EXPECT_EQ(directory->file_of("a/b %c"), folder / "a%2Fb%20%25c.spool");
  EXPECT_EQ(directory->file_of("~a.b_c-D"), folder / "%7Ea.b_c-D.spool") << "as earlier versions named it";
  EXPECT_EQ(make_private(directory->file_of("a/b %c")), 0);
  EXPECT_EQ(make_private(directory->file_of("b")), 0);
  EXPECT_EQ(mode(directory->file_of("b")), 0600U);
  std::ofstream(folder / "memory.db") << "x";
  EXPECT_THAT(Directory::sinks_in(folder), testing::ElementsAre("a/b %c", "b"));
  EXPECT_THAT(Directory::sinks_in(folder / "missing"), testing::IsEmpty());
}

TEST_F(DirectoryTest, one_that_was_removed_is_made_and_locked_again) {
  const auto directory = open(folder / "spool");
  EXPECT_EQ(directory->hold(), "");
  fs::remove_all(folder / "spool");
  EXPECT_EQ(directory->hold(), "");
  EXPECT_EQ(text(folder / "spool" / "lock"), std::to_string(::getpid()) + "\n");
  EXPECT_THAT(refusal(folder / "spool"), HasSubstr("is in use by another process"));
}

TEST_F(DirectoryTest, one_that_another_process_has_taken_meanwhile_is_left_to_it) {
  const auto directory = open(folder / "spool");
  fs::remove_all(folder / "spool");
  const auto other = open(folder / "spool");
  EXPECT_THAT(directory->hold(), HasSubstr("is in use by another process"));
}

}  // namespace
}  // namespace tributary::spool
