#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "sinks/kafka/access.hpp"
#include "sinks/kafka/client.hpp"

namespace tributary::sinks::kafka {

/// How topics are made that are missing. A value. Thread: any.
struct CreateTopics {
  using Config = std::map<std::string, std::string>;
  bool enabled = false;
  int partitions = 6;
  int replication = 3;
  Config config;          ///< settings of every topic that is made, by Kafka's names: `retention.ms`
  std::string compacted;  ///< the topic that keeps the newest record of each key; "" : none

  /// What the topic of this name is made with. A `cleanup.policy` of `config` is meant for the compacted topic, too.
  Config config_of(const std::string& topic) const;
};

/// What the cluster said of one topic.
struct TopicFact {
  enum class State : std::uint8_t { missing, present, created, not_created };
  std::string name;
  State state = State::missing;
  std::size_t batch_limit = 0;  ///< the topic's max.message.bytes; 0: not known
  bool undescribed = false;     ///< present, and the cluster has not said its limit in time
  int partitions = 0;
  std::string detail;  ///< why it could not be created or described
};

struct Survey {
  bool listed = false;  ///< else `fault` says why
  std::string fault;
  int brokers = 0;
  std::vector<TopicFact> topics;  ///< one for each name asked for, in that order
};

/// How long each of an Inspector's questions may take.
struct Patience {
  std::chrono::milliseconds list{1'000}, describe{1'000}, create{10'000};
};

/// Asks a cluster about topics with a client of its own. It lists all topics and never names one in a metadata
/// request, so that asking creates none. Blocking; Thread: any, one at a time.
class Inspector {
 public:
  explicit Inspector(Properties properties) : properties_(std::move(properties)) {}
  /// Creates missing topics when `create` says so: they are `created`, and `present` in a later survey.
  Survey survey(const std::vector<std::string>& names, const CreateTopics& create, const Patience& patience);
  /// Asks the cluster whether it would create the missing topics, and creates none: `not_created` are those that it
  /// refuses. A cluster that gives no answer leaves them as they are. After a survey.
  void try_creation(Survey& survey, const CreateTopics& create, std::chrono::milliseconds patience);
  /// The access lists that speak of topics; `fault` says why they cannot be had, `none` that the cluster has none and
  /// everybody may write. After a survey.
  struct AccessLists {
    std::vector<AccessRule> rules;
    std::string fault;
    bool none = false;
  };
  AccessLists access_lists(std::chrono::milliseconds patience);
  /// Why the client may not be an idempotent producer; empty when nothing says so within this time. After a survey.
  std::string producer_fault(std::chrono::milliseconds patience);
  void close() { client_.reset(); }
  /// Ends a survey under way soon (a listing: within its patience, or what `hasten` makes of it). Thread: any.
  void cancel() { cancelled_ = true; }
  /// The program stops: from now on a listing, which librdkafka cannot leave, is asked for in short turns, and a
  /// creation has two seconds. Thread: any.
  void hasten() { hastened_ = true; }
  /// From `hurry` to `calm` nothing waits for a creation; it may still come about. Thread: any.
  void hurry() { hurried_ = true; }
  void calm() { hurried_ = false; }
  bool hurried() const { return hurried_; }

 private:
  bool list(Survey& survey, std::chrono::milliseconds timeout);
  void describe(Survey& survey, std::chrono::milliseconds timeout);
  enum class Creation : std::uint8_t { made, tried };
  void create_missing(Survey& survey, const CreateTopics& create, std::chrono::milliseconds timeout, Creation how);
  std::string last_error();
  rd_kafka_op_s* await(rd_kafka_queue_s* queue, std::chrono::milliseconds timeout, bool may_be_hurried = false) const;

  Properties properties_;
  std::atomic<bool> cancelled_{false}, hurried_{false}, hastened_{false};
  ClientPtr client_;
};

/// Finds out about topics in the background: at once when asked, and again, ever more slowly, while one is missing or
/// the cluster cannot be reached. Sleeps when all is known, without a connection. Owned by one Producer.
/// Threads: its own, and the sink's for everything public.
class TopicWatch {
 public:
  /// `notify` runs on the watch's thread when there is something to `take`.
  TopicWatch(Properties properties, const CreateTopics& create, std::function<void()> notify);
  ~TopicWatch();
  TopicWatch(const TopicWatch&) = delete;
  TopicWatch& operator=(const TopicWatch&) = delete;

  void want(std::vector<std::string> names);
  /// Looks again now at what is wanted still. Returns the number that an Answer to this question has, or a later one.
  unsigned look_now();
  /// The program stops, so that the watch must be able to end soon.
  void hasten() { inspector_.hasten(); }
  /// Lists until the cluster answers: `take` then says reachable.
  void probe();
  struct Answer {
    bool reachable = false;
    unsigned question = 0;  ///< the last one that it answers
    std::vector<TopicFact> facts;
  };
  bool has_news() const { return news_.load(std::memory_order_acquire); }
  Answer take();

 private:
  void run();
  Survey look(const std::vector<std::string>& names, bool with_patience, unsigned question);
  void learn(const Survey& survey, bool thorough, unsigned question);

  Inspector inspector_;
  const CreateTopics create_;
  const std::function<void()> notify_;
  std::mutex mutex_;  ///< guards what follows
  std::condition_variable changed_;
  std::set<std::string> wanted_;
  bool probing_ = false, asked_ = false, stopping_ = false;
  unsigned questions_ = 0;
  Answer answer_;
  std::atomic<bool> news_{false};
  std::chrono::milliseconds list_patience_{800};  ///< the watch's thread only; see `look`
  bool listed_ = false;                           ///< once
  std::thread thread_;
};

}  // namespace tributary::sinks::kafka
