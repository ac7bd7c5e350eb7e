#include "sinks/kafka/producer.hpp"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <thread>

#include "sinks/kafka/verdict.hpp"
#include "sinks/kafka/words.hpp"

namespace tributary::sinks::kafka {
namespace {

using namespace std::chrono_literals;
using event::DeliveryReport;
using event::Manner;
using event::Sent;

constexpr std::size_t default_batch_size =
    1'000'000;  // librdkafka's own, below the brokers' default limit of 1,048,588
constexpr auto first_rebuild_pause = 1'000ms;
constexpr auto longest_rebuild_pause = 30'000ms;
constexpr auto purge_patience = 500ms;
constexpr auto last_question = 1'500ms;  // at the stop: for the answer whether a missing topic is there by now
constexpr auto glance = 2ms;             // at one queue while the other has reports to come
constexpr std::size_t reports_at_once = 20'000;

using Clock = std::chrono::steady_clock;

void* opaque_of(std::uint32_t slot) { return reinterpret_cast<void*>(static_cast<std::uintptr_t>(slot) + 1); }
std::size_t slot_of(const void* opaque) {
  return static_cast<std::size_t>(reinterpret_cast<std::uintptr_t>(opaque)) - 1;
}

rd_kafka_headers_t* headers_of(const Record& record) {
  auto* headers = rd_kafka_headers_new(record.header_count);
  for (std::size_t i = 0; i < record.header_count; ++i) {
    const auto& [name, value] = record.headers[i];
    rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                        static_cast<ssize_t>(value.size()));
  }
  return headers;
}

/// Of librdkafka's lines: that the guarantee is "experimental", and that it ended a producer "fatally". Both are meant.
bool is_about_gaps(std::string_view text) {
  return text.find("enable.gapless.guarantee") != std::string_view::npos ||
         text.find("gap-less guarantee") != std::string_view::npos;
}

rd_kafka_vu_t bytes(rd_kafka_vtype_t type, std::string_view text) {
  rd_kafka_vu_t part{};
  part.vtype = type;
  part.u.mem.ptr = const_cast<char*>(text.data());  // librdkafka only reads it
  part.u.mem.size = text.size();
  return part;
}

}  // namespace

std::unique_ptr<Producer> Producer::make(ProducerOptions options, SinkObserver& observer, std::string& fault) {
  std::unique_ptr<Producer> producer(new Producer(std::move(options), observer));
  if (!producer->open(Manner::together, fault)) return nullptr;
  const auto& o = producer->options_;
  producer->watch_ = std::make_unique<TopicWatch>(o.properties, o.create_topics, [p = producer.get()] { p->wake(); });
  for (const auto& name : {o.events.is_fixed() ? o.events.text() : std::string(), o.dead_letter, o.relay, o.state}) {
    if (!name.empty()) producer->topic_of(name);
  }
  return producer;
}

Producer::Producer(ProducerOptions options, SinkObserver& observer)
    : options_(std::move(options)),
      observer_(observer),
      event_topics_(options_.events),
      framer_(options_.cloudevents),
      batch_size_(number(options_.properties, "batch.size").value_or(default_batch_size)),
      rebuild_pause_(first_rebuild_pause) {}

Producer::~Producer() { close(); }

void Producer::close() {
  watch_.reset();
  shut();
}

bool Producer::open(Manner manner, std::string& fault) {
  const bool alone = manner == Manner::alone;
  auto properties = options_.properties;
  set(properties, "batch.size", std::to_string(batch_size_));
  set(properties, "enable.gapless.guarantee", alone ? "false" : "true");
  if (alone) set(properties, "linger.ms", "0");
  auto client = open_client(properties, Purpose::produce, fault);
  if (!client) return false;
  const std::lock_guard lock(wake_mutex_);
  Wire& wire = wire_of(manner);
  wire.client = std::move(client);
  wire.queue.reset(rd_kafka_queue_get_main(wire.client.get()));
  return true;
}

void Producer::shut() {
  for (auto& [name, topic] : topics_) topic->handles = {};
  for (Wire& wire : wires_) {
    {
      const std::lock_guard lock(wake_mutex_);
      wire.queue.reset();
    }
    wire = {};
  }
}

std::string_view Producer::stream_of(const event::Event& event) {
  switch (event.kind) {
    case event::Kind::activity:
      return options_.events.text().empty() ? std::string_view() : event_topics_.of(event);
    case event::Kind::state:
      return options_.state;
    case event::Kind::notice:
      return options_.relay;
  }
  return {};
}

