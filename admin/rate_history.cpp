#include "admin/rate_history.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace tributary::admin {
namespace {

constexpr std::size_t minute = 12;  ///< steps

}  // namespace

void RateHistory::add(const Snapshot& snapshot) {
  std::map<std::string, Line, std::less<>> next;
  for (const auto& one : snapshot.connectors) {
    const auto known = lines_.find(one.name);
    if (known == lines_.end() || one.ledger.events < known->second.events || snapshot.taken < known->second.at) {
      next.insert_or_assign(one.name, Line{one.ledger.events, snapshot.taken, {}});  // new, or the clock was set back
      continue;
    }
    Line line = std::move(known->second);
    const auto over = std::chrono::round<std::chrono::seconds>(snapshot.taken - line.at) / step;
    if (over > 0) {
      const auto each = static_cast<double>(one.ledger.events - line.events) / static_cast<double>(over);
      for (auto i = over; i > 0; --i) {
        if (static_cast<std::size_t>(i) > steps) continue;
        line.by_step.push_back(each);
        if (line.by_step.size() > steps) line.by_step.pop_front();
      }
      line.events = one.ledger.events;
      line.at = snapshot.taken;
    }
    next.insert_or_assign(one.name, std::move(line));
  }
  if (!snapshot.stalled.empty()) next.merge(lines_);  // what is not shown for a moment is not gone
  lines_ = std::move(next);
}

std::vector<double> RateHistory::events(const std::string& connector) const {
  const auto found = lines_.find(connector);
  if (found == lines_.end()) return {};
  return {found->second.by_step.begin(), found->second.by_step.end()};
}

double RateHistory::rate(const std::string& connector) const {
  const auto found = lines_.find(connector);
  if (found == lines_.end() || found->second.by_step.empty()) return 0;
  const auto& all = found->second.by_step;
  const auto count = std::min(minute, all.size());
  const double sum = std::accumulate(all.end() - static_cast<std::ptrdiff_t>(count), all.end(), 0.0);
  return sum / (static_cast<double>(count) * static_cast<double>(step.count()));
}

}  // namespace tributary::admin
