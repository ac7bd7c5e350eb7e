#pragma once

#include <bitset>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tributary::schema {
class Document;
}
namespace tributary::expression {
class Reading;
}

namespace tributary::relay {

constexpr std::size_t most_sinks = 64;
using Targets = std::bitset<most_sinks>;  ///< by the place of the sink in the table

/// A question to the content of an event. Immutable. Thread: any.
class Condition {
 public:
  virtual ~Condition() = default;
  virtual bool holds(expression::Reading& event) const = 0;
};

/// One line of `routes:`; an empty list means everything.
struct Route {
  std::vector<std::string> from;
  std::vector<std::string> types;
  Targets to;
  std::shared_ptr<const Condition> where = nullptr;  ///< null: always
};

/// The routes as one connector sees them. Immutable. Thread: any.
class RoutesFrom {
 public:
  /// `never`: sinks that get nothing of this connector, whatever the routes say.
  RoutesFrom(const std::vector<Route>& routes, std::string_view connector, const Targets& never = {});
  /// Every sink that may get an activity of this type; none: it is unrouted.
  Targets of(std::string_view type) const;
  /// Whether a route that takes this type looks into the event.
  bool asks(std::string_view type) const;
  /// Of these, the sinks that get this event.
  Targets of(std::string_view type, const schema::Document& event) const;
  /// Every sink that a route of this connector names: where its dead letters and state go.
  const Targets& any() const { return any_; }

 private:
  struct Line {
    std::vector<std::string> types;  ///< sorted; empty: all
    Targets to;
    std::shared_ptr<const Condition> where;
    bool takes(std::string_view type) const;
  };
  Targets always_, any_;
  std::vector<Line> typed_;  ///< by type alone
  std::vector<Line> asking_;
};

}  // namespace tributary::relay
