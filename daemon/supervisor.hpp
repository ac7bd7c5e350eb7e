#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/settings.hpp"
#include "connectors/link/link.hpp"
#include "daemon/status.hpp"
#include "daemon/telemetry.hpp"
#include "relay/pipeline.hpp"

namespace tributary::daemon {

/// Runs connectors on one io thread: makes a Link and an intake for each, starts and stops them, and keeps one's
/// trouble from the others: a connector that cannot even be made is parked and made again later. Which connectors run
/// here is its input. Thread: io, but `ledgers`.
class Supervisor {
 public:
  struct Surroundings {
    boost::asio::io_context& io;
    boost::asio::thread_pool& workers;
    net::DialBudget& budget;
    relay::Pipeline& pipeline;
    connectors::LinkObserver& observer;
    Telemetry& telemetry;
    const config::Limits& limits;
    /// Makes what a connector speaks; may throw. The registry's, but in tests.
    std::function<std::unique_ptr<connectors::Protocol>(const config::NamedSettings& connector)> protocol = protocol_of;
    std::chrono::milliseconds make_again{60'000};  ///< when one that could not be made is tried again
  };

  static std::unique_ptr<connectors::Protocol> protocol_of(const config::NamedSettings& connector);

  explicit Supervisor(const Surroundings& around);
  ~Supervisor();

  /// Starts what is wanted and not there. The settings must outlive the supervisor; `adopt` changes them.
  void want(const std::vector<config::NamedSettings*>& connectors);
  /// Whether this connector can take these settings over without a new connection. False also when it is not here.
  bool can_adopt(const std::string& connector, const connectors::Settings& settings) const;
  /// Has it take them over, after can_adopt. False when that went wrong, and the old ones stay.
  bool adopt(const std::string& connector, std::shared_ptr<config::Described> settings);
  /// Ends all of them within `patience`, then calls `stopped` once.
  void stop(std::chrono::milliseconds patience, std::function<void()> stopped);
  /// Closes the books as they stand; also done by `stop`.
  void settle();
  /// Some sink has room again.
  void room();
  /// Connectors that are live now.
  std::size_t live() const;

  /// How each of them stands now.
  std::vector<ConnectorStanding> standings() const;

  /// The sum of all books, each as of its last read. Thread: any, after `want`.
  event::ConnectorLedger ledger() const;

 private:
  struct Run {
    config::NamedSettings* settings = nullptr;
    std::unique_ptr<relay::BookedIntake> intake;
    std::unique_ptr<connectors::Link> link;
    std::unique_ptr<boost::asio::steady_timer> again;
  };
  void launch(Run& run);
  void measure();

  Surroundings around_;
  std::map<std::string, Run> runs_;
  boost::asio::steady_timer look_;  ///< when the channels' silence is measured next
  std::size_t stopping_ = 0;
};

}  // namespace tributary::daemon
