#include "spool/observer.hpp"

#include <array>

namespace tributary::spool {

std::string_view name(SpoolSign sign) noexcept {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(SpoolSign::count)> names{
      "cannot_write",   "cannot_read", "works_again",    "full",         "room",
      "dropped_oldest", "set_aside",   "record_corrupt", "not_committed"};
  return names[static_cast<std::size_t>(sign)];
}

}  // namespace tributary::spool
