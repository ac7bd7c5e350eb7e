#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "expression/path.hpp"

namespace tributary::expression {

/// An event that several conditions look at, one after the other: the names in it, in its `data` and in its `relay` are
/// read once for all of them. The document must outlive it. Thread: any, one at a time.
class Reading {
 public:
  explicit Reading(const schema::Document& event) : event_(event) {}
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

  const schema::Document& event() const { return event_; }
  /// As find() of path.hpp, into `value`; false: the path leads nowhere.
  bool find(const Path& path, simdjson::dom::element& value);

 private:
  struct Member {
    std::string_view name;
    simdjson::dom::element value;
  };
  /// The first members of an object; of one that has more, the others are looked for each time.
  struct Level {
    static constexpr std::size_t most = 20;
    bool read = false;
    bool there = false;
    std::size_t count = 0;
    simdjson::dom::element of;
    std::array<std::uint32_t, most> likenesses;
    std::array<Member, most> members;
  };

  static bool look(const Level& level, const Step& step, simdjson::dom::element& value);
  static void fill(Level& level, simdjson::dom::element value);
  const Level& top();
  const Level& below(Level& level, const Step& name);

  const schema::Document& event_;
  Level top_, data_, relay_;
};

}  // namespace tributary::expression
