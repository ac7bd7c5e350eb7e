#include "sinks/observer.hpp"

#include <array>
#include <cstddef>

namespace tributary::sinks {
namespace {

struct Line {
  std::string_view name;
  Urgency urgency;
};

constexpr std::array<Line, static_cast<std::size_t>(Sign::count)> lines{{
    {"down", Urgency::warning},
    {"cannot_write", Urgency::error},
    {"up", Urgency::info},
    {"refused", Urgency::error},
    {"tls_failed", Urgency::error},
    {"topic_found", Urgency::info},
    {"topic_missing", Urgency::error},
    {"topic_created", Urgency::info},
    {"topic_not_created", Urgency::error},
    {"fatal", Urgency::warning},
    {"rebuilt", Urgency::info},
    {"reopened", Urgency::info},
    {"truncated", Urgency::warning},
    {"not_rotated", Urgency::error},
    {"librdkafka", Urgency::debug},
}};

}  // namespace

std::string_view name(Sign sign) noexcept { return lines.at(static_cast<std::size_t>(sign)).name; }

Urgency urgency(Sign sign) noexcept { return lines.at(static_cast<std::size_t>(sign)).urgency; }

}  // namespace tributary::sinks
