#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/link/conversation.hpp"
#include "daemon/recording.hpp"
#include "event/ports.hpp"

namespace tributary::daemon {

/// What a replay did, line by line, for who writes a transcript of it. An input is told before what comes of it.
class ReplayWitness {
 public:
  virtual ~ReplayWitness() = default;
  virtual void passed(std::chrono::milliseconds time) { static_cast<void>(time); }
  virtual void waited() {}  ///< time passed until the next attempt
  virtual void opened() {}
  virtual void received(std::string_view payload, bool binary) {
    static_cast<void>(payload), static_cast<void>(binary);
  }
  virtual void ended(const net::Ending& ending) { static_cast<void>(ending); }
  virtual void dialled() {}
  virtual void sent(std::string_view payload, bool binary) { static_cast<void>(payload), static_cast<void>(binary); }
  virtual void asked() {}  ///< over HTTP for what was missed
  virtual void lost(net::Reason reason) { static_cast<void>(reason); }
  virtual void waits(std::chrono::milliseconds delay, bool parked) {
    static_cast<void>(delay), static_cast<void>(parked);
  }
  virtual void remarked(const connectors::Remark& remark) { static_cast<void>(remark); }
  virtual void not_understood(const event::Malformed& fault) { static_cast<void>(fault); }
};

/// Gives recorded frames to a Conversation of their connector, with the recorded times as its clock: no socket, no
/// thread, nothing is sent. What the recording has of our own frames is not used: the protocol says them anew. Waits
/// between connections are not recorded: the clock that measures durations jumps over them. Protocol, intake and
/// witness must outlive it. Thread: any, one.
class Replayer final : private connectors::Transport, private connectors::LinkObserver {
 public:
  Replayer(const std::string& connector, std::string_view source, connectors::Protocol& protocol, event::Intake& intake,
           ReplayWitness& witness);

  /// The next line. "" : done; else why it cannot go on.
  std::string play(const Recorded& recorded);

  const event::Now& now() const { return now_; }
  /// Connections that had to be opened although no line says so: the recording begins in the midst of one, or the
  /// protocol had ended it.
  std::uint64_t reopened() const { return reopened_; }
  std::uint64_t missed() const { return missed_; }

 private:
  enum class Socket : std::uint8_t { none, connecting, open };

  void begin(event::WallTime at);
  void pass_until(event::WallTime at);
  std::string open();
  void end(const net::Ending& ending);
  void settle();

  // Transport
  void prepare() override { preparing_ = true; }
  void connect(net::DialTarget target) override;
  bool send(std::string_view payload, bool binary) override;
  bool room() override { return true; }
  void post(connectors::Post) override {}
  void ping() override {}
  void close(const net::Ending&) override { end_follows_ = true; }
  void abort(const net::Ending&) override { end_follows_ = true; }
  void drop() override { socket_ = Socket::none; }
  void pause_reading(bool) override {}
  void await_room() override {}
  void stopped() override {}
  void fetch(net::HttpRequest) override { witness_.asked(); }

  // LinkObserver
  void changed(const std::string& connector, const connectors::LinkStatus& status) override;
  void lost(const std::string& connector, const net::Ending& ending, bool was_live) override;
  void remarked(const std::string& connector, const connectors::Remark& remark) override;
  void not_understood(const std::string& connector, const event::Malformed& fault, const event::Now& now) override;

  connectors::Protocol& protocol_;
  ReplayWitness& witness_;
  connectors::Conversation conversation_;
  event::Now now_;
  Socket socket_ = Socket::none;
  bool begun_ = false, preparing_ = false, end_follows_ = false;
  std::uint64_t reopened_ = 0, missed_ = 0;
};

}  // namespace tributary::daemon
