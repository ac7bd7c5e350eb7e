#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace tributary::event {

/// The first 24 lowercase hex digits of SHA-256 over the UTF-8 fields joined by one `\n`: how every id that no
/// upstream gave is made. Test vectors stand in id_test.cpp.
std::string derived_id(std::initializer_list<std::string_view> fields);

/// Lowercase hex of the whole SHA-256.
std::string sha256_hex(std::string_view bytes);

}  // namespace tributary::event
