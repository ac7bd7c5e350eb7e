#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/secret.hpp"
#include "event/channel.hpp"
#include "event/event.hpp"
#include "event/ports.hpp"
#include "net/dial_target.hpp"
#include "net/http_message.hpp"
#include "net/reason.hpp"

namespace tributary::connectors {

struct Settings;

/// Something a person should know while the connection goes on. Logged and counted by its code.
struct Remark {
  /// A word of a closed list, static storage: auth_refused, listen_only, mark_refused, odd_value, subscription_failed,
  /// subscription_parked, upstream_error. docs/TROUBLESHOOTING.md has a row for each.
  std::string_view code;
  bool needs_person = false;  ///< ERROR rather than WARN: it will not recover by itself
  std::string subject;        ///< what of the connection, e.g. a streamer; "": all of it
  std::string detail;         ///< the upstream's words; clipped and redacted on the way out
};

/// What a live connection means, for a person who checks a configuration.
struct Admission {
  std::string words = "authenticated";  ///< who was authenticated, or that nobody was
  bool settled = true;                  ///< the upstream has said all that it says of it
};

/// A question for `check --connect` that the socket cannot answer, asked over HTTP.
struct Lookup {
  std::string subject;  ///< e.g. "streamer dbl-lee"
  std::string key;      ///< of the connector's settings, which it asks about: `streamers[0]`
  net::HttpRequest request;
  struct Meaning {
    bool good = false;
    std::string words;
  };
  std::function<Meaning(const net::HttpAnswer&)> judge;  ///< pure
};

struct BackfillAnswer;

/// A request over HTTP for what was missed in a gap. Proxy and certificates are the connector's own.
struct Backfill {
  net::HttpRequest request;
  std::function<BackfillAnswer(const net::HttpAnswer&, const event::Now&)> judge;  ///< pure: what the answer means
  std::chrono::milliseconds after{0};  ///< to wait before it is sent, where the upstream limits the rate
};

/// What an answer to a Backfill means.
struct BackfillAnswer {
  std::vector<event::Draft> drafts;  ///< of the time asked for, oldest first, through the connector's codec
  std::vector<Backfill> next;        ///< what to ask now: the next page; before what else there is to ask
  bool backwards = false;            ///< what `next` brings is older than `drafts`, and is passed on before them
  std::string fault;                 ///< it does not say what was missed, in words: the gap is not filled
  /// Of the fault, static storage: refused, rate_limited, unreachable, wrong_answer, incomplete.
  std::string_view code = "incomplete";
  /// With a fault that may pass: ask the same again, no sooner than after this. How often, Gaps decides.
  std::optional<std::chrono::milliseconds> again;
};

/// A message that goes out as an HTTP request beside the socket. `Protocol::answered` hears what came of it.
struct Post {
  std::uint64_t number = 0;  ///< of the message
  net::HttpRequest request;  ///< TLS and proxy are the connector's
  config::Secret secret;     ///< read anew for each request; Kind::none: none
  std::string header;        ///< gets the secret's value
};

/// What a protocol answers to one input: the reply of a pure decision. Reused between calls; `clear` keeps capacity.
struct Outcome {
  struct Frame {
    std::string payload;
    bool binary = false;
  };
  event::FrameKind kind = event::FrameKind::control;
  bool unknown = false;               ///< control, of a kind this protocol does not know
  std::string_view malformed_reason;  ///< with FrameKind::malformed: not_json, wrong_shape, too_deep, binary, …
  std::string malformed_detail;
  std::vector<event::Draft> drafts;     ///< events of this frame, in order
  std::vector<event::Ignored> ignored;  ///< events of this frame that are not passed on
  std::vector<Frame> sends;             ///< to write, in order
  std::vector<event::Notice> notices;
  std::vector<Remark> remarks;
  std::vector<event::MessageReport> reports;  ///< what came of messages that were to be said
  std::vector<Post> posts;
  bool live = false;                ///< the upstream has said that we are in
  std::optional<net::Ending> down;  ///< this connection is over, for this reason

