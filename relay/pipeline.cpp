#include "relay/pipeline.hpp"

#include <mutex>
#include <utility>

#include "event/assert.hpp"
#include "relay/dead_letter.hpp"
#include "relay/dedupe.hpp"
#include "relay/finish.hpp"

namespace tributary::relay {

class Pipeline::ConnectorIntake final : public BookedIntake {
 public:
  ConnectorIntake(Pipeline& pipeline, IntakeSettings settings)
      : pipeline_(pipeline),
        connector_(std::make_shared<const std::string>(std::move(settings.connector))),
        source_(settings.source),
        routes_(pipeline.routes_from(*connector_)),
        dedupes_(settings.dedupe_ids != 0),
        dedupe_(settings.dedupe_ids, settings.dedupe_window, settings.memory),
        first_unrouted_(std::move(settings.first_unrouted)),
        sequence_(settings.progress.sequence),
        notice_sequence_(settings.progress.notice_sequence),
        book_(settings.progress.book),
        published_(book_) {
    pipeline_.intakes_.push_back(this);
  }
  ~ConnectorIntake() override { std::erase(pipeline_.intakes_, this); }

  void use_routes() {
    routes_ = pipeline_.routes_from(*connector_);
    told_unrouted_ = false;
    room();
  }

  void control(bool unknown) override {
    ++book_.frames, ++book_.control;
    if (unknown) ++book_.unknown;
  }

  void malformed(const event::Malformed& fault, const event::Now& now) override {
    thread_.check();
    ++book_.frames, ++book_.malformed;
    pipeline_.offer_letter(fault, source_, connector_, routes_.any(), now);
  }

  void carrying() override { ++book_.frames, ++book_.carrying; }

  bool accept(event::Draft&& draft, const event::Now& now) override {
    thread_.check();
    ++book_.events;
    last_event_ = now.steady;
    book_.repaired += draft.repaired;
    bool update = false;
    if (dedupes_ && draft.identified && !draft.test && draft.kind == event::Kind::activity) {
      const auto flagged = draft.flagged_said ? std::optional(draft.flagged) : std::nullopt;
      dedupe_.begin(now);
      const auto answer = dedupe_.see(draft.id.of(draft.text), draft.updated, flagged, now.steady);
      if (answer == Dedupe::Answer::duplicate) {
        ++book_.duplicate;
        draft.receipt.reset();
        return false;
      }
      update = answer == Dedupe::Answer::update;
      dedupe_.remember_when_safe(draft, now);
    }
    const bool activity = draft.kind == event::Kind::activity;
    const Targets silent = pipeline_.silent_on(draft);
    Targets to = pipeline_.taking(draft.kind, activity ? routes_.of(draft.type.of(draft.text)) : routes_.any());
    if ((to & ~silent).none()) {
      ++book_.unrouted;
      if (to.none()) tell_unrouted(draft);
      draft.receipt.reset();
      return true;
    }
    const auto event =
        finish(std::move(draft), Finish{connector_, pipeline_.run_, book_.connections, sequence_ + 1, update, now});
    const bool parsed = pipeline_.parse(*event);
    if (parsed && activity && routes_.asks(event->type_text())) {
      to = pipeline_.taking(event->kind, routes_.of(event->type_text(), pipeline_.validator_.document()));
      if ((to & ~silent).none()) {  // as its routes want it: nothing to tell a person
        ++book_.unrouted;
        return true;
      }
    }
    to &= ~silent;
    ++sequence_, ++book_.accepted;
    if (update) ++book_.updates;
    if (parsed) {
      pipeline_.offer(event, to);
    } else {
      pipeline_.refuse(*event, to);
    }
    pipeline_.taps_.tell(event);
    return true;
  }

  void ignored(event::Ignored reason) override {
    ++book_.events;
    ++book_.ignored[static_cast<std::size_t>(reason)];
  }

  void notice(const event::Notice& notice, const event::Now& now) override {
    thread_.check();
    if (notice.type == "gap") ++book_.gaps;
    const Targets all = pipeline_.taking(event::Kind::notice, Targets{}.set());
    if (all.none()) return;
    const auto event =
        finish(notice, Finish{connector_, pipeline_.run_, book_.connections, ++notice_sequence_, false, now});
    if (!pipeline_.parse(*event)) return pipeline_.refuse(*event, all);
    pipeline_.offer(event, all);
  }

  void live() override { ++book_.connections; }

  void settle() override {
    const std::lock_guard lock(mutex_);
    published_ = book_;
  }

  bool congested() const override { return pipeline_.congested(routes_.any()); }
  void on_room(std::function<void()> resumed) override { resumed_ = std::move(resumed); }
  void room() override {
    if (resumed_ && !congested()) resumed_();
  }

  Progress progress() const override { return {book_, sequence_, notice_sequence_}; }
  std::optional<event::SteadyTime> last_event() const override { return last_event_; }

  event::ConnectorLedger ledger() const override {
    const std::lock_guard lock(mutex_);
    return published_;
  }

