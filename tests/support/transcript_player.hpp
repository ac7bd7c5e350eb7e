#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/link/conversation.hpp"
#include "connectors/link/settings.hpp"
#include "tests/support/fake_intake.hpp"
#include "tests/support/fake_outbound.hpp"
#include "tests/support/transcript.hpp"
#include "tests/support/transcript_words.hpp"

namespace tributary::support {

/// Plays the lines of one transcript: the Transport, Intake and observer of a Conversation, with a clock of its own.
/// Every member throws TranscriptFault when the transcript does not hold.
class TranscriptPlayer : private connectors::Transport, private connectors::LinkObserver, private FakeIntake {
 public:
  TranscriptPlayer(const ProtocolFactory& factory, const SettingsFactory& settings, const AddressFactory& address)
      : factory_(factory), settings_factory_(settings), address_factory_(address) {}

  void line(std::string_view verb, std::string_view rest);
  /// Nothing may be left over.
  void end();

 private:
  enum class Socket { none, connecting, open };

  // lines
  bool before_start(std::string_view verb, std::string_view rest);
  void configure(std::string_view rest);
  void begin();
  void input(std::string_view verb, std::string_view rest);
  void adopt(std::string_view rest);
  void publish(std::string_view rest);
  void answered(std::string_view rest);
  void unsent(std::string_view rest);
  void connection_input(std::string_view verb, std::string_view rest);
  void frame(const std::string& payload, bool binary);
  void pass(std::chrono::milliseconds time);
  void settle_up();
  void expect(std::string_view what, std::string_view rest);
  void question(std::string_view rest) const;
  void nothing_left() const;
  void claim_dial();

  // Transport
  void prepare() override { preparing_ = true; }
  void connect(net::DialTarget target) override;
  bool send(std::string_view payload, bool binary) override;
  bool room() override { return !socket_full_; }
  void post(connectors::Post post) override;
  void ping() override { outputs_.push_back({"ping", "", {}}); }
  void close(const net::Ending& ending) override;
  void abort(const net::Ending& ending) override { close(ending); }
  void drop() override { socket_ = Socket::none; }
  void pause_reading(bool) override {}
  void await_room() override {}
  void stopped() override { outputs_.push_back({"stopped", "", {}}); }
  void fetch(net::HttpRequest request) override { outputs_.push_back({"fetch", std::move(request.url), {}}); }

  // LinkObserver
  void changed(const std::string& connector, const connectors::LinkStatus& status) override;
  void lost(const std::string& connector, const net::Ending& ending, bool was_live) override;
  void remarked(const std::string& connector, const connectors::Remark& remark) override;

  // Intake
  void control(bool unknown) override;
  void malformed(const event::Malformed& fault, const event::Now& now) override;
  void accept(event::Draft&& draft, const event::Now& now) override;
  void ignored(event::Ignored reason) override;
  void notice(const event::Notice& notice, const event::Now& now) override;
  void live() override;

  const ProtocolFactory& factory_;
  const SettingsFactory& settings_factory_;
  const AddressFactory& address_factory_;
  TranscriptConfig of_sink_;
  TranscriptConfig config_, given_;
  connectors::Conversation::Settings settings_;
  std::unique_ptr<connectors::Protocol> protocol_;
  std::unique_ptr<connectors::Conversation> conversation_;
  std::shared_ptr<FakeOutbound> outbound_;  ///< made by the first `publish`
  event::Form form_ = event::Form::text;
  event::Now now_;
  std::deque<Output> outputs_;
  std::vector<std::string> credentials_;
  std::optional<std::string> unreadable_;
  net::DialTarget target_;
  Socket socket_ = Socket::none;
  bool preparing_ = false;
  bool end_follows_ = false;
  bool all_notices_ = false;
  bool close_by_hand_ = false;
  bool socket_full_ = false;
  bool work_ = false;                  ///< the sink asks to be asked
  std::vector<std::uint64_t> posted_;  ///< posts that have yet to leave
  bool posts_wait_ = false;            ///< they do not
};

}  // namespace tributary::support
