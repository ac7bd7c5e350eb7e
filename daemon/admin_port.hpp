#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "admin/gate.hpp"
#include "admin/program.hpp"
#include "admin/run_file.hpp"
#include "admin/server.hpp"
#include "config/secret.hpp"
#include "config/settings.hpp"
#include "daemon/app.hpp"
#include "daemon/telemetry.hpp"

namespace tributary::daemon {

/// The admin port of a running relay: what it shows is of App, what it is asked to do is done by the main loop. Owned
/// by the command that runs the relay, made after App and destroyed before it. Thread: main, what is of
/// admin::Program any.
class AdminPort final : public admin::Program {
 public:
  /// `file`: the configuration. `wake`: has the main loop look at `reload_asked`; any thread. `places`: for the run
  /// file, by the state directory.
  using Places = std::function<std::vector<std::filesystem::path>(const std::filesystem::path& state)>;
  AdminPort(App& app, Telemetry& telemetry, std::filesystem::path file, std::function<void()> wake, Places places);
  ~AdminPort() override;

  /// Listens as the settings of App say. A sentence: the port that was asked for cannot be had. The usual one, which
  /// nobody has asked for, is told and done without.
  std::string open();

  /// Does beforehand what can fail of such a change: "" or why it cannot be. Then one of the two others is called.
  std::string prepare(const config::Admin& next);
  void commit();   ///< the settings of App are the new ones
  void discard();  ///< everything goes on as before

  /// About once a second: has the token changed?
  void look();
  bool reload_asked() const;
  /// Answers all who have asked for it until now.
  void answer(const Reloaded& what);
  /// `answer` for who asks from now on, too: nobody reloads any more.
  void refuse_reloads(const std::string& why);

  const std::string& address() const { return address_; }  ///< as it is asked from this machine; "": not open

  admin::Snapshot snapshot() override;
  std::vector<std::string> stalled() override;
  void reload(std::function<void(Reloaded)> done) override;
  std::string configuration() override;
  std::uint64_t add_tap(Tap tap) override { return app_.taps().add(std::move(tap)); }
  void remove_tap(std::uint64_t number) override { app_.taps().remove(number); }

 private:
  /// A server and whom it lets in.
  struct Opened {
    std::shared_ptr<admin::Gate> gate;  ///< outlives the server
    std::unique_ptr<admin::Server> server;
  };
  using OpenedPtr = std::unique_ptr<Opened>;
  /// One that is no more in use answers for a moment what it has been asked.
  struct Retired {
    event::SteadyTime until;
    OpenedPtr opened;
  };

  OpenedPtr listen(const std::string& host, std::uint16_t port, std::shared_ptr<admin::Gate> gate);
  std::shared_ptr<admin::Gate> gate_for(const config::Admin& admin) const;
  void retire(OpenedPtr opened);
  void read_token(const config::Admin& admin, admin::Gate& gate);
  void note();
  void note_configuration();
  void unavailable(const std::string& why, Level level = Level::warn);

  App& app_;
  Telemetry& telemetry_;
  const std::filesystem::path file_;
  const std::function<void()> wake_;
  const Places places_;
  const std::string owner_ = admin::random_word();
  config::Admin admin_;  ///< in force
  std::optional<config::SecretWatch> token_;
  std::string address_;
  std::unique_ptr<admin::WrittenRunFile> run_file_;

  mutable std::mutex mutex_;  ///< guards what the server's thread sees
  std::vector<std::function<void(Reloaded)>> asked_;
  std::optional<std::string> no_reload_;
  std::optional<admin::ReloadView> last_reload_;
  std::string configuration_;

  OpenedPtr opened_;                   ///< null: no admin port
  std::optional<config::Admin> next_;  ///< prepared
  OpenedPtr next_opened_;
  bool reopens_ = false;  ///< the next one takes the place of the present one
  std::vector<Retired> retired_;
};

}  // namespace tributary::daemon
