#pragma once

#include <deque>
#include <string>
#include <string_view>

#include "connectors/simulation/audience.hpp"
#include "event/event.hpp"

namespace tributary::connectors::dlive {

/// What happens on a simulated streamer's channel, as the socket sends it: every kind of message. A gift storm brings
/// gifts from many, a host brings followers, somebody floods the chat. The same audience gives the same show.
/// Pure. Owner: the simulator. Thread: its owner's.
class Show {
 public:
  struct Message {
    std::string type_name;
    std::string id;  ///< the upstream's; "" where it has none
    std::string json;
    bool chest = false;
  };

  /// `audience` must outlive it.
  explicit Show(Audience& audience) : audience_(audience) {}

  /// What happens next. `chests`: whether the treasure chest may be it. The reference is valid until the next call.
  const Message& next(bool chests, event::WallTime now);

 private:
  void write(std::string_view type_name, event::WallTime now);
  void write_facts(std::string_view type_name, std::string& out);
  void write_viewer(std::string_view key, std::string& out);

  Audience& audience_;
  std::deque<std::string_view> planned_;
  Message message_;
};

}  // namespace tributary::connectors::dlive
