#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tributary::admin {

enum class MetricType : std::uint8_t { counter, gauge, histogram };
std::string_view name(MetricType type) noexcept;

/// What one metric is. Names, labels and meanings are part of the contract.
struct Metric {
  std::string_view name;
  MetricType type = MetricType::gauge;
  std::vector<std::string_view> labels;
  std::string_view help;
  std::string_view section;  ///< of docs/METRICS.md
};

/// Every metric there is, in the order in which they are written; those of a book are made from event::counts_of.
const std::vector<Metric>& metrics();
/// The one with this name, which must be there.
const Metric& metric(std::string_view name);
/// The metric of one count of a book, e.g. `connector`, `frames`. Is it a counter, or does it fall as well?
std::string_view metric_name(std::string_view book, std::string_view count);

/// The table of docs/METRICS.md, in Markdown.
std::string metrics_table();

}  // namespace tributary::admin
