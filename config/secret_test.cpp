#include "config/secret.hpp"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <thread>
#include <type_traits>

#include "config/fixture.hpp"
#include "config/running_commands.hpp"

namespace tributary::config {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

static_assert(!std::is_copy_constructible_v<SecretValue>);
static_assert(!std::is_convertible_v<SecretValue, std::string>);
static_assert(!std::is_convertible_v<SecretValue, std::string_view>);

// What read() gave, as text: the secret, or "fault: …".
std::string outcome(const Secret& secret) {
  const auto result = SecretReader().read(secret);
  if (const auto* value = std::get_if<SecretValue>(&result)) return std::string(value->reveal());
  return "fault: " + std::get<SecretFault>(result).message;
}

Secret file(const std::filesystem::path& path) {
  Secret secret;
  secret.kind = Secret::Kind::file;
  secret.name = path.filename().string();
  secret.path = path;
  return secret;
}

Secret named(Secret::Kind kind, std::string name) {
  Secret secret;
  secret.kind = kind;
  secret.name = std::move(name);
  return secret;
}

Secret command(std::vector<std::string> words, Duration timeout = 10s) {
  Secret secret;
  secret.kind = Secret::Kind::command;
  secret.command = std::move(words);
  secret.timeout = timeout;
  return secret;
}

// Within ten seconds. Orphaned, it may stay a zombie where nothing reaps orphans.
bool is_gone(pid_t child) {
  const auto runs = [child] {
    std::ifstream status("/proc/" + std::to_string(child) + "/stat");
    std::string number, name, state;
    return (status >> number >> name >> state) && state != "Z" && state != "X";
  };
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (runs() && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  return !runs();
}

TEST(SecretValue, leaves_nothing_in_what_it_was_made_or_moved_from) {
  for (const std::string& text : {std::string("fake"), std::string(300, 'f')}) {
    std::string source = text;
    SecretValue first(std::move(source));
    EXPECT_TRUE(source.empty());  // NOLINT(bugprone-use-after-move): that is the point
    SecretValue second(std::move(first));
    EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move)
    EXPECT_EQ(second.reveal(), text);
    EXPECT_EQ(second.copy().reveal(), text);
    first = std::move(second);
    EXPECT_EQ(first.reveal(), text);
  }
}

TEST(SecretValue, wipes_its_bytes_when_assigned_over) {
  SecretValue secret(std::string("fake-hush"));  // short: the bytes are inside the object
  const char* const bytes = secret.reveal().data();
  secret = SecretValue();
  EXPECT_EQ(std::string(bytes, 9).find("hush"), std::string::npos);
}

TEST(SecretReader, reads_a_file_anew_each_time_and_cuts_its_line_end) {
  const fixture::Directory files;
  const auto secret = file(files.write("token", "fake-1\n"));
  EXPECT_EQ(outcome(secret), "fake-1");
  files.write("token", "fake-2\r\n");
  EXPECT_EQ(outcome(secret), "fake-2");
  files.write("token", " fake 3 ");
  EXPECT_EQ(outcome(secret), " fake 3 ");
}

TEST(SecretReader, follows_symbolic_links) {
  const fixture::Directory files;
  files.write("v1/token", "fake-1");
  files.write("v2/token", "fake-2");
  std::filesystem::create_symlink("v1", files / "..data");
  std::filesystem::create_symlink("..data/token", files / "token");
  EXPECT_EQ(outcome(file(files / "token")), "fake-1");
  std::filesystem::remove(files / "..data");
  std::filesystem::create_symlink("v2", files / "..data");
  EXPECT_EQ(outcome(file(files / "token")), "fake-2");
}

TEST(SecretReader, says_why_a_file_gives_no_secret) {
  const fixture::Directory files;
  EXPECT_THAT(outcome(file(files / "none")), HasSubstr("cannot be read: No such file"));
  EXPECT_THAT(outcome(file(files.write("empty", "\n"))), HasSubstr("is empty"));
  EXPECT_THAT(outcome(file(files / "")), HasSubstr("is not a regular file"));
  ASSERT_EQ(::mkfifo((files / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(outcome(file(files / "pipe")), HasSubstr("is not a regular file"));
  EXPECT_EQ(outcome(file(files.write("full", std::string(secret_limit, 'f') + "\n"))), std::string(secret_limit, 'f'));
  EXPECT_THAT(outcome(file(files.write("huge", std::string(secret_limit + 1, 'f')))), HasSubstr("larger than 64KiB"));
  EXPECT_THAT(outcome(file(files.write("giant", std::string(1'000'000, 'f')))), HasSubstr("larger than 64KiB"));
}

TEST(SecretReader, reads_the_environment_and_credentials) {
  const fixture::Directory files;
  ASSERT_EQ(::setenv("TRIBUTARY_TEST_SECRET", "fake-env", 1), 0);
  EXPECT_EQ(outcome(named(Secret::Kind::env, "TRIBUTARY_TEST_SECRET")), "fake-env");
  EXPECT_EQ(outcome(named(Secret::Kind::env, "TRIBUTARY_TEST_NONE")), "fault: env TRIBUTARY_TEST_NONE is not set");
  ::unsetenv("CREDENTIALS_DIRECTORY");
  EXPECT_THAT(outcome(named(Secret::Kind::credential, "token")), HasSubstr("CREDENTIALS_DIRECTORY is not set"));
  files.write("token", "fake-credential\n");
  ASSERT_EQ(::setenv("CREDENTIALS_DIRECTORY", (files / "").c_str(), 1), 0);
  EXPECT_EQ(outcome(named(Secret::Kind::credential, "token")), "fake-credential");
  ::unsetenv("CREDENTIALS_DIRECTORY");
}

TEST(SecretReader, gives_a_value_as_it_is) {
  EXPECT_EQ(outcome(named(Secret::Kind::value, " fake ")), " fake ");
  EXPECT_EQ(outcome(named(Secret::Kind::value, "fake\n")), "fake");  // a block of YAML ends with a line end
  EXPECT_EQ(outcome(Secret{}), "fault: no secret is configured");
}

TEST(SecretReader, runs_a_command_without_a_shell_in_the_directory_of_its_file) {
  const fixture::Directory files;
  EXPECT_EQ(outcome(command({"echo", "fake $HOME;", "* x"})), "fake $HOME; * x");
  files.write("fetch", "#!/bin/sh\necho fake-fetched\n");
  std::filesystem::permissions(files / "fetch", std::filesystem::perms::owner_all);
  Secret relative = command({"./fetch"});
  relative.directory = files / "";
  EXPECT_EQ(outcome(relative), "fake-fetched");
}

TEST(SecretReader, drops_a_byte_order_mark_wherever_a_secret_comes_from) {
  const fixture::Directory files;
  const std::string marked =
      "\xef\xbb\xbf"
      "fake-1";
  EXPECT_EQ(outcome(file(files.write("token", marked + "\r\n"))), "fake-1");
  EXPECT_EQ(outcome(command({"cat", (files / "token").string()})), "fake-1");
  EXPECT_EQ(outcome(file(files.write("only", "\xef\xbb\xbf\n"))),
            "fault: file " + (files / "only").string() + " is empty");
  EXPECT_EQ(outcome(file(files.write("full", "\xef\xbb\xbf" + std::string(secret_limit, 'f') + "\r\n"))),
            std::string(secret_limit, 'f'));
  ASSERT_EQ(::setenv("TRIBUTARY_TEST_SECRET", (marked + "\n").c_str(), 1), 0);
  EXPECT_EQ(outcome(named(Secret::Kind::env, "TRIBUTARY_TEST_SECRET")), "fake-1");
  ASSERT_EQ(::setenv("CREDENTIALS_DIRECTORY", (files / "").c_str(), 1), 0);
  EXPECT_EQ(outcome(named(Secret::Kind::credential, "token")), "fake-1");
  ::unsetenv("CREDENTIALS_DIRECTORY");
  EXPECT_EQ(outcome(named(Secret::Kind::value, marked)), "fake-1");
}

TEST(SecretReader, refuses_what_is_no_plain_text_on_one_line_and_shows_none_of_it) {
  const fixture::Directory files;
  const auto of = [&](std::string_view content) {
    const auto said = outcome(file(files.write("token", content)));
    EXPECT_EQ(said.find("hush"), std::string::npos);
    return said.substr(said.find("token ") + 6);
  };
  const std::string utf16 = "is in UTF-16, as Windows writes it; expected UTF-8: save it again as UTF-8";
  EXPECT_EQ(of(std::string_view("\xff\xfe"
                                "h\0u\0s\0h\0",
                                10)),
            utf16);
  EXPECT_EQ(of(std::string_view("\xfe\xff"
                                "\0h\0u\0s\0h",
                                10)),
            utf16);
  EXPECT_EQ(of(std::string_view("h\0u\0s\0h\0", 8)), utf16);
  EXPECT_EQ(of("hush\xff"), "is not in UTF-8; save it again as UTF-8");
  for (const auto* lines : {"hush\nhush\n", "hush\r\nhush", "\nhush", "hush\rhush"}) {
    EXPECT_EQ(of(lines), "has a line break inside; expected one line");
  }
  for (const auto* control : {"hush\x01", "hu\tsh", "hush\x7f", "hush\xc2\x85", "hush\x1b[0m"}) {
    EXPECT_EQ(of(control), "has a control character inside; expected plain text");
  }
  EXPECT_EQ(outcome(file(files.write("token", "h\xc3\xbcsch \xe2\x82\xac"))), "h\xc3\xbcsch \xe2\x82\xac");
}

TEST(SecretReader, lets_pem_have_lines) {
  const fixture::Directory files;
  const std::string pem = "-----BEGIN FAKE-----\nZmFrZQ==\n-----END FAKE-----";
  const auto secret = file(files.write("key", pem + "\n"));
  const auto read = SecretReader().read(secret, lines_of("sinks.events.librdkafka.ssl.key.pem"));
  ASSERT_TRUE(std::holds_alternative<SecretValue>(read));
  EXPECT_EQ(std::get<SecretValue>(read).reveal(), pem);
  EXPECT_THAT(outcome(secret), HasSubstr("has a line break inside"));
  EXPECT_EQ(lines_of("sinks.events.security.password"), SecretLines::one);
}

TEST(SecretReader, says_how_a_command_failed_and_never_what_it_printed) {
  EXPECT_EQ(outcome(command({"sh", "-c", "echo fake-hush; exit 3"})), "fault: command sh exited with 3");
  EXPECT_EQ(outcome(command({"sh", "-c", "echo fake-hush; echo 'no such user' >&2; exit 3"})),
            "fault: command sh exited with 3: \"no such user\"");
  EXPECT_EQ(outcome(command({"sh", "-c", "echo fake-hush; echo got fake-hush >&2; exit 3"})),
            "fault: command sh exited with 3: \"got <redacted>\"");
  EXPECT_EQ(outcome(command({"sh", "-c", "echo waiting >&2; sleep 1000"}, 3s)),
            "fault: command sh took longer than 3s and was killed: \"waiting\"");
  EXPECT_EQ(outcome(command({"sh", "-c", "yes trouble | head -c 1000000 >&2; echo fake"})), "fake");
  EXPECT_EQ(outcome(command({"sh", "-c", "echo fake-hush; kill -TERM $$"})),
            "fault: command sh was ended by signal 15");
  EXPECT_EQ(outcome(command({"/nowhere/at-all"})),
            "fault: command /nowhere/at-all cannot be started: No such file or directory");
  EXPECT_EQ(outcome(command({"true"})),
            "fault: command true prints nothing; expected the secret on its standard output");
  EXPECT_THAT(outcome(command({"head", "-c", "1000000", "/dev/zero"})), HasSubstr("printed more than"));
}

TEST(SecretReader, kills_the_whole_process_group_of_a_command_that_takes_too_long) {
  const fixture::Directory files;
  const std::string script = "sleep 1000 & echo $! > " + (files / "child").string() + "; wait";
  EXPECT_EQ(outcome(command({"sh", "-c", script}, 3s)), "fault: command sh took longer than 3s and was killed");
  pid_t child = 0;
  std::ifstream(files / "child") >> child;
  ASSERT_GT(child, 1);
  EXPECT_TRUE(is_gone(child));
}

// The number that a command wrote into a file, once it has.
pid_t number_in(const std::filesystem::path& file) {
  pid_t number = 0;
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (number <= 1 && std::chrono::steady_clock::now() < deadline) {
    std::ifstream(file) >> number;
    std::this_thread::yield();
  }
  return number;
}

// In a process of its own, since it is for good.
TEST(SecretReaderDeathTest, a_stop_ends_a_command_with_its_whole_group_and_lets_none_begin) {
  GTEST_FLAG_SET(death_test_style, "fast");  // this process has no other thread, and both see one directory
  const fixture::Directory files;
  const auto child = (files / "child").string();
  EXPECT_EXIT(
      {
        std::thread stop([&] {
          number_in(child);
          end_commands();
        });
        const auto begin = std::chrono::steady_clock::now();
        // The grandchild leaves the pipe open and the group behind: neither may hold the stop up.
        const std::string script =
            "setsid sleep 20 & sleep 1000 & echo $! > " + child + ".new; mv " + child + ".new " + child + "; wait";
        auto read = SecretReader().read(command({"sh", "-c", script}, 60s));
        stop.join();
        const auto fault = std::get<SecretFault>(read);
        const bool soon = std::chrono::steady_clock::now() - begin < 15s;
        const auto after = std::get<SecretFault>(SecretReader().read(command({"touch", child + ".after"})));
        const bool begun = std::filesystem::exists(child + ".after");
        std::cerr << fault.message << "|" << soon << fault.stopped << after.stopped << begun << std::endl;
        std::_Exit(0);
      },
      testing::ExitedWithCode(0), "command sh was ended, because the program stops\\|1110");
  const pid_t sleeper = number_in(child);
  ASSERT_GT(sleeper, 1);
  EXPECT_TRUE(is_gone(sleeper));
}

TEST(SecretReader, does_not_wait_for_ever_on_a_grandchild_that_keeps_the_pipe) {
  EXPECT_THAT(outcome(command({"sh", "-c", "sleep 1000 & echo fake"}, 500ms)), HasSubstr("took longer than 500ms"));
}

TEST(SecretReader, gives_a_command_no_descriptor_of_ours_and_no_blocked_signal) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);  // without CLOEXEC on purpose
  EXPECT_EQ(outcome(command({"sh", "-c", "ls /proc/$$/fd | sort -n | tr '\\n' ' '"})).substr(0, 6), "0 1 2 ");
  const std::string beyond = "[ -e /proc/$$/fd/" + std::to_string(ends[0]) + " ] && echo open || echo closed";
  EXPECT_EQ(outcome(command({"sh", "-c", beyond})), "closed");
  ::close(ends[0]);
  ::close(ends[1]);
  EXPECT_EQ(outcome(command({"sh", "-c", "read -r line || echo end"})), "end");
}

TEST(SecretWatch, sees_a_change_once_and_never_at_the_first_look) {
  SecretWatch watch(file("token"));
  const FileSignature before{true, 1, 10, 5, 100, 100};
  const FileSignature after{true, 1, 11, 5, 100, 100};
  EXPECT_FALSE(watch.changed(before));
  EXPECT_FALSE(watch.changed(before));
  EXPECT_TRUE(watch.changed(after));
  EXPECT_FALSE(watch.changed(after));
}

TEST(SecretWatch, takes_a_file_that_vanishes_for_a_change_only_when_it_is_back_and_different) {
  SecretWatch watch(file("token"));
  const FileSignature before{true, 1, 10, 5, 100, 100};
  const FileSignature after{true, 1, 10, 5, 200, 200};
  EXPECT_FALSE(watch.changed(before));
  EXPECT_FALSE(watch.changed(FileSignature{}));
  EXPECT_FALSE(watch.changed(before));
  EXPECT_FALSE(watch.changed(FileSignature{}));
  EXPECT_TRUE(watch.changed(after));
}

TEST(SecretWatch, sees_a_file_that_appears_and_a_directory_link_that_is_swapped) {
  const fixture::Directory files;
  SecretWatch watch(file(files / "token"));
  EXPECT_FALSE(watch.changed());
  files.write("v1/token", "fake-1");
  files.write("v2/token", "fake-2");
  std::filesystem::create_symlink("v1", files / "..data");
  std::filesystem::create_symlink("..data/token", files / "token");
  EXPECT_TRUE(watch.changed());
  EXPECT_FALSE(watch.changed());
  std::filesystem::create_symlink("v2", files / "..new");
  std::filesystem::rename(files / "..new", files / "..data");
  EXPECT_TRUE(watch.changed());
}

TEST(SecretWatch, never_sees_a_change_of_what_is_no_file) {
  SecretWatch watch(named(Secret::Kind::env, "X"));
  EXPECT_FALSE(watch.changed());
  EXPECT_FALSE(watch.changed());
}

}  // namespace
}  // namespace tributary::config
