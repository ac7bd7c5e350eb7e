#pragma once

#include <memory>
#include <string_view>
#include <utility>
#include <variant>

#include "event/assert.hpp"
#include "expression/condition.hpp"
#include "relay/routes.hpp"

namespace tributary::relay {

/// A condition of the configuration as the question of a route. Immutable. Thread: any.
class Where final : public Condition {
 public:
  explicit Where(expression::Condition condition) : condition_(std::move(condition)) {}
  bool holds(expression::Reading& event) const override { return condition_.holds(event); }

 private:
  expression::Condition condition_;
};

/// The question for the text of a configuration that was found to be without a fault; null, always, for an empty one.
inline std::shared_ptr<const Condition> where(std::string_view text) {
  if (text.empty()) return nullptr;
  auto parsed = expression::Condition::parse(text);
  auto* condition = std::get_if<expression::Condition>(&parsed);
  TRIBUTARY_ASSERT(condition != nullptr);  // else the route would take everything
  return std::make_shared<Where>(std::move(*condition));
}

}  // namespace tributary::relay
