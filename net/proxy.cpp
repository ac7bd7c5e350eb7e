#include "net/proxy.hpp"

namespace tributary::net {

std::string ProxyHandshake::request(const text::Url& proxy, const text::Url& target) {
  std::string out = "CONNECT " + target.host_and_port() + " HTTP/1.1\r\nHost: " + target.host_and_port() + "\r\n";
  if (proxy.has_user_info()) out += "Proxy-Authorization: " + proxy.basic_authorization() + "\r\n";
  return out + "\r\n";
}

void ProxyHandshake::feed(std::string_view bytes) {
  const std::size_t used = reader_.feed(bytes);
  if (state_ != State::waiting || reader_.state() == HttpReplyReader::State::head) return;
  const HttpReply& reply = reader_.reply();
  if (reader_.state() == HttpReplyReader::State::malformed) {
    state_ = State::refused;
    fault_ = "in answer to CONNECT: " + reader_.fault();
  } else if (reply.status < 200 || reply.status > 299) {
    state_ = State::refused;
    fault_ = reply.words();
  } else if (used < bytes.size()) {
    state_ = State::refused;  // the far side waits for our first byte, so these bytes are the proxy's own
    fault_ = "bytes after the proxy's answer";
  } else {
    state_ = State::open;
  }
}

void ProxyHandshake::end() {
  if (state_ != State::waiting) return;
  state_ = State::refused;
  fault_ = "the proxy closed the connection before its answer was complete";
}

}  // namespace tributary::net
