#pragma once

#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/account.hpp"
#include "event/event.hpp"

namespace tributary::daemon {

/// What the demo shows: the newest events, what listeners heard, and the account, redrawn in place on a terminal, as
/// plain lines elsewhere. Thread: `add` any, the rest main.
class Screen {
 public:
  explicit Screen(const std::vector<std::string>& introduction);
  void add(const event::EventPtr& event);
  /// Shows what is new. `heard`: a line for each listener.
  void draw(const Account& account, const std::vector<std::string>& heard);

 private:
  void draw_in_place(const Account& account, const std::vector<std::string>& heard,
                     const std::vector<std::string>& fresh);

  const bool terminal_;
  std::mutex mutex_;
  std::vector<std::string> fresh_;
  std::uint64_t skipped_ = 0;
  std::deque<std::string> newest_;
  std::size_t drawn_ = 0;
  event::SteadyTime next_account_{};
  std::vector<std::string> heard_;  ///< as shown last
};

/// A line in pieces of at most `width` bytes, broken at spaces where there are some.
std::vector<std::string> broken(std::string_view line, std::size_t width);

/// One event in a line for people: time, type, who, how much, what they said.
std::string line_of(const event::Event& event);

}  // namespace tributary::daemon
