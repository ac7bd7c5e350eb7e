#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "connectors/link/protocol.hpp"

namespace tributary::support {

struct ToySettings {
  std::string url = "ws://127.0.0.1:1/toy?key=hidden";
  std::vector<config::Secret> secrets;
  std::chrono::milliseconds beat{0};  ///< 0: no heartbeat
  std::string archive;                ///< http://…, where missed events are; "": nowhere
  bool publishes = false;
  std::chrono::milliseconds pace{0};  ///< between two messages
  std::size_t say_limit = 200;        ///< bytes of a message
  std::string post_url = "http://127.0.0.1:1/say";
  config::Secret post_secret;
};

/// The smallest protocol that has everything a Conversation can meet, in words a person can type:
///
///   C hello TOKEN                     at open
///   S welcome CHANNEL                 live, on that channel
///   S event ID [ID…]   S test   S state NAME   S odd (unknown)   S echo TEXT (answered)   anything else: not_json
///   S no (credential_refused)   S wrong (wrong_channel)   S bye (disconnected)   S throw   S expiring (a notice)
///   C beat every `beat`, S beat within half of it, else heartbeat_timeout; C bye as farewell
///   publishing: C say NUMBER CONTENT, S said NUMBER (confirmed), S sorry NUMBER (refused), S heard NUMBER (echoed);
///   `quiet …` is at most once, `odd` is returned, `bug` throws, `post …` goes over HTTP, more than `say_limit` is
///   too_large; S hold, S go (may it be said?), S mute (nothing can be)
///   what was missed: GET ARCHIVE?channel=…&from=…&to=…&page=N with the token; ids, parted by spaces, said in the
///   middle of that time; `at MS ID` that long after 1970; `nameless` has no id of its own; `more` says that there is
///   another page, `older` that it is of an earlier time, `later MS` that it is to be asked for after so long; 503 may
///   be good a little later, 429 after a minute, any other status but 200 refuses
class ToyProtocol : public connectors::Protocol {
 public:
  explicit ToyProtocol(ToySettings settings) : settings_(std::move(settings)) {}

  std::vector<config::Secret> secrets() const override { return settings_.secrets; }
  std::variant<net::DialTarget, net::Ending> dial(const std::vector<std::string>& secrets,
                                                  const event::Now& now) override;
  void open(std::uint64_t connection, const event::Now& now, connectors::Outcome& outcome) override;
  void frame(std::string_view payload, bool binary, const event::Now& now, connectors::Outcome& outcome) override;
  event::SteadyTime deadline() const override;
  void tick(const event::Now& now, connectors::Outcome& outcome) override;
  void paused(bool paused, const event::Now& now, connectors::Outcome& outcome) override;
  void farewell(connectors::Outcome& outcome) override;
  std::vector<std::string> channels() const override;
  std::vector<connectors::Backfill> backfill(const std::string& channel, event::WallTime from, event::WallTime to,
                                             const std::vector<std::string>& secrets) const override;
  event::SteadyTime may_say_at() const override;
  void say(const event::Message& message, const event::Now& now, connectors::Outcome& outcome) override;
  void answered(std::uint64_t number, const std::variant<net::HttpAnswer, net::Ending>& result, const event::Now& now,
                connectors::Outcome& outcome) override;

 private:
  connectors::Backfill page(std::string url, unsigned number, std::string token, event::WallTime when) const;
  bool word_on_message(std::string_view verb, std::string_view rest, connectors::Outcome& outcome);
  void event_line(std::string_view id, const event::Now& now, connectors::Outcome& outcome) const;

  ToySettings settings_;
  std::string token_;
  std::string channel_;
  event::SteadyTime beat_at_ = event::SteadyTime::max();
  event::SteadyTime answer_by_ = event::SteadyTime::max();
  bool paused_ = false;
  bool held_ = false, mute_ = false;
  event::SteadyTime say_at_ = event::SteadyTime::min();
};

}  // namespace tributary::support
