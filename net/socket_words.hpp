#pragma once

#include <string>

/// The system's words for a socket that failed, made into what a person can use. `error` is an errno.
namespace tributary::net {

/// Why there is no connection to `where`, an address and port: "nobody listens at 192.0.2.1:443 (connection refused)".
std::string connect_words(const std::string& where, int error);

/// What to do about it, to be put behind, "" when there is nothing: "; is the server up, and is the port right?".
std::string connect_remedy(int error);

/// Why a connection that stood is gone: "the other side reset the connection".
std::string broken_words(int error);

}  // namespace tributary::net
