#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "event/memory.hpp"

namespace tributary::event {

/// A memory that ends with the process: what a connector knew it knows again when it is stopped and started, and no
/// sink has a tail. Owned by the composition root; must outlive connectors, sinks and their events. Thread: any.
class MemoryInProcess final : public Memory {
 public:
  MemoryInProcess();
  ~MemoryInProcess() override;
  ConnectorMemory& connector(const std::string& name) override;
  std::variant<Tail*, std::string> tail(const std::string&, const TailSettings&) override { return nullptr; }

 private:
  class Connector;
  std::mutex mutex_;  ///< guards connectors_
  std::map<std::string, std::unique_ptr<Connector>> connectors_;
};

}  // namespace tributary::event
