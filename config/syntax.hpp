// Why a text is no YAML, in our words: what is there, what was expected, what to do. yaml-cpp says where it noticed,
// which is often a line or more behind the mistake. No message shows what stands in the file, which may be a secret,
// but for keys and single characters. Pure. Thread: any.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tributary::config {

struct Diagnosis {
  std::size_t offset = 0;  // of the mistake, in bytes
  std::string message;
};

// `noticed`: the offset and `words` the message of yaml-cpp's error.
Diagnosis diagnose(std::string_view text, std::size_t noticed, std::string_view words);

// `type:dlive` → "a blank must follow the colon of `type`"; "" when `text` is no name with such a colon. A URL is none.
std::string colon_hint(std::string_view text);

}  // namespace tributary::config
