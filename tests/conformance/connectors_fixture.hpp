#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/load.hpp"
#include "connectors/link/link.hpp"
#include "connectors/registry.hpp"
#include "connectors/simulators.hpp"
#include "tests/support/door.hpp"
#include "tests/support/fake_intake.hpp"

/// For the suite that every line of the registry must pass: a connector of one kind, its simulator, and a door between
/// them, on one loop.
namespace tributary::conformance {

using namespace std::chrono_literals;

/// One kind of upstream, in one of its manners.
struct Kind {
  std::string name;                               ///< of the test
  std::string type;                               ///< of the registry
  std::map<std::string, std::string> behaviours;  ///< of the simulator
  std::string settings;                           ///< further keys of the connector, `, key: value`
};

/// How GoogleTest names it.
inline void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

/// Every line of the registry, and EIO4 for the one that has it.
std::vector<Kind> every_kind();

/// Whether its settings have a secret beside what all connectors have (`headers`).
bool declares_secrets(const std::string& type);

/// A configuration of one connector, `conformance`, with these settings.
config::Loaded load(const std::string& settings_yaml);

/// What the connector says, checked as it comes: each event against the canonical schema.
class Witness final : public support::FakeIntake, public connectors::LinkObserver {
 public:
  Witness();
  bool accept(event::Draft&& draft, const event::Now& now) override;
  void changed(const std::string& connector, const connectors::LinkStatus& status) override;
  void lost(const std::string& connector, const net::Ending& ending, bool was_live) override;
  void remarked(const std::string& connector, const connectors::Remark& remark) override;
  net::Reason last_reason() const { return endings.empty() ? net::Reason::none : endings.back().reason; }
  /// Every event that it was ever told, as one text; and all the rest: notices, dead letters, words for the log.
  const std::string& events_told() const { return texts_; }
  std::string rest_told() const;

  std::vector<net::Ending> endings;
  std::vector<std::string> words;
  std::uint64_t events = 0, lives = 0;
  std::set<std::string, std::less<>> types;  ///< of these events
  std::vector<std::string> invalid;          ///< events that do not pass, with the violation
 private:
  std::string texts_;
  struct Checker;
  std::shared_ptr<Checker> checker_;
};

/// One connector with its simulator behind a door.
class Scene {
 public:
  using Wrap = std::function<std::unique_ptr<connectors::Protocol>(std::unique_ptr<connectors::Protocol>)>;

  Scene(boost::asio::io_context& io, const Kind& kind, double rate, std::map<std::string, std::string> more = {},
        const std::string& settings = "", std::chrono::milliseconds pause_limit = 20s, const Wrap& wrap = {},
        std::uint64_t count = 0);
  ~Scene();

  bool live() const { return link->status().state == net::State::live; }

  boost::asio::io_context& io;
  Kind kind;
  std::string settings_yaml;
  std::unique_ptr<connectors::Simulator> simulator;
  std::unique_ptr<support::Door> door;
  boost::asio::thread_pool workers{1};
  net::DialBudget budget{0};
  Witness witness;
  std::vector<std::string> secrets;  ///< what the connector is given to keep
  std::unique_ptr<connectors::Link> link;
};

class Connectors : public testing::TestWithParam<Kind> {
 protected:
  /// Runs the loop until it is so. Fails after a time that no sound run needs.
  void await(const std::function<bool()>& condition, std::string_view what, std::chrono::seconds patience = 60s);
  void run_for(std::chrono::milliseconds time);
  /// A refusal is answered slowly by some, and a spoiled frame may be one by chance: what waits long is begun anew.
  void hurry();
  Scene& start(double rate, std::map<std::string, std::string> more = {}, const std::string& settings = "",
               const Scene::Wrap& wrap = {});
  /// A show of `count` events; the last may bring some more.
  Scene& start_show(double rate, std::uint64_t count, std::map<std::string, std::string> more);
  Scene& start_live(double rate, std::map<std::string, std::string> more = {}, const std::string& settings = "",
                    const Scene::Wrap& wrap = {});

  boost::asio::io_context io;
  std::unique_ptr<Scene> scene_;

 private:
  bool hurrying_ = false;
};

}  // namespace tributary::conformance
