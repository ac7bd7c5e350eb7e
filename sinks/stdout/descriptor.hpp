#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "sinks/lines.hpp"

namespace tributary::sinks::standard_output {

/// An open descriptor that somebody else reads: a terminal, a pipe, a redirected file. Never blocks for longer than
/// 100 ms: a reader that stops reading makes it EAGAIN. Does not own the descriptor. The process must ignore SIGPIPE.
/// Thread: sink.
class Descriptor final : public LineTarget {
 public:
  Descriptor(int descriptor, std::string name);
  Written write(std::string_view lines) override;
  std::string_view subject() const override { return name_; }

 private:
  const int descriptor_;
  const std::string name_;
  const std::size_t chunk_;  ///< what a write of a writable descriptor takes without blocking
};

}  // namespace tributary::sinks::standard_output