Producer::Topic& Producer::topic_of(std::string_view stream) {
  if (last_topic_ != nullptr && last_topic_->name == stream) return *last_topic_;
  auto found = topics_.find(stream);
  if (found == topics_.end()) {
    auto topic = std::make_unique<Topic>();
    topic->name = stream;
    watch_->want({topic->name});
    const std::string_view stable = topic->name;
    found = topics_.emplace(stable, std::move(topic)).first;
  }
  last_topic_ = found->second.get();
  return *last_topic_;
}

/// Nothing when records may go to the topic now.
std::optional<Sent> Producer::not_ready(Topic& topic, Manner manner) {
  if (!wire_of(Manner::together).client || fatal_ || gap_ || shrink_) return Sent::full;
  if (topic.state == Topic::State::unknown) return Sent::full;
  if (topic.state == Topic::State::missing) {
    if (topic.awaited && Clock::now() < awaited_until_) return Sent::full;
    return denied("unknown_topic");
  }
  auto& handle = topic.handles[static_cast<std::size_t>(manner)];
  if (handle) return std::nullopt;
  std::string fault;
  if (!wire_of(manner).client && !open(manner, fault)) {
    tell(Sign::fatal, {}, fault);
    return denied("no_producer");  // its lane waits, the others need not
  }
  handle.reset(rd_kafka_topic_new(wire_of(manner).client.get(), topic.name.c_str(), nullptr));
  if (!handle) return refused(topic, rd_kafka_last_error());
  return std::nullopt;
}

Sent Producer::send(std::string_view stream, const event::Event& event, std::uint64_t token, Manner manner) {
  Topic& topic = topic_of(stream);
  if (const auto answer = not_ready(topic, manner)) return *answer;
  const auto& record = framer_.frame(event);
  const auto answer = produce(topic, record, token, record.value_is_ours, manner);
  if (answer == Sent::accepted && record.clamped) ++clamped_;
  return answer;
}

Sent Producer::send(std::string_view stream, const event::DeadLetter& letter, std::uint64_t token, Manner manner) {
  Topic& topic = topic_of(stream);
  if (const auto answer = not_ready(topic, manner)) return *answer;
  return produce(topic, framer_.frame(letter.value, *letter.connector), token, true, manner);
}

Sent Producer::produce(Topic& topic, const Record& record, std::uint64_t token, bool copy, Manner manner) {
  if (topic.batch_limit != 0 && record.batch_size() > topic.batch_limit) return Sent::too_large;
  std::array<rd_kafka_vu_t, 7> parts{};
  std::size_t count = 0;
  parts[count].vtype = RD_KAFKA_VTYPE_RKT;
  parts[count++].u.rkt = topic.handles[static_cast<std::size_t>(manner)].get();
  parts[count].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  parts[count++].u.i = copy ? RD_KAFKA_MSG_F_COPY : 0;
  parts[count++] = bytes(RD_KAFKA_VTYPE_KEY, record.key);
  parts[count++] = bytes(RD_KAFKA_VTYPE_VALUE, record.value);
  parts[count].vtype = RD_KAFKA_VTYPE_TIMESTAMP;
  parts[count++].u.i64 = record.timestamp_ms;
  const auto slot = in_flight_.put(token);
  parts[count].vtype = RD_KAFKA_VTYPE_OPAQUE;
  parts[count++].u.ptr = opaque_of(slot);
  rd_kafka_headers_t* headers = nullptr;
  if (record.header_count != 0) {
    headers = headers_of(record);
    parts[count].vtype = RD_KAFKA_VTYPE_HEADERS;
    parts[count++].u.headers = headers;
  }
  Wire& wire = wire_of(manner);
  rd_kafka_error_t* error = rd_kafka_produceva(wire.client.get(), parts.data(), count);
  if (error == nullptr) {  // and the headers are librdkafka's
    ++wire.in_flight;
    return Sent::accepted;
  }

  const auto code = rd_kafka_error_code(error);
  rd_kafka_error_destroy(error);
  if (headers != nullptr) rd_kafka_headers_destroy(headers);
  in_flight_.take(slot);
  return refused(topic, code);
}

Sent Producer::refused(Topic& topic, int error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR__QUEUE_FULL:
      // Alone in the queue and still too much for it: there will never be room.
      was_full_ = true;
      return in_flight_.size() == 0 ? Sent::too_large : Sent::full;
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
      return Sent::too_large;
    case RD_KAFKA_RESP_ERR__FATAL:  // its event says which, and is still to come
      return Sent::full;
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
      missing(topic);
      return denied("unknown_topic");
    default:
      if (verdict_of(error) != event::Verdict::denied) return Sent::full;
      look_again(topic);
      return denied(code_of(error));
  }
}

