#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "connectors/link/gaps.hpp"
#include "connectors/link/protocol.hpp"
#include "connectors/link/publisher.hpp"
#include "connectors/link/redaction.hpp"
#include "connectors/link/tape.hpp"
#include "event/event.hpp"
#include "event/ports.hpp"
#include "event/thread_check.hpp"
#include "net/dial_target.hpp"
#include "net/reason.hpp"
#include "net/session.hpp"

namespace tributary::connectors {

/// When a channel of this connection last had an event.
struct ChannelActivity {
  std::string channel;     ///< `relay.upstreamChannel`
  event::SteadyTime last;  ///< its last event; before the first one, since when it has been listened to
};

/// What people are told of one connector.
struct LinkStatus {
  net::State state = net::State::idle;
  net::Ending ending;                 ///< why it waits, is parked or last ended; Reason::none before the first ending
  std::chrono::milliseconds wait{0};  ///< waiting, parked: until the next attempt, from `since`
  event::SteadyTime since{};          ///< of the state
  std::uint64_t connections = 0;      ///< times live in this run
  bool paused = false;                ///< reading is stopped by back-pressure
  std::string upstream;               ///< scheme, host and port of the last dial: no path, no user, no secret
  std::vector<std::string> channels;  ///< of the live connection, as `relay.upstreamChannel`
  std::optional<event::WallTime> last_frame;  ///< of this run
  std::optional<event::WallTime>
      credential_expires;      ///< the first of its tokens that says so, as read for the last dial
  bool needs_restart = false;  ///< parked for what cannot change while the program runs
  bool needs_person() const;   ///< it will not recover by itself, or is our fault: log ERROR rather than WARN
};

/// Hears of every change. Called in the midst of things: must not call back into the Link. Thread: io.
class LinkObserver {
 public:
  virtual ~LinkObserver() = default;
  virtual void changed(const std::string& connector, const LinkStatus& status) = 0;
  /// The connector is gone for good.
  virtual void forget(const std::string& connector) { static_cast<void>(connector); }
  /// An attempt (`was_live` false) or a life is over; `changed` follows.
  virtual void lost(const std::string& connector, const net::Ending& ending, bool was_live) = 0;
  /// Something worth a line, while the connection goes on.
  virtual void remarked(const std::string& connector, const Remark& remark) = 0;
  /// What was missed has been asked for, and came or did not.
  virtual void asked_for(const std::string& connector, const Filling& filling) {
    static_cast<void>(connector), static_cast<void>(filling);
  }
  /// A frame that cannot be understood; the intake makes a dead letter of it. Lives during the call.
  virtual void not_understood(const std::string& connector, const event::Malformed& fault, const event::Now& now) {
    static_cast<void>(connector), static_cast<void>(fault), static_cast<void>(now);
  }
};

/// The I/O a conversation asks for. Implemented by Link, and by the transcripts without a socket. No call may come back
/// into the Conversation before it has returned.
class Transport {
 public:
  virtual ~Transport() = default;
  /// Read the secrets, wait for the dial budget; then call `secrets_read` or `secret_unreadable`.
  virtual void prepare() = 0;
  virtual void connect(net::DialTarget target) = 0;
  /// False: not taken, too much waits to be written already; nothing of it is sent.
  virtual bool send(std::string_view payload, bool binary) = 0;
  /// So little waits to be written that a message may be said. If not, `drained` is called once it is so.
  virtual bool room() = 0;
  /// Send this request beside the socket; then call `answered`, whatever has become of the socket.
  virtual void post(Post post) = 0;
  virtual void ping() = 0;
  virtual void close(const net::Ending& ending) = 0;
  virtual void abort(const net::Ending& ending) = 0;
  virtual void drop() = 0;
  virtual void pause_reading(bool paused) = 0;
  /// Call `room` when the sinks have room again.
  virtual void await_room() = 0;
  virtual void stopped() = 0;
  /// Ask this over HTTP; then call `fetched`. One at a time.
  virtual void fetch(net::HttpRequest request) = 0;
};

/// One connector's whole conversation, decided without I/O: its Protocol, its Session, the frame ledger, and the
/// notices of its life. Link gives it inputs and a Transport; transcripts do the same with a clock of their own.
///
/// A message is exactly one of control, malformed, carrying. Messages are understood until we end the connection
/// ourselves (stop, watchdog, the protocol's word); one that is delivered after that is counted as control and not
/// looked at, and a gap begins at the last one understood.
///
/// Protocol, intake, observer and transport must outlive it. A protocol that throws costs its connection. Thread: io.
class Conversation {
 public:
  struct Settings {
    std::string connector;
    std::string_view source;  ///< "streamelements", …: static storage, for the key of gaps
    net::SessionSettings session;
    std::uint64_t seed = 0;
    std::optional<event::WallTime> last_seen;  ///< last frame of an earlier life: the first live reports that gap
    event::ConnectorMemory* memory = nullptr;  ///< what earlier lives knew of each channel; outlives it, or null
  };

  Conversation(Settings settings, Protocol& protocol, event::Intake& intake, LinkObserver& observer,
               Transport& transport);

