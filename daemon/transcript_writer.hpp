#pragma once

#include <string>
#include <string_view>

#include "config/settings.hpp"
#include "daemon/replayer.hpp"
#include "event/ports.hpp"

namespace tributary::daemon {

/// Writes what a replay does as a transcript, the form of `connectors/*/testdata/*.transcript`: what came in, and what
/// must come of it. The intake of such a replay: nothing is deduped, no event goes on. Give its `text` to a file.
/// Thread: any, one.
class TranscriptWriter final : public ReplayWitness, public event::Intake {
 public:
  /// The settings that are not at their defaults become `config` lines, without those of every connector.
  TranscriptWriter(const config::NamedSettings& connector, const config::NamedSettings& defaults,
                   event::WallTime start);

  const std::string& text() const { return text_; }

  // ReplayWitness
  void passed(std::chrono::milliseconds time) override;
  void waited() override { line("+ wait"); }
  void opened() override { line("open"); }
  void received(std::string_view payload, bool binary) override;
  void ended(const net::Ending& ending) override;
  void dialled() override { line("= dial"); }
  void sent(std::string_view payload, bool binary) override;
  void asked() override { line("= fetch"); }
  void lost(net::Reason reason) override;
  void waits(std::chrono::milliseconds delay, bool parked) override;
  void remarked(const connectors::Remark& remark) override;

  // Intake
  void control(bool unknown) override;
  void malformed(const event::Malformed& fault, const event::Now& now) override;
  void carrying() override {}
  bool accept(event::Draft&& draft, const event::Now& now) override;
  void ignored(event::Ignored reason) override;
  void notice(const event::Notice& notice, const event::Now& now) override;
  void live() override { line("= live"); }
  void settle() override {}
  bool congested() const override { return false; }
  void on_room(std::function<void()>) override {}

 private:
  void line(std::string_view words);
  void frame(std::string_view verb, std::string_view payload, bool binary);

  std::string text_;
  std::chrono::milliseconds passed_{0};  ///< and not yet written
};

}  // namespace tributary::daemon
