#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tributary::schema {

struct JsonFault {
  std::size_t offset = 0;
  std::string message;  // what is there and what was expected, without a full stop; "": nothing is wrong
};

// The first place where a text is not JSON (RFC 8259), in words for who wrote it by hand. Slow, and only for texts that
// simdjson refused, which says neither. Nesting is bounded as simdjson's is. Pure. Thread: any.
JsonFault json_fault(std::string_view text);

}  // namespace tributary::schema
