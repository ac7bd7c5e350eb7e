#pragma once

#include <string>
#include <string_view>

#include "net/http_reply.hpp"
#include "text/url.hpp"

namespace tributary::net {

/// What is said to an HTTP proxy so that it opens a way to `target`: CONNECT, with Basic authorisation from the
/// proxy URL's user info. Pure; the owner moves the bytes. Thread: its owner's.
class ProxyHandshake {
 public:
  enum class State { waiting, open, refused };

  static std::string request(const text::Url& proxy, const text::Url& target);

  void feed(std::string_view bytes);
  void end();

  State state() const { return state_; }
  const std::string& fault() const { return fault_; }

 private:
  HttpReplyReader reader_;
  State state_ = State::waiting;
  std::string fault_;
};

}  // namespace tributary::net
