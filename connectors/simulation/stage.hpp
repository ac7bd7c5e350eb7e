#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/simulation/audience.hpp"
#include "connectors/simulation/behaviours.hpp"
#include "connectors/simulation/frame_log.hpp"
#include "connectors/simulation/segmenter.hpp"
#include "connectors/simulation/simulator.hpp"
#include "event/thread_check.hpp"
#include "net/websocket.hpp"

// What the simulators of all connectors share: the server, its clients, the pace of the show and the account. A
// connector adds a Play (what is shown, who may come in) and a Role (its side of one client's conversation).

namespace tributary::connectors {

class Stage;

/// Something to be done later, unless it is set anew or goes away first. Owner: a Role or Play. Thread: its owner's.
class Cue {
 public:
  explicit Cue(boost::asio::io_context& io) : timer_(io) {}
  ~Cue() { cancel(); }
  Cue(const Cue&) = delete;
  Cue& operator=(const Cue&) = delete;
  void set(std::chrono::milliseconds delay, std::function<void()> then);
  void cancel();

 private:
  boost::asio::steady_timer timer_;
  std::shared_ptr<std::function<void()>> then_;
};

/// The server's side of one conversation, made when a client is let in. Owner: its Client. Thread: its owner's.
class Role {
 public:
  Role() = default;
  Role(const Role&) = delete;
  Role& operator=(const Role&) = delete;
  virtual ~Role() = default;
  virtual void opened() = 0;
  virtual void heard(std::string_view payload, bool binary) = 0;
  virtual void pinged_back() {}  ///< a pong
};

/// One client of a simulated upstream: its socket, and whether the show is written to it.
/// Owned by the Stage. Thread: its owner's.
class Client final : public net::WebSocketListener, public std::enable_shared_from_this<Client> {
 public:
  Client(Stage& stage, std::uint64_t number) : stage_(stage), number_(number) {}

  std::uint64_t number() const { return number_; }  ///< from 1
  bool open() const { return socket_ != nullptr; }
  bool live() const { return live_; }
  /// The show is for it, too: it did not ask for `?show=off`.
  bool watches() const { return watches_; }
  /// It takes what it is sent.
  bool reads() const;
  Role& role() { return *role_; }

  void say(std::string_view text);
  void say_binary(std::string_view bytes);
  void ping();
  void close(int code, std::string_view reason = {});
  void drop();  ///< TCP ends without a close frame
  /// From now on the show is written to it; `leave_show` takes that back.
  void come_live();
  void leave_show() { live_ = false; }

 private:
  friend class Stage;
  void on_open(std::string_view subprotocol) override;
  void on_message(std::string_view payload, bool binary) override;
  void on_pong() override;
  void on_end(net::Ending ending) override;
  void detach();

  Stage& stage_;
  std::uint64_t number_;
  std::unique_ptr<Role> role_;
  std::unique_ptr<Cue> goodbye_;
  std::shared_ptr<net::WebSocket> socket_;
  bool live_ = false;
  bool watches_ = true;
};

/// What one kind of upstream shows. Owner: its Stage. Thread: its owner's.
class Play {
 public:
  Play() = default;
  Play(const Play&) = delete;
  Play& operator=(const Play&) = delete;
  virtual ~Play() = default;
  /// Whether a client is let in (status 101), and what it is told. `listener` is left alone.
  virtual net::UpgradeAnswer admit(const net::UpgradeRequest& request) = 0;
  virtual std::unique_ptr<Role> cast(Client& client, const net::UpgradeRequest& request) = 0;
  /// Writes what happens next to `stage.listeners()`, none of which may be there. Tells the Stage each event it wrote;
  /// none when nobody could be told, unless it is `unattended`.
  virtual void act(event::WallTime now) = 0;
  /// See Simulator::connector_yaml.
  virtual std::string connector_yaml(const std::string& url) const = 0;
  virtual std::string path() const { return "/"; }  ///< of url()
  /// Of listener_url(), without a query; "": clients say nothing to each other.
  virtual std::string listener_path() const { return {}; }
  virtual std::string account() const { return {}; }
  /// For what it has beside the socket; `start` may throw as Simulator::start does.
  virtual void start(const SimulatorOptions& options) { static_cast<void>(options); }
  virtual void stop() {}
  // What `binary_every`, `garbage_every` and `oversize_after` send.
  virtual void say_binary(Client& client) { client.say_binary(std::string_view("\x00\x01\xFE\xFF", 4)); }
  virtual std::string garbage() const { return R"({"type":"chat","data":{"user":)"; }
  virtual std::string oversized(std::size_t bytes) const { return "\"" + std::string(bytes, 'x') + "\""; }
};

/// An upstream to develop and test against. Owned by the caller; must end before its io_context. Thread: io.
class Stage final : public Simulator {
 public:
  using MakePlay = std::function<std::unique_ptr<Play>(Stage& stage)>;

  Stage(boost::asio::io_context& io, const SimulatorOptions& options, const StageSettings& settings,
        const MakePlay& make);
  ~Stage() override;

  void start() override;
  void stop() override;
  std::uint16_t port() const override;
  std::string url() const override;
  std::string connector_yaml() const override { return play_->connector_yaml(url()); }
  std::string listener_url() const override;
  void end_show() override;
  std::uint64_t events_written() const override { return written_; }
  std::string account() const override;

  // for the Play and its Roles
  boost::asio::io_context& io() { return io_; }
  Audience& audience() { return audience_; }
  /// Whom the next event is for: with `broadcast` all live clients that watch and read, else the next of them in turn.
  std::vector<Client*> listeners();
  /// All live clients.
  const std::vector<Client*>& live();
  /// An event was given to sockets. `id`: as the canonical `_id` will be, or "".
  void wrote(std::string_view type, std::string_view id, std::string_view json, event::WallTime now);

 private:
  friend class Client;
  using Clients = std::map<net::WebSocketListener*, std::shared_ptr<Client>>;

  net::UpgradeAnswer answer(const net::UpgradeRequest& request);
  std::string address() const;
  void end_all();
  void came_live(Client& client);
  void went(Client& client);
  void tick();
  void perform();
  bool finished() const { return options_.count != 0 && written_ >= options_.count; }
  void write_oddities(std::uint64_t before);

  [[no_unique_address]] event::ThreadCheck thread_;
  boost::asio::io_context& io_;
  SimulatorOptions options_;
  StageSettings settings_;
  FrameLog frames_log_;
  Audience audience_;
  std::unique_ptr<Play> play_;
  Cue ticker_;
  bool over_ = true;  ///< not begun, or stopped
  std::unique_ptr<net::WebSocketServer> server_;
  std::unique_ptr<Segmenter> door_;
  Clients clients_;
  std::vector<Client*> live_;
  std::size_t turn_ = 0;
  std::minstd_rand patience_;  ///< apart from the audience, so that the show does not depend on who comes and goes
  std::chrono::steady_clock::time_point last_tick_{};
  double credit_ = 0;
  std::uint64_t connections_ = 0, sessions_ = 0, frames_ = 0, written_ = 0;
  std::map<std::string, std::uint64_t, std::less<>> by_type_;
};

}  // namespace tributary::connectors
