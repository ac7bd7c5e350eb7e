#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "event/memory.hpp"
#include "event/ports.hpp"
#include "schema/schema.hpp"
#include "schema/validator.hpp"
#include "relay/delivery.hpp"
#include "relay/routes.hpp"

namespace tributary::relay {

enum class OnFailure : std::uint8_t { dead_letter, drop, forward };

/// One sink as the pipeline sees it.
struct Target {
  Delivery* delivery = nullptr;         ///< outlives the pipeline
  std::optional<schema::Schema> schema;  ///< none: nothing is validated
  bool is_streamelements = false;       ///< its schema is StreamElements' own, which is checked anyway
  OnFailure on_failure = OnFailure::dead_letter;
};

/// An event that no sink gets, and why.
struct Unrouted {
  enum class Why : std::uint8_t {
    no_route,   ///< no route takes from its connector
    no_type,    ///< routes do, but none of them this type
    not_taken,  ///< one does, to sinks that take nothing of its kind (a topic that is off)
  };
  std::string_view type;  ///< as in the event, JSON-escaped; lives during the call
  event::Kind kind = event::Kind::activity;
  Why why = Why::no_route;
};

/// What one intake needs to know of its connector.
struct IntakeSettings {
  std::string connector;
  std::string_view source;          ///< static storage: "streamelements", …
  std::size_t dedupe_ids = 65'536;  ///< 0: nothing is deduped
  std::chrono::milliseconds dedupe_window{24 * 3'600'000};
  event::ConnectorMemory* memory = nullptr;  ///< for dedupe; null, or outlives the intake and its events
  std::function<void(const Unrouted&)> first_unrouted = {};  ///< called once: a mistyped route loses without a word
};

/// An intake that also shows its book.
class BookedIntake : public event::Intake {
 public:
  /// One consistent copy, as of the last `settle`. Thread: any.
  virtual event::ConnectorLedger ledger() const = 0;
  /// Some sink has room again. Thread: io.
  virtual void room() = 0;
  /// When the last event came, whatever became of it; none yet: nothing. Thread: io.
  virtual std::optional<event::SteadyTime> last_event() const = 0;
};

/// The way of an event between connectors and sinks, for one io thread: dedupe → route → number → close → validate the
/// very bytes → offer to each sink. Holds the parser that all intakes of the thread share.
/// Must outlive its intakes; targets must outlive it. Thread: io.
class Pipeline {
 public:
  /// `streamelements` is the schema behind `ce_streamelements`; `run` the id of this start of the program; `tap` sees
  /// every accepted event as it is offered.
  Pipeline(std::vector<Target> targets, const std::vector<Route>& routes, schema::Schema streamelements, std::string run,
           std::function<void(const event::EventPtr&)> tap = {});
  ~Pipeline();

  std::unique_ptr<BookedIntake> intake(IntakeSettings settings);

 private:
  class ConnectorIntake;

  void offer(const std::shared_ptr<event::Event>& event, const Targets& to);
  void refuse(const event::Event& event, const Targets& to);
  void offer_letter(const event::Malformed& fault, std::string_view source,
                    const std::shared_ptr<const std::string>& connector, const Targets& to, const event::Now& now);
  Targets taking(event::Kind kind, const Targets& among) const;
  bool congested(const Targets& among) const;

  std::vector<Target> targets_;
  std::array<Targets, 3> takers_{};  ///< by kind: the sinks that take it
  std::vector<Route> routes_;
  schema::Schema streamelements_;
  std::string run_;
  std::function<void(const event::EventPtr&)> tap_;
  schema::Validator validator_;
};

}  // namespace tributary::relay
