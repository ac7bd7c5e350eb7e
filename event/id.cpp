#include "event/id.hpp"

#include <openssl/sha.h>

#include <array>
#include <span>

#include "text/hex.hpp"

namespace tributary::event {
namespace {

std::array<unsigned char, SHA256_DIGEST_LENGTH> sha256(std::string_view bytes) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  return digest;
}

}  // namespace

std::string derived_id(std::initializer_list<std::string_view> fields) {
  std::string joined;
  bool first = true;
  for (auto field : fields) {
    if (!first) joined += '\n';
    first = false;
    joined += field;
  }
  const auto digest = sha256(joined);
  return text::hex(std::span(digest).first(12));
}

std::string sha256_hex(std::string_view bytes) { return text::hex(sha256(bytes)); }

}  // namespace tributary::event
