#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "admin/access.hpp"
#include "net/upgrade.hpp"

namespace tributary::admin {

/// Who gets in at the admin port: the tokens, the sessions of browsers, and how often an address may be wrong. Made
/// before the server, outlives it. Reaches no clock. Thread: any.
class Gate {
 public:
  using Time = std::chrono::steady_clock::time_point;

  static constexpr std::chrono::hours session_life{12};
  static constexpr std::size_t session_limit = 100;  ///< more: the oldest ends
  /// So many wrong tokens of one address within the time, and it is told to wait for the rest of it. Many may share an
  /// address (this machine, a proxy): a right token that nobody can guess is taken all the same.
  static constexpr int wrong_limit = 10;
  static constexpr std::chrono::minutes wrong_time{1};
  static constexpr std::size_t guessable = 16;        ///< characters: a shorter token may be guessed
  static constexpr std::size_t address_limit = 1024;  ///< more: the oldest is forgotten

  /// `owner`: a random token of this start, which only this user's programs can read.
  Gate(BoundPort bound, std::string owner) : bound_(bound), owner_(std::move(owner)) {}

  const BoundPort& bound() const { return bound_; }
  /// The configured token; "": there is one, but it cannot be read now. Another one ends the sessions.
  void use_token(std::string token);

  /// `peer`: the address of who asks.
  Judgement judge(Access access, const net::Headers& headers, const std::string& peer, Time now);

  struct Login {
    int status = 200;     ///< 200, 401, 429
    std::string session;  ///< for the cookie
    std::string words;
  };
  Login login(std::string_view token, const std::string& peer, Time now);
  void logout(const net::Headers& headers);

  /// The cookie's name: browsers share cookies among the ports of a host.
  static std::string cookie_name(std::uint16_t port) { return "tributary_" + std::to_string(port); }
  /// Of the port that it is bound to; before the first request.
  void use_port(std::uint16_t port);
  std::string cookie() const;

 private:
  struct Wrong {
    int times = 0;
    Time since{};
  };
  bool is_token(std::string_view offered) const;
  std::string session_of(const net::Headers& headers) const;
  bool known_session(const net::Headers& headers, Time now);
  bool must_wait(const std::string& peer, Time now);
  void was_wrong(const std::string& peer, Time now);

  const BoundPort bound_;
  const std::string owner_;
  mutable std::mutex mutex_;
  std::string token_;
  std::uint16_t port_ = 0;
  std::map<std::string, Time, std::less<>> sessions_;  ///< id → when it ends
  std::map<std::string, Wrong, std::less<>> wrong_;    ///< by address
};

/// 32 hexadecimal digits from the system's generator: a token or a session.
std::string random_word();

}  // namespace tributary::admin