  void start(const event::Now& now);
  void stop(event::SteadyTime by, const event::Now& now);
  /// `others`: further secrets to be kept out of everything, e.g. of headers.
  void secrets_read(const std::vector<std::string>& secrets, const std::vector<std::string>& others,
                    const event::Now& now);
  /// `fixed`: the secret cannot change while the program runs.
  void secret_unreadable(const std::string& detail, const event::Now& now, bool fixed = false);
  void secret_changed(const event::Now& now);
  void opened(const event::Now& now);
  void message(std::string_view payload, bool binary, const event::Now& now);
  void pong(const event::Now& now);
  /// All messages of one read were given.
  void read_end(const event::Now& now);
  void room(const event::Now& now);
  /// The socket has room for messages again.
  void drained(const event::Now& now);
  void ended(net::Ending ending, const event::Now& now);
  /// The answer to `fetch`, or why there is none.
  void fetched(net::HttpExchange::Result result, const event::Now& now);
  /// Something of ours broke: ends this connection.
  void fail(net::Ending ending, const event::Now& now);
  /// Changed settings, which the protocol takes over where it can; false when it cannot.
  bool adopt(const std::shared_ptr<const connectors::Settings>& settings, const event::Now& now);
  void tick(const event::Now& now);
  event::SteadyTime deadline() const;

  /// From now on this sink publishes here: it is asked while live, at the pace of socket and protocol. Nothing that a
  /// sink does pauses this or another connector.
  void attach(event::OutboundPtr outbound, const event::Now& now);
  void detach(const event::Outbound& outbound, const event::Now& now);
  void detach_all(const event::Now& now);
  /// A sink has something to take.
  void work(const event::Now& now);
  /// A post begins to be written.
  void left(std::uint64_t number, const event::Now& now);
  /// A post was not written and will not be. `never`: nor will it be if it is tried again.
  void unsent(std::uint64_t number, net::Ending why, bool never, const event::Now& now);
  /// The answer to a post that has left.
  void answered(std::uint64_t number, std::variant<net::HttpAnswer, net::Ending> result, const event::Now& now);

  /// From now on frames are kept there; null: nowhere.
  void record_on(Tape* tape) { tape_ = tape; }

  /// A changed secret would be tried at once now.
  bool wants_secret_changes() const;
  LinkStatus status() const;
  /// Since when each channel of this connection has been silent: a wrong name is often a valid and silent subscription.
  /// Tests do not count. Empty before the first connection.
  std::vector<ChannelActivity> activity() const;
  /// See Input::missed_since.
  std::optional<event::WallTime> missed_since() const {
    return gaps_.missed_since(session_.state() == net::State::live);
  }

 private:
  bool open() const;
  void make_room_first(const event::Now& now);
  void pause(const event::Now& now);
  void pause_reading(bool paused, const event::Now& now);
  void count(std::string_view payload, const event::Now& now);
  void pass_on(const event::Now& now);
  bool send(const Outcome::Frame& frame, const event::Now& now);
  void keep(Tape::Way way, std::string_view payload, bool binary, const event::Now& now);
  void apply(const event::Now& now);
  void obey(const event::Now& now);
  void announce();
  void on_up(const net::action::Up& up, const event::Now& now);
  void on_down(const net::action::Down& down, const event::Now& now);
  std::string fit(std::string_view words);
  void notice(std::string_view type, std::string data, const event::Now& now);
  void fill_gaps(const event::Now& now);
  void listen(const event::Now& now);
  void publish(const event::Now& now, int most);
  void publish_if_due(const event::Now& now);
  void say(const event::Message& message, const event::Now& now);
  void pass_reports(const event::Now& now);
  void ask_protocol(std::uint64_t number, const std::variant<net::HttpAnswer, net::Ending>& result,
                    const event::MessageReport& otherwise, const event::Now& now);
  void heard(const event::Draft& draft, const event::Now& now);

  [[no_unique_address]] event::ThreadCheck thread_;
  Settings settings_;
  Protocol& protocol_;
  event::Intake& intake_;
  LinkObserver& observer_;
  Transport& transport_;
  Tape* tape_ = nullptr;
  net::Session session_;
  Redaction redaction_;  ///< of the last dial's secrets: they are kept out of everything we say
  Outcome outcome_;
  net::Actions actions_;
  net::Actions obeyed_;
  std::chrono::milliseconds wait_{0};
  bool secret_fixed_ = false;  ///< the one that could not be read last
  net::State announced_ = net::State::idle;
  std::uint64_t sockets_ = 0;                          ///< opened in this run
  std::optional<event::WallTime> credential_expires_;  ///< see LinkStatus
  std::string upstream_;                               ///< scheme, host and port of the last dial: no path, no secret
  Gaps gaps_;
  std::vector<std::string> secrets_;                          ///< of the last dial, while a gap is open
  std::unordered_map<std::string, event::SteadyTime> heard_;  ///< of each channel that is served, see `activity`
  Publisher publisher_;
  event::SteadyTime publish_at_ = event::SteadyTime::max();  ///< when a message may be taken, as far as is known
  event::SteadyTime may_say_at_{};                           ///< the protocol's word when that was decided
  net::Reason told_ = net::Reason::none;                     ///< the last connectorDown's reason, none once up again
};

}  // namespace tributary::connectors