Sent Producer::denied(std::string_view why) {
  why_denied_ = why;
  return Sent::denied;
}

void Producer::take_repaired(std::vector<std::string>& streams) {
  streams.insert(streams.end(), repaired_.begin(), repaired_.end());
  repaired_.clear();
}

void Producer::hurry() {
  watch_->hasten();
  bool any = false;
  for (auto& [name, topic] : topics_) any |= topic->awaited = topic->state == Topic::State::missing;
  if (any) question_ = watch_->look_now();
  awaited_until_ = Clock::now() + last_question;
  next_rebuild_ = Clock::now();
}

std::string_view Producer::stuck() const {
  if (refused_) return fatal_code_.empty() ? std::string_view("refused") : fatal_code_;
  return tls_failed_ ? std::string_view("tls_failed") : std::string_view();
}

/// A topic that was there is gone: it is looked for again, slowly.
void Producer::missing(Topic& topic) {
  if (topic.state == Topic::State::missing) return;
  topic.state = Topic::State::missing;
  tell(Sign::topic_missing, topic.name, "the broker does not know this topic any more: make it again; its events wait");
  watch_->want({topic.name});
}

/// librdkafka takes nothing more for a topic that it was denied or missed once, until it asks for it again: after five
/// minutes by itself. The answer is its own to use, we do not wait for it.
void Producer::look_again(Topic& topic) {
  for (std::size_t i = 0; i < wires_.size(); ++i) {
    if (!topic.handles[i]) continue;
    const struct rd_kafka_metadata* metadata = nullptr;
    if (rd_kafka_metadata(wires_[i].client.get(), 0, topic.handles[i].get(), &metadata, 1) ==
        RD_KAFKA_RESP_ERR_NO_ERROR) {
      rd_kafka_metadata_destroy(metadata);
    }
  }
}

/// Sleeps for the rest of the pace when records are on their way; returns what is left of the timeout.
std::chrono::milliseconds Producer::keep_pace(std::chrono::milliseconds timeout) {
  const auto begin = Clock::now();
  const auto end = std::min(last_poll_ + options_.pace, begin + timeout);
  if (in_flight_.size() == 0 || std::exchange(was_full_, false) || begin >= end) return timeout;
  pacing_ = true;
  std::this_thread::sleep_until(end);
  pacing_ = false;
  return std::max(0ms, timeout - std::chrono::ceil<std::chrono::milliseconds>(end - begin));
}

void Producer::poll(std::chrono::milliseconds timeout, std::vector<DeliveryReport>& reports) {
  if (timeout > 0ms) timeout = keep_pace(timeout);
  if (woken_.exchange(false)) timeout = 0ms;
  Wire& together = wire_of(Manner::together);
  Wire& alone = wire_of(Manner::alone);
  if (!together.queue) {
    std::unique_lock lock(wake_mutex_);
    woken_without_queue_.wait_for(lock, timeout, [this] { return woken_.load(); });
  } else {
    if (alone.in_flight != 0) timeout = std::min<std::chrono::milliseconds>(timeout, glance);
    while (reports.size() <= reports_at_once && take(together, std::exchange(timeout, 0ms), reports)) continue;
    while (take(alone, 0ms, reports)) continue;
  }
  woken_ = false;
  last_poll_ = Clock::now();
  if (watch_->has_news()) learn();
  tell_absence();
}

void Producer::tell_absence() {
  const auto lasted = absence_.due(last_poll_);
  if (!lasted) return;
  const auto text = "no broker has answered for " + std::to_string(lasted->count()) +
                    " minutes: " + (last_fault_.empty() ? "see whether Kafka runs, and the way there" : last_fault_) +
                    "; events wait in memory until it is full";
  observer_.on_news({Sign::down, Urgency::error, {}, text});
}

void Producer::wake() {
  if (woken_.exchange(true) || pacing_) return;
  const std::lock_guard lock(wake_mutex_);
  if (auto& queue = wire_of(Manner::together).queue) {
    rd_kafka_queue_yield(queue.get());
  } else {
    woken_without_queue_.notify_one();
  }
}

