#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "connectors/link/settings.hpp"
#include "event/mark_holder.hpp"

/// For tests of connectors that read marks.
namespace tributary::connectors::testing {

/// Marks from settings of a transcript: `instance: hall`, `signing_key: k`, `kid: 1`, `trust: relay-2[/kid]=key`, the
/// last as often as there are keys. A relay that is given any of them has them.
class MarkKeys {
 public:
  /// False: none of ours.
  bool take(std::string_view key, const std::string& value) {
    if (key == "instance") {
      marks_.instance = value;
    } else if (key == "signing_key") {
      marks_.signing_key = value;
    } else if (key == "kid") {
      marks_.kid = value;
    } else if (key == "trust") {
      const auto equals = value.find('=');
      const std::string name = value.substr(0, equals);
      const auto slash = name.find('/');
      marks_.trusted.push_back({name.substr(0, slash), slash == name.npos ? "" : name.substr(slash + 1),
                                equals == value.npos ? "" : value.substr(equals + 1)});
    } else {
      return false;
    }
    return true;
  }
  void give(Settings& settings) const {
    auto holder = std::make_shared<event::MarkHolder>();
    holder->set(std::make_shared<const event::Marks>(marks_));
    settings.marks = std::move(holder);
  }

 private:
  event::Marks::Settings marks_;
};

}  // namespace tributary::connectors::testing
