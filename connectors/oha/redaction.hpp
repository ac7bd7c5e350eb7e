#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tributary::connectors::oha {

/// Keeps secrets out of what an upstream repeats. In JSON each string that says one, however it is spelled, plain or
/// percent-encoded or in base64, says `<redacted>` instead, and a number that is one becomes 0; other text is cleaned
/// as it stands. Secrets shorter than six bytes are too like ordinary text and are left. A value. Thread: any, one at a
/// time.
class Redaction {
 public:
  static constexpr std::size_t shortest = 6;

  void keep_out(const std::vector<std::string>& secrets);
  /// `text` itself, or a cleaned copy kept until the next call.
  std::string_view cleaned(std::string_view text);

 private:
  bool replace_forms(std::string& text) const;
  bool clean_strings(std::string_view text);

  std::vector<std::string> secrets_;
  std::vector<std::string> forms_;  ///< longest first, so that no form leaves a rest of another
  std::string clean_;
};

}  // namespace tributary::connectors::oha