/// Handles one event of a wire; false when none came.
bool Producer::take(Wire& wire, std::chrono::milliseconds timeout, std::vector<DeliveryReport>& reports) {
  if (!wire.queue) return false;
  rd_kafka_event_t* event = rd_kafka_queue_poll(wire.queue.get(), static_cast<int>(timeout.count()));
  if (event == nullptr) return false;
  switch (rd_kafka_event_type(event)) {
    case RD_KAFKA_EVENT_DR:
      wire.in_flight -= rd_kafka_event_message_count(event);
      deliver(event, reports);
      break;
    case RD_KAFKA_EVENT_ERROR:
      handle_event(event, wire);
      break;
    case RD_KAFKA_EVENT_LOG: {
      const char *facility = nullptr, *text = nullptr;
      int level = 7;
      if (rd_kafka_event_log(event, &facility, &text, &level) == 0) {
        // What matters of it comes as a sign of its own: a failing connection as an error event.
        const bool loud = level <= 4 && !is_about_gaps(text) && std::string_view(facility) != "FAIL";
        observer_.on_news({Sign::chatter,
                           loud ? Urgency::info : Urgency::debug,
                           {},
                           std::string("librdkafka: ").append(facility).append(": ").append(text)});
      }
      break;
    }
    default:
      break;
  }
  rd_kafka_event_destroy(event);
  return true;
}

void Producer::deliver(rd_kafka_op_s* event, std::vector<DeliveryReport>& reports) {
  std::array<const rd_kafka_message_t*, 512> messages{};
  while (const auto count = rd_kafka_event_message_array(event, messages.data(), messages.size())) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto& message = *messages[i];
      reports.push_back({in_flight_.take(slot_of(message._private)), verdict_of(message.err), code_of(message.err)});
      if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        rebuild_pause_ = first_rebuild_pause;
        if (absence_.begun() || refused_ || tls_failed_) works();
      } else if (message.err == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
                 message.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
        missing(topic_of(rd_kafka_topic_name(message.rkt)));
      } else if (message.err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) {
        look_again(topic_of(rd_kafka_topic_name(message.rkt)));
      }
    }
  }
}

/// librdkafka before 2.6.1 repeats the client's nonce in SCRAM's last message (confluentinc/librdkafka#4895); Kafka 4
/// refuses that as wrong credentials, Kafka 3 does not.
std::string Producer::hint_for(const Properties& properties) {
  const bool scram = std::any_of(properties.begin(), properties.end(), [](const auto& property) {
    return property.first.rfind("sasl.mechanism", 0) == 0 && property.second.rfind("SCRAM", 0) == 0;
  });
  if (!scram || rd_kafka_version() >= 0x020601ff) return {};
  return std::string(" (if the password is right: SCRAM with Kafka 4 needs librdkafka 2.6.1 or newer, this is ") +
         rd_kafka_version_str() + ")";
}

/// An error that ends a client.
void Producer::handle_fatal(const Wire& wire) {
  std::array<char, 512> why{};
  const auto code = rd_kafka_fatal_error(wire.client.get(), why.data(), why.size());
  if (code == RD_KAFKA_RESP_ERR__GAPLESS_GUARANTEE) {  // no trouble of the client's: a record is refused, or its topic
    gap_ = true;
    return observer_.on_news({Sign::chatter, Urgency::debug, code_of(code), std::string("librdkafka: ") + why.data()});
  }
  fatal_ = true;
  if (verdict_of(code) != event::Verdict::denied) {
    return tell(Sign::fatal, code_of(code), std::string("the producer is made anew; librdkafka: ") + why.data());
  }
  fatal_code_ = code_of(code);
  if (std::exchange(refused_, true)) return;
  tell(Sign::refused, code_of(code),
       std::string("our user may not be an idempotent producer: give it Write on a topic, or IdempotentWrite on the "
                   "cluster (librdkafka: ") +
           why.data() + ")");
}

/// An error of a client as a whole.
void Producer::handle_event(rd_kafka_op_s* event, const Wire& wire) {
  const std::string_view text = rd_kafka_event_error_string(event);
  if (rd_kafka_event_error_is_fatal(event) != 0) return handle_fatal(wire);
  switch (rd_kafka_event_error(event)) {
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
      if (!absence_.begun()) {
        absence_.begin(Clock::now());
        tell(Sign::down, {}, (last_fault_.empty() ? "no broker answers" : last_fault_) + "; events wait in memory");
        watch_->probe();
      }
      return;
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
      if (!std::exchange(refused_, true)) tell(Sign::refused, {}, words_of(text) + hint_for(options_.properties));
      return;
    case RD_KAFKA_RESP_ERR__SSL:
      if (!std::exchange(tls_failed_, true)) tell(Sign::tls_failed, {}, words_of(text));
      return;
    default:
      last_fault_ = words_of(text);
      observer_.on_news({Sign::chatter, Urgency::debug, code_of(rd_kafka_event_error(event)), last_fault_});
  }
}

