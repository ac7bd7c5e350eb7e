#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "event/ports.hpp"
#include "event/thread_check.hpp"
#include "sinks/kafka/absence.hpp"
#include "sinks/kafka/client.hpp"
#include "sinks/kafka/in_flight.hpp"
#include "sinks/kafka/record.hpp"
#include "sinks/kafka/statistics.hpp"
#include "sinks/kafka/topics.hpp"
#include "sinks/observer.hpp"

namespace tributary::sinks::kafka {

struct ProducerOptions {
  Properties properties;  ///< for librdkafka, complete
  TopicTemplate events;
  std::string dead_letter, relay, state;  ///< "" : off
  CloudEvents cloudevents = CloudEvents::binary;
  CreateTopics create_topics;
  /// While records are on their way, reports are looked for and new records let in at this pace: at low rates it is
  /// wake-ups that cost, and a burst of records to several partitions costs hardly more than one record.
  std::chrono::microseconds pace{1'000};
  std::chrono::milliseconds statistics{5'000};  ///< so often librdkafka tells how its brokers stand
};

/// The wire to Kafka: an idempotent librdkafka producer, acks=all, no delivery timeout. Zero-copy: librdkafka reads the
/// event's own bytes until its report. A topic is used once it is known to exist; until then `send` says full, and
/// denied when it is known to be missing.
/// Left to itself, librdkafka delivers what comes after a batch that the broker refuses, and so before its replay. So
/// the producer is gapless (`enable.gapless.guarantee`): a refused batch ends it and takes back what follows. What is
/// sent `alone` goes through a second producer, made when it is first needed, that stands refusals.
/// Such a gap, a fatal error, or a topic whose max.message.bytes is below our batches makes it `broken`: `rebuild`
/// purges and starts anew; after fatal errors at most once a second, and more slowly while that does not help.
/// Owned by relay::Delivery; the observer must outlive it. Thread: sink, but `wake`.
class Producer final : public event::Downstream {
 public:
  /// Nothing when librdkafka refuses the settings (a missing certificate file, …); `fault` says why.
  static std::unique_ptr<Producer> make(ProducerOptions options, SinkObserver& observer, std::string& fault);
  ~Producer() override;

  std::string_view stream_of(const event::Event& event) override;
  std::string_view dead_letter_stream() const override { return options_.dead_letter; }
  event::Sent send(std::string_view stream, const event::Event& event, std::uint64_t token,
                   event::Manner manner) override;
  event::Sent send(std::string_view stream, const event::DeadLetter& letter, std::uint64_t token,
                   event::Manner manner) override;
  void poll(std::chrono::milliseconds timeout, std::vector<event::DeliveryReport>& reports) override;
  void wake() override;
  bool broken() const override;
  void rebuild(std::vector<event::DeliveryReport>& reports) override;
  void close() override;
  std::string_view why_denied() const override { return why_denied_; }
  void take_repaired(std::vector<std::string>& streams) override;
  void hurry() override;
  std::string_view stuck() const override;
  bool opens_with_one() const override { return true; }
  std::uint64_t clamped() const override { return clamped_; }
  std::vector<event::BrokerStanding> brokers() const override { return statistics_.brokers(); }

  /// Records handed to librdkafka and not reported yet.
  std::size_t outstanding() const { return in_flight_.size(); }
  /// For tests against the mock cluster: makes librdkafka believe that this fatal error happened.
  void provoke_fatal_error(int error);

 private:
  struct Topic {
    enum class State : std::uint8_t { unknown, present, missing };
    std::string name;
    State state = State::unknown;
    std::size_t batch_limit = 0;      ///< 0: not known
    bool awaited = false;             ///< missing, and asked for once more in a hurry
    std::array<TopicPtr, 2> handles;  ///< by Manner
  };
  /// One librdkafka client. That of what goes alone is made when it is first needed.
  struct Wire {
    ClientPtr client;
    QueuePtr queue;
    std::size_t in_flight = 0;
  };

  Producer(ProducerOptions options, SinkObserver& observer);
  bool open(event::Manner manner, std::string& fault);
  void shut();
  Topic& topic_of(std::string_view stream);
  std::optional<event::Sent> not_ready(Topic& topic, event::Manner manner);
  void missing(Topic& topic);
  void look_again(Topic& topic);
  event::Sent produce(Topic& topic, const Record& record, std::uint64_t token, bool copy, event::Manner manner);
  event::Sent refused(Topic& topic, int error);
  event::Sent denied(std::string_view why);
  std::chrono::milliseconds keep_pace(std::chrono::milliseconds timeout);
  bool take(Wire& wire, std::chrono::milliseconds timeout, std::vector<event::DeliveryReport>& reports);
  void deliver(rd_kafka_op_s* event, std::vector<event::DeliveryReport>& reports);
  void handle_event(rd_kafka_op_s* event, const Wire& wire);
  void handle_fatal(const Wire& wire);
  Wire& wire_of(event::Manner manner) { return wires_[static_cast<std::size_t>(manner)]; }
  void purge(int flags, std::vector<event::DeliveryReport>& reports);
  static std::string hint_for(const Properties& properties);
  void learn();
  void apply(const TopicFact& fact);
  void works();
  void tell(Sign sign, std::string_view subject, std::string_view text);
  void tell_absence();

  [[no_unique_address]] event::ThreadCheck thread_;
  ProducerOptions options_;
  SinkObserver& observer_;
  TopicNames event_topics_;
  Framer framer_;
  std::size_t batch_size_;

  std::unordered_map<std::string_view, std::unique_ptr<Topic>> topics_;  ///< each key views its Topic's name
  Topic* last_topic_ = nullptr;
  InFlight in_flight_;
  std::uint64_t clamped_ = 0;
  Statistics statistics_;

  bool was_full_ = false, fatal_ = false, gap_ = false, shrink_ = false;
  std::string last_fault_;  ///< of a connection, in our words
  Absence absence_;         ///< of all brokers
  bool refused_ = false, tls_failed_ = false;
  std::string_view fatal_code_;  ///< of what ended the producer for our rights; "" : not for them
  std::string_view why_denied_ = "denied";
  std::vector<std::string> repaired_;  ///< topics that were missing and are there
  unsigned question_ = 0;              ///< that was asked in a hurry
  std::chrono::steady_clock::time_point awaited_until_{};
  std::chrono::steady_clock::time_point next_rebuild_{};
  static constexpr std::chrono::milliseconds first_rebuild_pause{1'000};
  std::chrono::milliseconds rebuild_pause_{first_rebuild_pause};

  std::array<Wire, 2> wires_;  ///< by Manner
  std::mutex wake_mutex_;      ///< guards the exchange of their queues against wake
  std::condition_variable woken_without_queue_;
  std::atomic<bool> woken_{false};
  std::atomic<bool> pacing_{false};  ///< poll sleeps for less than the pace: no need to wake it
  std::chrono::steady_clock::time_point last_poll_{};
  std::unique_ptr<TopicWatch> watch_;  ///< last: its thread calls wake
};

}  // namespace tributary::sinks::kafka
