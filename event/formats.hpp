#pragma once

#include <string_view>

namespace tributary::event {

// RFC 3339 date-time: real calendar days, an offset or Z (any case), second 60 only where it is 23:59 in UTC.
// Thread: any.
bool is_date_time(std::string_view text);

// RFC 3986 URI with a scheme (not a relative reference, not an IRI).
// Thread: any.
bool is_uri(std::string_view text);

}  // namespace tributary::event
