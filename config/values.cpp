#include "config/values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <system_error>
#include <utility>

namespace tributary::config {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

constexpr std::array<Unit, 4> duration_units{{{"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr std::array<Unit, 5> size_units{{{"TiB", std::int64_t{1} << 40U},
                                          {"GiB", std::int64_t{1} << 30U},
                                          {"MiB", std::int64_t{1} << 20U},
                                          {"KiB", std::int64_t{1} << 10U},
                                          {"B", 1}}};
constexpr std::int64_t longest_ms = std::int64_t{10} * 366 * 24 * 3'600'000;
constexpr std::int64_t largest_bytes = std::int64_t{1} << 53U;

template <std::size_t N>
std::optional<std::int64_t> parse(std::string_view text, const std::array<Unit, N>& units, std::int64_t largest) {
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  std::int64_t count = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, count);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view name(stop, static_cast<std::size_t>(end - stop));
  for (const auto& unit : units) {
    if (unit.name != name) continue;
    if (count > largest / unit.factor) return std::nullopt;
    return count * unit.factor;
  }
  return std::nullopt;
}

// A whole number and a unit, whether or not it can be counted.
template <std::size_t N>
bool is_spelled(std::string_view text, const std::array<Unit, N>& units) {
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto name = text.substr(digits);
  return digits > 0 && std::any_of(units.begin(), units.end(), [name](const Unit& unit) { return unit.name == name; });
}

template <std::size_t N>
std::string in_largest_unit(std::int64_t count, const std::array<Unit, N>& units, std::string_view zero) {
  if (count == 0) return std::string(zero);
  for (const auto& unit : units) {
    if (count % unit.factor == 0) return std::to_string(count / unit.factor) + std::string(unit.name);
  }
  return std::to_string(count);
}

}  // namespace

std::string describe(const Secret& secret) {
  switch (secret.kind) {
    case Secret::Kind::none:
      return "none";
    case Secret::Kind::file:
      return "file " + secret.name;
    case Secret::Kind::env:
      return "env " + secret.name;
    case Secret::Kind::credential:
      return "credential " + secret.name;
    case Secret::Kind::command:
      return "command " + (secret.command.empty() ? std::string() : secret.command.front());
    case Secret::Kind::value:
      return "value";
  }
  return "none";
}

std::optional<Duration> parse_duration(std::string_view text) {
  const auto count = parse(text, duration_units, longest_ms);
  return count ? std::optional<Duration>(Duration(*count)) : std::nullopt;
}

bool is_too_long(std::string_view text) { return is_spelled(text, duration_units) && !parse_duration(text); }

std::string format(Duration duration) { return in_largest_unit(duration.count(), duration_units, "0s"); }

std::optional<Size> parse_size(std::string_view text) {
  const auto count = parse(text, size_units, largest_bytes);
  return count ? std::optional<Size>(Size{static_cast<std::uint64_t>(*count)}) : std::nullopt;
}

bool is_too_large(std::string_view text) { return is_spelled(text, size_units) && !parse_size(text); }

std::string format(Size size) {
  if (!std::in_range<std::int64_t>(size.bytes)) return std::to_string(size.bytes) + "B";
  return in_largest_unit(static_cast<std::int64_t>(size.bytes), size_units, "0B");
}

}  // namespace tributary::config
