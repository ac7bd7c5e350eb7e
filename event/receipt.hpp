#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <utility>

namespace tributary::event {

/// What an input that must acknowledge (a Kafka topic) gives with an event. It travels with the draft, the event and
/// its dead letter; when the last of them is let go, the input is told, once: `kept` when nobody lost it. An event that
/// is a duplicate, or that no route takes, is kept: there is nothing more to be done for it.
/// Owned by shared_ptr. Thread: any; `finished` runs on that of the last holder and must only post elsewhere.
class Receipt {
 public:
  using Finished = std::function<void(bool kept)>;

  explicit Receipt(Finished finished) : finished_(std::move(finished)) {}
  ~Receipt() { finished_(!lost_.load()); }
  Receipt(const Receipt&) = delete;
  Receipt& operator=(const Receipt&) = delete;

  /// A sink lets the event go although the configuration asks for it (event::is_loss).
  void lost() { lost_ = true; }

 private:
  Finished finished_;
  std::atomic<bool> lost_{false};
};

using ReceiptPtr = std::shared_ptr<Receipt>;

}  // namespace tributary::event