 private:
  void tell_unrouted(const event::Draft& draft) {
    if (!first_unrouted_ || std::exchange(told_unrouted_, true)) return;
    using Why = Unrouted::Why;
    const auto type = draft.type.of(draft.text);
    const bool typed = draft.kind == event::Kind::activity && routes_.of(type).none();
    first_unrouted_({type, draft.kind, routes_.any().none() ? Why::no_route : typed ? Why::no_type : Why::not_taken});
  }

  [[no_unique_address]] event::ThreadCheck thread_;
  Pipeline& pipeline_;
  const std::shared_ptr<const std::string> connector_;
  const std::string_view source_;
  RoutesFrom routes_;
  const bool dedupes_;
  Dedupe dedupe_;
  std::function<void(const Unrouted&)> first_unrouted_;
  bool told_unrouted_ = false;  ///< under these routes
  std::uint64_t sequence_, notice_sequence_;
  event::ConnectorLedger book_;
  std::optional<event::SteadyTime> last_event_;
  std::function<void()> resumed_;
  mutable std::mutex mutex_;
  event::ConnectorLedger published_;
};

Pipeline::Pipeline(RoutingTablePtr table, schema::Schema marker, std::string run, const Taps& taps)
    : table_(std::move(table)), marker_(std::move(marker)), run_(std::move(run)), taps_(taps) {
  look_at_table();
}

void Pipeline::look_at_table() {
  TRIBUTARY_ASSERT(table_->targets.size() <= most_sinks);
  takers_ = {};
  channels_ = {};
  for (std::size_t i = 0; i < table_->targets.size(); ++i) channels_.set(i, !table_->targets[i].connector.empty());
  for (auto kind : {event::Kind::activity, event::Kind::state, event::Kind::notice}) {
    for (std::size_t i = 0; i < table_->targets.size(); ++i) {
      takers_[static_cast<std::size_t>(kind)].set(i, table_->targets[i].outlet->takes(kind));
    }
  }
}

void Pipeline::use(RoutingTablePtr table) {
  thread_.check();
  table_ = std::move(table);
  look_at_table();
  for (ConnectorIntake* intake : intakes_) intake->use_routes();
}

RoutesFrom Pipeline::routes_from(const std::string& connector) const {
  Targets own;
  for (std::size_t i = 0; i < table_->targets.size(); ++i) own.set(i, table_->targets[i].connector == connector);
  return {table_->routes, connector, own};
}

Pipeline::~Pipeline() = default;

std::unique_ptr<BookedIntake> Pipeline::intake(IntakeSettings settings) {
  thread_.check();
  return std::make_unique<ConnectorIntake>(*this, std::move(settings));
}

Targets Pipeline::taking(event::Kind kind, const Targets& among) const {
  return among & takers_[static_cast<std::size_t>(kind)];
}

/// The channels on which this event is not said: where it was heard, and all of them when a relay that nobody can
/// verify has marked it. What does not apply costs one look.
Targets Pipeline::silent_on(const event::Draft& draft) const {
  if (channels_.none() || draft.foreign_mark) return channels_;
  Targets own;
  for (std::size_t i = 0; i < table_->targets.size(); ++i) {
    const Target& target = table_->targets[i];
    own.set(i, channels_[i] && target.source == draft.source && target.channel == draft.upstream_channel);
  }
  return own;
}

bool Pipeline::congested(const Targets& among) const {
  for (std::size_t i = 0; i < table_->targets.size(); ++i) {
    const Target& target = table_->targets[i];
    if (among[i] && target.pauses && target.outlet->full()) return true;
  }
  return false;
}

/// The event is what was parsed last.
void Pipeline::offer(const std::shared_ptr<event::Event>& event, const Targets& to) {
  thread_.check();
  event->marked = validator_.passes(marker_);
  for (std::size_t i = 0; i < table_->targets.size(); ++i) {
    if (!to[i]) continue;
    const Target& target = table_->targets[i];
    const bool passes = !target.schema || event->kind == event::Kind::notice ||
                        (target.is_marker ? event->marked : validator_.passes(*target.schema));
    if (passes || target.on_failure == OnFailure::forward) {
      target.outlet->offer(event);
    } else if (target.on_failure == OnFailure::drop) {
      target.outlet->offer_dropped(event::Dropped::validation);
    } else {
      target.outlet->offer(letter_of(*event, validator_.explain(*target.schema)));
    }
  }
}

/// A codec wrote what is not JSON: its fault, not the upstream's, and one event's trouble only.
void Pipeline::refuse(const event::Event& event, const Targets& to) {
  for (std::size_t i = 0; i < table_->targets.size(); ++i) {
    if (to[i]) table_->targets[i].outlet->offer(letter_of(event, "not_json", validator_.parse_error()));
  }
}

void Pipeline::offer_letter(const event::Malformed& fault, std::string_view source,
                            const std::shared_ptr<const std::string>& connector, const Targets& to,
                            const event::Now& now) {
  thread_.check();
  for (std::size_t i = 0; i < table_->targets.size(); ++i) {
    // A sink without a place for dead letters never accepted the frame: the connector's book has it as malformed.
    if (to[i] && table_->targets[i].outlet->takes_letters()) {
      table_->targets[i].outlet->offer(letter_of(fault, source, connector, now));
    }
  }
}

}  // namespace tributary::relay
