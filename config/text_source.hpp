// A text as a stream for yaml-cpp, given out piece by piece. Lives for one parse; the text must outlive it. Thread:
// any.
#pragma once

#include <cstddef>
#include <ios>
#include <streambuf>
#include <string_view>

namespace tributary::config {

// yaml-cpp may take 250 bytes for each byte that it has read without telling of a value, as of `[[[[[`.
inline constexpr std::size_t stretch_limit = std::size_t{1} << 20U;

struct TooLongStretch {};  // thrown through yaml-cpp when it reads on and on without a value

class MemoryBuffer : public std::streambuf {
 public:
  explicit MemoryBuffer(std::string_view text) {
    char* const begin = const_cast<char*>(text.data());  // NOLINT(cppcoreguidelines-pro-type-const-cast): only read
    setg(begin, begin, begin + text.size());
  }

  void value_seen() { seen_ = given_; }
  [[nodiscard]] std::size_t seen() const { return seen_; }

 protected:
  std::streamsize xsgetn(char* into, std::streamsize count) override {
    if (given_ - seen_ > stretch_limit) throw TooLongStretch{};
    const auto size = std::streambuf::xsgetn(into, count);
    given_ += static_cast<std::size_t>(size);
    return size;
  }

 private:
  std::size_t given_ = 0;
  std::size_t seen_ = 0;
};

}  // namespace tributary::config
