#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "net/upgrade.hpp"

namespace tributary::admin {

// What `status`, `tap` and `reload` ask a running program. All of it blocks. Thread: any.

/// Where a running program is asked.
struct AskedProgram {
  std::string url;    ///< http://host:port
  std::string token;  ///< "": none
};

struct Found {
  std::optional<AskedProgram> target;
  std::string fault;  ///< why there is none, and what to do: a sentence
};

/// The program that runs with this configuration, by its run file. `state`: its state directory, empty when it is not
/// known. `configuration` may be empty: then the only one that runs for this user, or has the usual state directory.
Found find_running(const std::filesystem::path& state, const std::filesystem::path& configuration);

struct Response {
  int status = 0;  ///< 0: there is no answer, and `fault` says why
  std::string body;
  net::Headers headers;
  std::string fault;  ///< also of a status that says no: 401, 403, 421, 429
};
Response ask(const AskedProgram& target, const std::string& method, const std::string& path,
             std::chrono::milliseconds timeout = std::chrono::seconds(10));

/// Asks for a stream and hands it over piece by piece, until `take` returns false (then the status is 200) or it ends.
/// `timeout` is for the beginning alone.
Response follow(const AskedProgram& target, const std::string& path,
                const std::function<bool(std::string_view piece)>& take,
                std::chrono::milliseconds timeout = std::chrono::seconds(10));

}  // namespace tributary::admin
