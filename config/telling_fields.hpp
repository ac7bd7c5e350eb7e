// What the visitors share that only tell of settings: they read nothing, so nothing can be wrong. Thread: any.
#pragma once

#include <array>
#include <charconv>
#include <string>

#include "config/fields.hpp"

namespace tributary::config {

class TellingFields : public Fields {
 public:
  void not_yet(const Key&, std::string_view, Off) override {}
  void fault(std::string_view, std::string) override {}
  void fault(std::string_view, std::size_t, std::string) override {}
  void fault(std::string_view, std::string_view, std::string) override {}
  void fault(std::string_view, std::string_view, std::string_view, std::string) override {}
  void warn(std::string_view, std::string) override {}
  [[nodiscard]] bool given(std::string_view) const override { return false; }
  [[nodiscard]] bool reading() const override { return false; }
  [[nodiscard]] std::filesystem::path resolve(std::string_view, std::string_view) const override { return {}; }

 protected:
  // The shortest digits that mean this number.
  static std::string digits_of(double value) {
    std::array<char, 32> digits{};
    return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr};
  }
};

}  // namespace tributary::config
