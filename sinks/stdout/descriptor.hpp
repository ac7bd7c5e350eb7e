#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "sinks/lines.hpp"

namespace tributary::sinks::standard_output {

/// An open descriptor that somebody else reads: a terminal, a pipe, a socket, a redirected file. Never blocks for
/// longer than 100 ms: a reader that stops reading makes it EAGAIN. Pipes and terminals are opened once more for that,
/// because O_NONBLOCK would be set for everybody who shares them. Does not own the descriptor. The process must ignore
/// SIGPIPE. Thread: its owner's.
class Descriptor final : public LineTarget {
 public:
  Descriptor(int descriptor, std::string name);
  ~Descriptor() override;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Written write(std::string_view lines) override;
  std::string_view subject() const override { return name_; }

 private:
  ssize_t write_some(std::string_view part) const;

  const bool socket_;
  const int own_;  ///< the same pipe or terminal, opened by us; -1: none
  const int descriptor_;
  const std::string name_;
  const std::size_t chunk_;  ///< what a write of a writable descriptor takes without blocking
};

}  // namespace tributary::sinks::standard_output
