#pragma once

#include <string_view>

namespace tributary::schema {

// RFC 3339 date-time: real calendar days, an offset or Z (any case), second 60 only where it is 23:59 in UTC.
// Thread: any.
bool is_date_time(std::string_view text);

// The two halves of a date-time by themselves. Thread: any.
bool is_date(std::string_view text);
bool is_time(std::string_view text);

// Four decimal numbers without leading zeros; RFC 4291 without a zone. Thread: any.
bool is_ipv4(std::string_view text);
bool is_ipv6(std::string_view text);

// RFC 3986 URI with a scheme (not a relative reference, not an IRI).
// Thread: any.
bool is_uri(std::string_view text);

// The same, or a relative reference. Thread: any.
bool is_uri_reference(std::string_view text);

}  // namespace tributary::schema
