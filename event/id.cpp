#include "event/id.hpp"

#include <openssl/sha.h>

#include <array>

namespace tributary::event {
namespace {

std::string hex(const unsigned char* bytes, std::size_t count) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text(count * 2, '0');
  for (std::size_t i = 0; i < count; ++i) {
    text[2 * i] = digits[bytes[i] >> 4];
    text[2 * i + 1] = digits[bytes[i] & 15];
  }
  return text;
}

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
  return hex(sha256(joined).data(), 12);
}

std::string sha256_hex(std::string_view bytes) { return hex(sha256(bytes).data(), SHA256_DIGEST_LENGTH); }

}  // namespace tributary::event