  void clear();
};

/// One upstream's conversation: pure, no clock, socket, thread or log. One object per connector, told of each new
/// connection by `open`. Link obeys it. Thread: io.
class Protocol {
 public:
  virtual ~Protocol() = default;
  /// The secrets it wants read before each dial, in the order in which `dial` gets them.
  virtual std::vector<config::Secret> secrets() const = 0;
  /// Where to dial now; or why not to. `secrets[i]` is the value of `secrets()[i]`.
  virtual std::variant<net::DialTarget, net::Ending> dial(const std::vector<std::string>& secrets,
                                                          const event::Now& now) = 0;
  /// The websocket is open. `connection` counts from 1 in this run.
  virtual void open(std::uint64_t connection, const event::Now& now, Outcome& outcome) = 0;
  /// One message. Never throws; nonsense is `FrameKind::malformed`.
  virtual void frame(std::string_view payload, bool binary, const event::Now& now, Outcome& outcome) = 0;
  /// When `tick` is to be called next; time_point::max() for never.
  virtual event::SteadyTime deadline() const = 0;
  /// A moment of its own has come: heartbeats to send or missed.
  virtual void tick(const event::Now& now, Outcome& outcome) = 0;
  /// Reading stops or goes on (back-pressure): watchdogs that need reading are suspended meanwhile.
  virtual void paused(bool paused, const event::Now& now, Outcome& outcome) = 0;
  /// What to say before leaving, e.g. `41`; may add sends only.
  virtual void farewell(Outcome& outcome) { static_cast<void>(outcome); }
  /// The socket has ended, and not by us: what this means here. A protocol whose upstream refuses without a word may
  /// give another reason or words for a person. Called once for a connection that was open.
  virtual void explain(net::Ending& ending) const { static_cast<void>(ending); }
  /// The upgrade was refused with an HTTP answer, or with one written after the 101: what this means here.
  virtual void explain_refusal(net::Ending& ending) const { static_cast<void>(ending); }
  /// Canonical `relay.upstreamChannel`s served by this connection, for gaps and for how long each has been silent.
  /// Empty: not known yet.
  virtual std::vector<std::string> channels() const = 0;
  /// Whether changed settings can be taken over without a new connection. Pure.
  virtual bool can_adopt(const Settings& settings) const {
    static_cast<void>(settings);
    return false;
  }
  /// Takes over what can be adopted, on the open connection if there is one (`outcome` says what to send).
  virtual void adopt(const std::shared_ptr<const Settings>& settings, const event::Now& now, Outcome& outcome) {
    static_cast<void>(settings), static_cast<void>(now), static_cast<void>(outcome);
  }
  // Publishing. A connector that cannot publish leaves this as it is.
  /// From when on `say` may be asked, while live: now or earlier: at once; later: the upstream's pace; max(): not until
  /// something else has happened (a frame, a tick), e.g. the upstream has yet to say who we are.
  virtual event::SteadyTime may_say_at() const { return event::SteadyTime::min(); }
  /// Says this message: what to write goes into `sends` or `posts`, and exactly one report of its number into
  /// `reports`: sent, awaiting, refused, unsupported, or returned where it must wait after all. Numbers are unique in
  /// this run; one that is tried again on the same connection keeps its number. Only while live. Who awaits the
  /// upstream's word reports it from `frame`, `tick` or `answered`; what is open when the connection ends is reported
  /// as unconfirmed by the Conversation, and `open` begins with nothing awaited.
  virtual void say(const event::Message& message, const event::Now& now, Outcome& outcome);
  /// The answer to a post, or why there is none; also when the connection that it belongs to has ended meanwhile. The
  /// Conversation reports by itself what was never written (as returned) and what this leaves without a last word.
  virtual void answered(std::uint64_t number, const std::variant<net::HttpAnswer, net::Ending>& result,
                        const event::Now& now, Outcome& outcome);

  /// What the upstream has said of who we are; asked while it is live.
  virtual Admission admission() const { return {}; }
  /// What to ask for after a gap of one of its channels; none: nothing can be filled. `from` and `to` are wider than
  /// the gap (Gaps::overlap), whose limits are looked at afterwards. `secrets` as for `dial`. Pure.
  virtual std::vector<Backfill> backfill(const std::string& channel, event::WallTime from, event::WallTime to,
                                         const std::vector<std::string>& secrets) const {
    static_cast<void>(channel), static_cast<void>(from), static_cast<void>(to), static_cast<void>(secrets);
    return {};
  }
  /// What `check --connect` asks beside dialling. `secrets` as for `dial`.
  virtual std::vector<Lookup> lookups(const std::vector<std::string>& secrets) const {
    static_cast<void>(secrets);
    return {};
  }
};

}  // namespace tributary::connectors
