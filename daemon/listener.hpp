#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "net/websocket.hpp"

namespace tributary::daemon {

/// A client of a simulated upstream, beside the relay: it counts what is said there to everybody.
/// Destroy it while nothing runs on its io_context. Thread: io for the call-backs, any for the rest.
class Listener final : public net::WebSocketListener {
 public:
  /// `url`: see Simulator::listener_url.
  Listener(boost::asio::io_context& io, const std::string& url);
  ~Listener() override;

  struct Heard {
    std::uint64_t count = 0;
    std::string last;  ///< the words of the newest, see words_of
  };
  Heard heard() const;
  /// False when it is not so within the time.
  bool wait_until_open(std::chrono::milliseconds patience);
  /// All that the upstream has said has been heard once it is so.
  bool wait_until_ended(std::chrono::milliseconds patience);

 private:
  void on_open(std::string_view subprotocol) override;
  void on_message(std::string_view payload, bool binary) override;
  void on_pong() override {}
  void on_end(net::Ending ending) override;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false, ended_ = false;
  Heard heard_;
  std::shared_ptr<net::WebSocket> socket_;
};

/// What a frame of a Stagecast channel or a Users server says, in a line for people: a text as it is, of an envelope
/// the event's type, who, and how much.
std::string words_of(std::string_view frame);

}  // namespace tributary::daemon
