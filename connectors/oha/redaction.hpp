#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tributary::connectors::oha {

/// Keeps secrets out of what an upstream repeats: each, plain, escaped as JSON and URLs do, or in base64, becomes
/// `<redacted>`. Secrets shorter than six bytes are too like ordinary text and are left.
/// A value. Thread: any, one at a time.
class Redaction {
 public:
  static constexpr std::size_t shortest = 6;

  void keep_out(const std::vector<std::string>& secrets);
  /// `text` itself, or a cleaned copy kept until the next call.
  std::string_view cleaned(std::string_view text);

 private:
  std::vector<std::string> forms_;  ///< longest first, so that no form leaves a rest of another
  std::string clean_;
};

}  // namespace tributary::connectors::oha
