#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "admin/snapshot.hpp"
#include "config/settings.hpp"
#include "connectors/link/input.hpp"
#include "connectors/link/link.hpp"
#include "daemon/books.hpp"
#include "daemon/recorder.hpp"
#include "daemon/telemetry.hpp"
#include "event/channel.hpp"
#include "event/memory.hpp"
#include "event/thread_check.hpp"
#include "relay/pipeline.hpp"

namespace tributary::daemon {

/// What became of one connector whose settings changed, and the keys that did.
struct ConnectorChange {
  /// staying: it is to stop once the sinks that were taken out with it have said what they have
  enum class What : std::uint8_t { started, stopped, restarted, adopted, staying };
  std::string connector;
  What what = What::started;
  std::vector<std::string> keys;  ///< restarted, adopted
};

/// Runs connectors on one io thread: makes an input and an intake for each, starts and stops them, and keeps one's
/// trouble from the others: a connector that cannot even be made is parked and made again later. Which connectors run
/// here is told by `want`, at any time. The book of one that is gone stays, and one that comes again goes on with its
/// numbers. Thread: io, but `books`.
class Supervisor {
 public:
  struct Surroundings {
    boost::asio::io_context& io;
    boost::asio::thread_pool& workers;
    net::DialBudget& budget;
    relay::Pipeline& pipeline;
    connectors::LinkObserver& observer;
    Telemetry& telemetry;
    /// Makes what runs; may throw. A Link of the registry's protocol, but in tests.
    std::function<std::unique_ptr<connectors::Input>(const config::NamedSettings&, connectors::LinkSettings,
                                                     const connectors::LinkSurroundings&)>
        input = link_of;
    std::chrono::milliseconds make_again{60'000};  ///< when one that could not be made is tried again
    std::chrono::milliseconds farewell{2'000};     ///< for one that is stopped or restarted while others run on
    event::Memory* memory = nullptr;  ///< outlives the supervisor and its events; null: nothing is remembered beyond it
    Recorder* recorder = nullptr;     ///< outlives the supervisor; null: nothing is recorded
  };

  static std::unique_ptr<connectors::Input> link_of(const config::NamedSettings& connector,
                                                    connectors::LinkSettings settings,
                                                    const connectors::LinkSurroundings& around);

  explicit Supervisor(const Surroundings& around);
  ~Supervisor();

  /// What connectors that are started from now on are to know again after a restart. Null: nothing; else it outlives
  /// the supervisor and its events.
  void remember_in(event::Memory* memory) { around_.memory = memory; }
  /// These run from now on, and no others: what is not there is started, what is no longer wanted says goodbye; what
  /// has other settings takes them over on its open connection, or is stopped and started again. What has not changed
  /// is not touched. Names must differ. Answers what it did, in the order of names.
  std::vector<ConnectorChange> want(std::vector<config::NamedSettings> connectors, const config::Limits& limits);
  using Speaking = std::map<std::string, std::vector<event::OutboundPtr>>;
  /// These channel sinks, and no others, publish on the connections of the connectors that are named with them,
  /// whenever those run here: they need not yet, and may be made anew. The sinks are held until others are named.
  void serve(const Speaking& speaking);
  /// Ends all of them within `patience`, then calls `stopped` once. Nothing is wanted afterwards.
  void stop(std::chrono::milliseconds patience, std::function<void()> stopped);
  /// Closes the books as they stand; also done by `stop`.
  void settle();
  /// Some sink has room again.
  void room();
  /// Connectors that are live now.
  std::size_t live() const;

  /// How each of them stands now.
  std::vector<admin::ConnectorView> views() const;

  /// The book of every connector that is or was here, each as of its last read. Thread: any.
  std::vector<ConnectorBook> books() const;

 private:
  struct Run {
    config::NamedSettings settings;
    std::shared_ptr<relay::BookedIntake> intake;
    std::unique_ptr<connectors::Input> input;
    std::unique_ptr<boost::asio::steady_timer> again;
    std::optional<event::WallTime> missed_since;  ///< told by the inputs before this one
    bool leaving = false;                         ///< `input` has been told to stop
    std::optional<config::NamedSettings> next;    ///< leaving: what it is started with afterwards
  };
  /// Of a connector that has an intake, or had one.
  struct Kept {
    std::shared_ptr<const relay::BookedIntake> intake;  ///< null: it is gone
    relay::Progress progress;                           ///< as it was when it went
  };
  void attach(const std::string& connector, const event::OutboundPtr& outbound);
  void detach(const std::string& connector, const event::OutboundPtr& outbound);
  void start(config::NamedSettings settings);
  void open_book(Run& run);
  void launch(Run& run);
  void record(Run& run);
  void leave(Run& run);
  void left(const std::string& connector);
  std::optional<ConnectorChange> change(Run& run, config::NamedSettings&& settings, std::vector<std::string> keys);
  void measure();

  [[no_unique_address]] event::ThreadCheck thread_;
  Surroundings around_;
  config::Limits limits_;
  std::map<std::string, Run> runs_;
  Speaking outbounds_;              ///< by the connector they publish on
  boost::asio::steady_timer look_;  ///< when the channels' silence is measured next
  std::size_t stopping_ = 0;
  mutable std::mutex mutex_;  ///< guards kept_
  std::map<std::string, Kept> kept_;
};

}  // namespace tributary::daemon
