#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "sinks/observer.hpp"

namespace tributary::sinks {

/// Remembers the news, but for chatter.
class Notes final : public SinkObserver {
 public:
  void on_news(const News& news) override {
    if (news.sign == Sign::chatter) return;
    signs.push_back(news.sign);
    texts.push_back(std::string(name(news.sign)) + " " + std::string(news.subject) + " " + std::string(news.text));
  }
  auto count(Sign sign) const { return std::count(signs.begin(), signs.end(), sign); }
  bool last_is(Sign sign) const { return !signs.empty() && signs.back() == sign; }

  std::vector<Sign> signs;
  std::vector<std::string> texts;
};

}  // namespace tributary::sinks