void Producer::works() {
  refused_ = tls_failed_ = false;
  fatal_code_ = {};
  last_fault_.clear();
  if (!absence_.begun()) return;
  absence_.end();
  tell(Sign::up, {}, "the brokers answer again");
}

void Producer::learn() {
  const auto answer = watch_->take();
  if (answer.reachable && (absence_.begun() || refused_ || tls_failed_)) works();
  for (const auto& fact : answer.facts) {
    apply(fact);
    if (answer.question >= question_) topic_of(fact.name).awaited = false;
  }
}

void Producer::apply(const TopicFact& fact) {
  Topic& topic = topic_of(fact.name);
  switch (fact.state) {
    case TopicFact::State::created:
      return tell(Sign::topic_created, topic.name, "created");
    case TopicFact::State::missing:
    case TopicFact::State::not_created: {
      if (std::exchange(topic.state, Topic::State::missing) == Topic::State::missing) return;
      const bool tried = fact.state == TopicFact::State::not_created;
      if (tried) return tell(Sign::topic_not_created, topic.name, "could not be created: " + fact.detail);
      return tell(Sign::topic_missing, topic.name,
                  "not among the cluster's topics: make it, set create_topics.enabled, or, if an access list hides it, "
                  "give our user Describe and Write" +
                      (fact.detail.empty() ? "" : " (" + fact.detail + ")"));
    }
    case TopicFact::State::present:
      break;
  }
  const bool known = topic.state == Topic::State::present && topic.batch_limit == fact.batch_limit;
  if (topic.state == Topic::State::missing) {
    look_again(topic);
    repaired_.push_back(topic.name);
  }
  topic.state = Topic::State::present;
  topic.batch_limit = fact.batch_limit;
  if (known) return;
  tell(Sign::topic_found, topic.name,
       fact.batch_limit == 0 ? "max.message.bytes is not known: " + fact.detail
                             : "max.message.bytes " + std::to_string(fact.batch_limit));
  if (fact.batch_limit == 0 || fact.batch_limit >= batch_size_) return;
  // The broker would refuse our batches whole. Smaller ones need a new client.
  batch_size_ = fact.batch_limit;
  shrink_ = true;
}

void Producer::tell(Sign sign, std::string_view subject, std::string_view text) {
  observer_.on_news({sign, urgency(sign), subject, text});
}

bool Producer::broken() const { return shrink_ || gap_ || (fatal_ && Clock::now() >= next_rebuild_); }

/// Takes back what is queued, or what is under way as well, and waits a moment for the reports: what was delivered
/// after all is told as such.
void Producer::purge(int flags, std::vector<DeliveryReport>& reports) {
  const auto end = Clock::now() + purge_patience;
  while (in_flight_.size() != 0 && Clock::now() < end) {
    // Again and again: what the broker sends back goes into the queue.
    for (const Wire& wire : wires_) {
      if (wire.client) rd_kafka_purge(wire.client.get(), flags | RD_KAFKA_PURGE_F_NON_BLOCKING);
    }
    auto wait = 10ms;
    for (Wire& wire : wires_) {
      while (take(wire, std::exchange(wait, 0ms), reports)) continue;
    }
  }
}

void Producer::rebuild(std::vector<DeliveryReport>& reports) {
  const bool was_fatal = fatal_, was_gap = gap_;
  if (wire_of(Manner::together).client) {
    purge(RD_KAFKA_PURGE_F_QUEUE, reports);
    purge(RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT, reports);
  }
  shut();
  in_flight_.take_all([&](std::uint64_t token) {
    reports.push_back({token, event::Verdict::purged, code_of(RD_KAFKA_RESP_ERR__PURGE_INFLIGHT)});
  });
  shrink_ = gap_ = fatal_ = false;
  std::string fault;
  const bool opened = open(Manner::together, fault);
  if (!opened) fatal_ = true;
  if (was_fatal || !opened) {
    next_rebuild_ = Clock::now() + rebuild_pause_;
    rebuild_pause_ = std::min<std::chrono::milliseconds>(rebuild_pause_ * 2, longest_rebuild_pause);
  }
  if (opened) {
    const auto size = std::to_string(batch_size_);
    const auto level = was_gap && !was_fatal ? Urgency::debug : urgency(Sign::rebuilt);
    observer_.on_news({Sign::rebuilt, level, {}, "a new producer, batches of at most " + size + " bytes"});
  } else {
    tell(Sign::fatal, {}, fault);
  }
}

void Producer::provoke_fatal_error(int error) {
  rd_kafka_test_fatal_error(wire_of(Manner::together).client.get(), static_cast<rd_kafka_resp_err_t>(error),
                            "provoked");
}

}  // namespace tributary::sinks::kafka
