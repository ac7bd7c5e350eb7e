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
constexpr auto longest_rebuild_pause = 30'000ms;
constexpr auto purge_patience = 500ms;
constexpr auto last_question = 1'500ms;  // at the stop: for the answer whether a missing topic is there by now
constexpr auto glance = 2ms;             // at one queue while the other has reports to come
constexpr std::size_t reports_at_once = 20'000;

using Clock = std::chrono::steady_clock;

rd_kafka_headers_t* headers_of(const Record& record) {
  auto* headers = rd_kafka_headers_new(record.header_count);
  for (std::size_t i = 0; i < record.header_count; ++i) {
    const auto& [name, value] = record.headers[i];
    rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                        static_cast<ssize_t>(value.size()));
  }
  return headers;
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
      batch_size_(number(options_.properties, "batch.size").value_or(default_batch_size)) {}

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
  if (alone) {
    set(properties, "linger.ms", "0");
  } else {
    set(properties, "statistics.interval.ms", std::to_string(options_.statistics.count()));
  }
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
  thread_.check();
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
  parts[count++].u.ptr = InFlight::opaque_of(slot);
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
  thread_.check();
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
  thread_.check();
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

void Producer::wake() {
  if (woken_.exchange(true) || pacing_) return;
  const std::lock_guard lock(wake_mutex_);
  if (auto& queue = wire_of(Manner::together).queue) {
    rd_kafka_queue_yield(queue.get());
  } else {
    woken_without_queue_.notify_one();
  }
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
  thread_.check();
  const bool was_fatal = fatal_, was_gap = gap_;
  if (wire_of(Manner::together).client) {
    purge(RD_KAFKA_PURGE_F_QUEUE, reports);
    purge(RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT, reports);
  }
  shut();
  statistics_.begin_anew();
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
