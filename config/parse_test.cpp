// YAML that is broken, or built to break a reader.
#include <gmock/gmock.h>

#include <string>

#include "config/fixture.hpp"

namespace tributary::config {
namespace {

using fixture::faults;
using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

std::string repeated(std::string_view text, std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all += text;
  return all;
}

TEST(Parse, takes_quotes_of_every_kind_and_none_that_stay_open) {
  for (const auto* open : {"\"open\n", "'open\n", "\"open \\\"\n", "\"open", "'it''s\n\n  ", "&a \"open\n"}) {
    EXPECT_THAT(faults("version: 1\ninstance: " + std::string(open)),
                ElementsAre(HasSubstr("the quotes that begin here do not end")))
        << open;
  }
  EXPECT_THAT(faults("\xef\xbb\xbfversion: 1\ninstance: 'b\xc3\xa4ume: it''s \"'\n"), IsEmpty());
  EXPECT_THAT(faults("version: 1\ninstance: it's\n  'x'\n"), IsEmpty());
}

TEST(Parse, keeps_the_faults_found_before_broken_syntax) {
  EXPECT_THAT(faults("version: 1\nversion: 1\nlimits: {\n"),
              ElementsAre("t.yaml:2:1: the key `version` is here twice; the first is at line 1",
                          "t.yaml:3:9: the `{` that begins here is not closed; expected `}`"));
}

TEST(Parse, expands_aliases_and_merges_maps_that_are_asked_for) {
  const Loaded loaded = fixture::read(
      "version: 1\nconnectors:\n  a: &base {type: gauge, url: 'ws://x', auth: {token: {env: T}}, nap: 1s}\n"
      "  b: {<<: *base, nap: 2s}\n  c: *base\n");
  ASSERT_TRUE(loaded.settings) << format(loaded.faults.at(0));
  EXPECT_EQ(loaded.settings->connector("b")->as<fixture::Gauge>().nap, std::chrono::seconds(2));
  EXPECT_EQ(loaded.settings->connector("b")->as<fixture::Gauge>().token.name, "T");
  EXPECT_EQ(loaded.settings->connector("c")->as<fixture::Gauge>().nap, std::chrono::seconds(1));
}

TEST(Parse, refuses_a_second_merge_in_one_map) {
  const auto merging = [](std::string_view merges) {
    return faults(
        "version: 1\nconnectors:\n  a: &a {type: gauge, url: 'ws://x', auth: {token: {env: T}}}\n"
        "  b: {" +
        std::string(merges) + "}\n");
  };
  EXPECT_THAT(
      merging("<<: *a, <<: *a"),
      ElementsAre("t.yaml:4:15: the key `<<` is here twice; the first is at line 4: merge both with `<<: [*a, *b]`"));
  EXPECT_THAT(merging("<<: [*a, *a]"), IsEmpty());
}

TEST(Parse, bounds_what_aliases_expand_to) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before + repeated(", " + before, 9) + "]\n";
  }
  EXPECT_THAT(faults(text), ElementsAre(HasSubstr("more than 2000000 values in all files")));
  const std::string long_text = "a: &a \"" + std::string(900'000, 'x') + "\"\nb: [*a" + repeated(", *a", 100) + "]\n";
  EXPECT_THAT(faults(long_text), ElementsAre(HasSubstr("more than 64MiB of text in all files")));
}

TEST(Parse, bounds_the_depth_that_aliases_build) {
  std::string text = "a0: &a0 [x]\n";
  for (int i = 1; i < 100; ++i) {
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
  }
  EXPECT_THAT(faults(text), ElementsAre(HasSubstr("nested deeper than 64 levels")));
}

TEST(Parse, refuses_an_alias_inside_its_own_value) {
  EXPECT_THAT(faults("version: 1\nlimits: &a {pause: *a}\n"),
              ElementsAre("t.yaml:2:20: an alias inside the value it stands for"));
}

TEST(Parse, bounds_nesting_of_every_form) {
  for (const auto* form : {"[", "{a: ", "- ", "? ", "{", "[{", "[[a, ", "- - ? "}) {
    for (const std::size_t count : {65U, 1'000U, 100'000U}) {
      EXPECT_THAT(faults("a: 1\nb: " + repeated(form, count)), SizeIs(testing::Ge(1))) << form;
      EXPECT_THAT(faults(repeated(form, count)), SizeIs(testing::Ge(1))) << form;
    }
  }
  EXPECT_THAT(faults("version: 1\nx: " + repeated("[", 80) + repeated("]", 80) + "\n"),
              ElementsAre("t.yaml:2:67: nested deeper than 64 levels"));
}

TEST(Parse, bounds_the_size_of_a_file) {
  EXPECT_THAT(faults("#" + std::string(file_limit, 'x')),
              ElementsAre("t.yaml: larger than 64MiB, together with the files before it"));
}

TEST(Parse, bounds_what_the_library_reads_ahead_of_a_value) {
  // it would keep each bracket until one of them is closed
  EXPECT_THAT(faults("version: 1\nx: " + repeated("[\n", 1'000'000)),
              ElementsAre(AnyOf(HasSubstr("without a value"), HasSubstr("nested deeper than 64 levels"))));
  EXPECT_THAT(faults("version: 1\n" + repeated("# a comment\n", 200'000)),
              ElementsAre(HasSubstr("more than 1MiB from here without a value")));
}

TEST(Parse, refuses_what_is_no_text_file) {
  EXPECT_THAT(faults(std::string_view("version: 1\0", 11)), ElementsAre("t.yaml:1:11: not a text in UTF-8"));
  EXPECT_THAT(
      faults(std::string_view("\xff\xfe"
                              "v\0e\0r\0",
                              8)),
      ElementsAre("t.yaml:1:1: the file is in UTF-16, as Windows writes it; expected UTF-8: save it again as UTF-8"));
  EXPECT_THAT(faults("version: 1\ninstance: a\xff\n"), ElementsAre("t.yaml:2:12: not a text in UTF-8"));
  EXPECT_THAT(faults("version: 1\ninstance: \"a\\0b\"\n"), testing::Contains("t.yaml:2:11: a zero byte in a text"));
}

TEST(Parse, refuses_keys_that_are_no_text_and_tags_that_mean_nothing) {
  EXPECT_THAT(faults("version: 1\n[a]: b\n"), ElementsAre("t.yaml:2:1: a key must be a text, found a list"));
  EXPECT_THAT(faults("version: 1\ninstance: {{ host }}\n"),
              ElementsAre("t.yaml:2:12: a key must be a text, found a map; put a text that begins with `{` in quotes"));
  EXPECT_THAT(faults("version: !secret 1\n"),
              ElementsAre(HasSubstr("the tag `!secret` means nothing here; expected a plain value")));
  EXPECT_THAT(faults("version: !!int 1\ninstance: !!str 5\n"), IsEmpty());
}

TEST(Parse, refuses_a_second_document) {
  EXPECT_THAT(
      faults("version: 1\n---\nversion: 1\n"),
      ElementsAre(
          "t.yaml:2:1: a second document in the file; expected one: put all keys into the first, without `---`"));
  EXPECT_THAT(faults("---\nversion: 1\n...\n"), IsEmpty());
  EXPECT_THAT(faults("[section]\nversion=1\n"),
              ElementsAre("t.yaml:2:1: text behind the end of the document; expected nothing more"));
}

TEST(Parse, reads_a_file_with_a_byte_order_mark_and_carriage_returns) {
  EXPECT_THAT(faults("\xef\xbb\xbfversion: 1\r\nio_threads: 2\r\n"), IsEmpty());
}

}  // namespace
}  // namespace tributary::config
