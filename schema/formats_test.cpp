#include "schema/formats.hpp"

#include <gtest/gtest.h>

namespace tributary::schema {
namespace {

TEST(DateTime, IsWhatRfc3339Writes) {
  for (const char* text : {"2026-10-01T12:34:56Z", "2026-10-01T12:34:56.789Z", "2026-10-01t12:34:56.123456789z",
                           "1937-01-01T12:00:27.87+00:20", "2024-02-29T00:00:00-23:59", "2000-02-29T00:00:00Z",
                           "0000-01-01T00:00:00Z", "2026-10-01T12:34:56-00:00"}) {
    EXPECT_TRUE(is_date_time(text)) << text;
  }
  for (const char* text : {"",
                           "2026-10-01",
                           "2026-10-01 12:34:56Z",
                           "2026-10-01T12:34:56",
                           "2026-10-01T12:34:56.Z",
                           "2026-10-01T12:34Z",
                           "2026-13-01T12:34:56Z",
                           "2026-00-01T12:34:56Z",
                           "2026-04-31T12:34:56Z",
                           "2026-02-29T12:34:56Z",
                           "1900-02-29T00:00:00Z",
                           "2026-10-00T12:34:56Z",
                           "2026-10-01T24:00:00Z",
                           "2026-10-01T12:60:56Z",
                           "2026-10-01T12:34:56+24:00",
                           "2026-10-01T12:34:56+01:60",
                           "2026-10-01T12:34:56+0100",
                           "2026-10-01T12:34:56+01",
                           "2026-10-01T12:34:56ZZ",
                           "+2026-10-01T12:34:56Z",
                           "2026-10-01T12:34:5 Z",
                           "2026-10-0\xd9\xa1T12:34:56Z"}) {
    EXPECT_FALSE(is_date_time(text)) << text;
  }
}

TEST(DateTime, HasALeapSecondOnlyBeforeMidnightUtc) {
  for (const char* text : {"1998-12-31T23:59:60Z", "1998-12-31T15:59:60.123-08:00", "1999-01-01T05:29:60+05:30"}) {
    EXPECT_TRUE(is_date_time(text)) << text;
  }
  for (const char* text :
       {"1998-12-31T23:59:61Z", "1998-12-31T23:58:60Z", "1998-12-31T22:59:60Z", "1998-12-31T23:59:60+01:00"}) {
    EXPECT_FALSE(is_date_time(text)) << text;
  }
}

TEST(Uri, IsAbsoluteAndEscaped) {
  for (const char* text :
       {"https://cdn.example.org/a.png", "http://foo.bar/?baz=qux#quux", "urn:a:b", "mailto:a@b.c", "a:", "file:///a",
        "http://[::1]:8080/", "http://[1:2:3:4:5:6:7:8]", "http://[::ffff:1.2.3.4]", "http://[v1.a:b]/",
        "http://u:p@h:80/", "http://h:", "x+y.z-1://h", "http://h/%41", "http://h?a/b?c", "data:text/plain,a%20b"}) {
    EXPECT_TRUE(is_uri(text)) << text;
  }
  for (const char* text : {"",
                           "abc",
                           "/a",
                           "//h/a",
                           "1a:b",
                           "a b:c",
                           ":a",
                           "http://h/a b",
                           "http://h/%4",
                           "http://h/%zz",
                           "http://h/<a>",
                           "http://h/\"",
                           "http://h/{a}",
                           "http://h/[a]",
                           "http://[::1",
                           "http://[1:2:3]",
                           "http://[::1::]",
                           "http://[1:2:3:4:5:6:7:8:9]",
                           "http://[::1]x",
                           "http://h:8a/",
                           "http://h/#a#b",
                           "http://h/\xc3\xa4",
                           "http://a@b@c/",
                           "\\\\host\\share",
                           "http://[::256.1.1.1]"}) {
    EXPECT_FALSE(is_uri(text)) << text;
  }
}

}  // namespace
}  // namespace tributary::schema
