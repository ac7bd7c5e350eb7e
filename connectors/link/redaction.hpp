#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tributary::connectors {

/// Keeps secrets out of what an upstream repeats, however they are spelled: plain, as JSON escapes them,
/// percent-encoded or in base64. Secrets shorter than six bytes are too like ordinary text and are left. A value.
/// Thread: any, one at a time.
class Redaction {
 public:
  static constexpr std::size_t shortest = 6;

  void keep_out(const std::vector<std::string>& secrets);
  /// Whether a secret stands in it as it is: for every frame, quick.
  bool stands_in(std::string_view text) const;
  /// For JSON, which stays JSON: each string that says a secret says `<redacted>` instead, a number that is one becomes
  /// 0. `text` itself, or a cleaned copy kept until the next call.
  std::string_view cleaned(std::string_view text);
  /// For a whole frame that is kept: no form is left, and JSON stays JSON.
  std::string without_secrets(std::string_view frame);
  /// For words and anything else: no form is left, wherever it stands.
  std::string wiped(std::string_view text);

 private:
  struct Needle {
    std::string text;
    std::size_t rare;  ///< where it has the byte that JSON has least often
    bool stands_in(std::string_view text) const;
  };

  void find_forms();
  bool replace_forms(std::string& text) const;
  void replace_in_quotes(std::string& quoted) const;
  void replace_cut_form(std::string& text) const;
  std::optional<std::string> with_clean_strings(std::string_view text) const;

  std::vector<std::string> secrets_;
  std::vector<Needle> needles_;     ///< the end of each, of the JSON-escaped spelling, too
  std::vector<std::string> forms_;  ///< longest first, so that no form leaves a rest of another; made when needed
  std::string clean_;
};

}  // namespace tributary::connectors
