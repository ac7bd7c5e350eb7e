// Words for people in fault messages: those of text/spelling, and what only a configuration has. Pure. Thread: any.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "text/spelling.hpp"

namespace tributary::config {

using text::alternatives;
using text::bad_utf8;
using text::escaped;
using text::nearest;
using text::quote;
using text::suggestion;

// "path[3]": an item of a list.
std::string item_path(const std::string& path, std::size_t index);

// [A-Za-z0-9][A-Za-z0-9._-]{0,63}: the name of a connector or sink.
bool is_name(std::string_view text);

}  // namespace tributary::config
