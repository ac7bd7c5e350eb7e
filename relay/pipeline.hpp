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
#include "event/thread_check.hpp"
#include "relay/routing_table.hpp"
#include "relay/taps.hpp"
#include "schema/schema.hpp"
#include "schema/validator.hpp"

namespace tributary::relay {

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

/// How far the numbers of one connector have come in this run, and its book: what goes on when it is made again.
struct Progress {
  event::ConnectorLedger book = {};
  std::uint64_t sequence = 0, notice_sequence = 0;
};

/// What one intake needs to know of its connector.
struct IntakeSettings {
  std::string connector;
  std::string_view source;          ///< the kind of upstream, as in the event: static storage
  std::size_t dedupe_ids = 65'536;  ///< 0: nothing is deduped
  std::chrono::milliseconds dedupe_window{24 * 3'600'000};
  event::ConnectorMemory* memory = nullptr;  ///< for dedupe; null, or outlives the intake and its events
  std::function<void(const Unrouted&)> first_unrouted =
      {};                  ///< called once under one table: a mistyped route loses silently
  Progress progress = {};  ///< of the intake of that name before this one
};

/// An intake that also shows its book.
class BookedIntake : public event::Intake {
 public:
  /// One consistent copy, as of the last `settle`. Thread: any.
  virtual event::ConnectorLedger ledger() const = 0;
  /// What an intake that takes its place goes on from. Thread: io.
  virtual Progress progress() const = 0;
  /// Some sink has room again. Thread: io.
  virtual void room() = 0;
  /// When the last event came, whatever became of it; none yet: nothing. Thread: io.
  virtual std::optional<event::SteadyTime> last_event() const = 0;
};

/// The way of an event between connectors and sinks, for one io thread: dedupe → number and close → parse the very
/// bytes once → routes that look into it → schemas → offer to each sink. Only an event that has a sink keeps its
/// number. Holds the parser that all intakes of the thread share. Must outlive its intakes; taps must outlive it.
/// Thread: io.
class Pipeline {
 public:
  /// `marker` is the schema behind Event::marked; `run` the id of this start of the program; `taps` see every accepted
  /// event as it is offered.
  Pipeline(RoutingTablePtr table, schema::Schema marker, std::string run, const Taps& taps);
  ~Pipeline();

  std::unique_ptr<BookedIntake> intake(IntakeSettings settings);
  /// From the next event on. Connectors that waited for room look again.
  void use(RoutingTablePtr table);

 private:
  class ConnectorIntake;

  bool parse(const event::Event& event) { return validator_.parse_padded(event.json_text()); }
  void offer(const std::shared_ptr<event::Event>& event, const Targets& to);
  void refuse(const event::Event& event, const Targets& to);
  void offer_letter(const event::Malformed& fault, std::string_view source,
                    const std::shared_ptr<const std::string>& connector, const Targets& to, const event::Now& now);
  RoutesFrom routes_from(const std::string& connector) const;
  Targets taking(event::Kind kind, const Targets& among) const;
  Targets silent_on(const event::Draft& draft) const;
  bool congested(const Targets& among) const;
  void look_at_table();

  [[no_unique_address]] event::ThreadCheck thread_;
  RoutingTablePtr table_;
  std::array<Targets, 3> takers_{};  ///< by kind: the sinks that take it
  Targets channels_;                 ///< the sinks that speak on a channel
  schema::Schema marker_;
  std::string run_;
  const Taps& taps_;
  schema::Validator validator_;
  std::vector<ConnectorIntake*> intakes_;
};

}  // namespace tributary::relay
