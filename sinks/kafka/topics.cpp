#include "sinks/kafka/topics.hpp"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <iterator>
#include <utility>

#include "sinks/kafka/words.hpp"

namespace tributary::sinks::kafka {
namespace {

using namespace std::chrono_literals;

// A record waits for its topic's limit only so long; a slow answer is asked for again while records flow.
// Who ends the program may have to wait for a listing under way, and for nothing else.
constexpr Patience in_haste{.list = 800ms, .describe = 250ms};
constexpr Patience with_time{.list = 800ms, .describe = 2'000ms};
constexpr auto shortest_admin_request = 1'000ms;
constexpr auto slice = 25ms;            // after which a cancelled wait ends
constexpr auto longest_list = 6'400ms;  // of a cluster that has never answered in less
constexpr auto list_slice = 100ms;
constexpr auto last_list_slice = 300ms;  // at the stop
constexpr auto last_wait = 2'000ms;      // at the stop, for a creation that events wait for
constexpr auto first_pause = 250ms;
constexpr auto longest_pause = 5'000ms;
constexpr auto creation_pause = 100ms;  // before a topic just made is looked for

template <auto Destroy>
struct Closer {
  template <class T>
  void operator()(T* thing) const noexcept {
    Destroy(thing);
  }
};
using EventPtr = std::unique_ptr<rd_kafka_event_t, Closer<&rd_kafka_event_destroy>>;
using OptionsPtr = std::unique_ptr<rd_kafka_AdminOptions_t, Closer<&rd_kafka_AdminOptions_destroy>>;

using AclFilterPtr = std::unique_ptr<rd_kafka_AclBindingFilter_t, Closer<&rd_kafka_AclBinding_destroy>>;

int whole(std::chrono::milliseconds time) { return static_cast<int>(time.count()); }

OptionsPtr options_for(rd_kafka_t* client, rd_kafka_admin_op_t operation, std::chrono::milliseconds timeout) {
  OptionsPtr options(rd_kafka_AdminOptions_new(client, operation));
  std::array<char, 256> why{};
  rd_kafka_AdminOptions_set_request_timeout(options.get(),
                                            whole(std::max<std::chrono::milliseconds>(timeout, shortest_admin_request)),
                                            why.data(), why.size());
  return options;
}

std::size_t batch_limit(const rd_kafka_ConfigResource_t* topic) {
  std::size_t count = 0;
  const auto* const* entries = rd_kafka_ConfigResource_configs(topic, &count);
  for (std::size_t i = 0; i < count; ++i) {
    if (std::strcmp(rd_kafka_ConfigEntry_name(entries[i]), "max.message.bytes") != 0) continue;
    const char* value = rd_kafka_ConfigEntry_value(entries[i]);
    std::size_t bytes = 0;
    if (value != nullptr) std::from_chars(value, value + std::strlen(value), bytes);
    return bytes;
  }
  return 0;
}

/// The text of an error may say more than its code: that a controller was waited for.
std::string words_of_event(rd_kafka_event_t* event) {
  const std::string_view text = rd_kafka_event_error_string(event);
  return text.find("controller") != std::string_view::npos ? words_of(text) : words_of(rd_kafka_event_error(event));
}

TopicFact* fact_of(Survey& survey, const char* name) {
  const auto found = std::find_if(survey.topics.begin(), survey.topics.end(),
                                  [&](const TopicFact& fact) { return fact.name == name; });
  return found == survey.topics.end() ? nullptr : &*found;
}

/// Nothing when librdkafka refuses it; `detail` is "no answer" until there is one, or why it was refused.
rd_kafka_NewTopic_t* new_topic(const std::string& name, const CreateTopics& create, std::string& detail) {
  std::array<char, 512> why{};
  auto* topic = rd_kafka_NewTopic_new(name.c_str(), create.partitions, create.replication, why.data(), why.size());
  detail = topic != nullptr ? "no answer" : why.data();
  if (topic == nullptr) return nullptr;
  for (const auto& [key, value] : create.config_of(name)) {
    rd_kafka_NewTopic_set_config(topic, key.c_str(), value.c_str());
  }
  return topic;
}

}  // namespace

CreateTopics::Config CreateTopics::config_of(const std::string& topic) const {
  Config all = config;
  if (!compacted.empty() && topic == compacted) all.try_emplace("cleanup.policy", "compact");
  return all;
}

std::string Inspector::last_error() {
  std::string text;
  const QueuePtr queue(rd_kafka_queue_get_main(client_.get()));
  while (const EventPtr event{rd_kafka_queue_poll(queue.get(), 0)}) {
    // "All brokers are down" says less than what came before it.
    const auto code = rd_kafka_event_error(event.get());
    if (rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_ERROR &&
        (text.empty() || code != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)) {
      text = rd_kafka_event_error_string(event.get());
    }
  }
  return text;
}

rd_kafka_op_s* Inspector::await(rd_kafka_queue_s* queue, std::chrono::milliseconds timeout, bool may_be_hurried) const {
  auto end = std::chrono::steady_clock::now() + timeout;
  bool hastened = false;
  while (!cancelled_) {
    if (auto* event = rd_kafka_queue_poll(queue, whole(slice))) return event;
    if (hastened_ && !std::exchange(hastened, true)) end = std::min(end, std::chrono::steady_clock::now() + last_wait);
    if (std::chrono::steady_clock::now() >= end || (may_be_hurried && hurried_)) break;
  }
  return nullptr;
}

bool Inspector::list(Survey& survey, std::chrono::milliseconds timeout) {
  const struct rd_kafka_metadata* metadata = nullptr;
  // While no broker can be asked at all, in slices: so that a stop need not wait for the rest.
  const auto end = std::chrono::steady_clock::now() + timeout;
  auto error = RD_KAFKA_RESP_ERR__TRANSPORT;
  while (!cancelled_ && error != RD_KAFKA_RESP_ERR_NO_ERROR && std::chrono::steady_clock::now() < end) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    auto patience =
        error == RD_KAFKA_RESP_ERR__TRANSPORT ? std::min<std::chrono::milliseconds>(left, list_slice) : left;
    if (hastened_) patience = std::min<std::chrono::milliseconds>(patience, last_list_slice);
    error = rd_kafka_metadata(client_.get(), 1, nullptr, &metadata, whole(patience));
    if (error != RD_KAFKA_RESP_ERR__TRANSPORT && error != RD_KAFKA_RESP_ERR__TIMED_OUT) break;
  }
  const auto why = last_error();
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    survey.fault = why.empty() ? words_of(error) : words_of(why);
    return false;
  }
  survey.listed = true;
  survey.brokers = metadata->broker_cnt;
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    const auto& topic = metadata->topics[i];
    auto* fact = fact_of(survey, topic.topic);
    if (fact == nullptr) continue;
    if (topic.err != RD_KAFKA_RESP_ERR_NO_ERROR && topic.err != RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE) {
      fact->detail = words_of(topic.err);
      continue;
    }
    fact->state = TopicFact::State::present;
    fact->partitions = topic.partition_cnt;
  }
  rd_kafka_metadata_destroy(metadata);
  return true;
}

void Inspector::describe(Survey& survey, std::chrono::milliseconds timeout) {
  std::vector<rd_kafka_ConfigResource_t*> asked;
  for (const auto& fact : survey.topics) {
    if (fact.state != TopicFact::State::present) continue;
    asked.push_back(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, fact.name.c_str()));
  }
  if (asked.empty()) return;
  const QueuePtr queue(rd_kafka_queue_new(client_.get()));
  const auto options = options_for(client_.get(), RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout);
  rd_kafka_DescribeConfigs(client_.get(), asked.data(), asked.size(), options.get(), queue.get());
  rd_kafka_ConfigResource_destroy_array(asked.data(), asked.size());

  const EventPtr event{await(queue.get(), timeout)};
  if (!event || rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    for (auto& fact : survey.topics) {
      if (fact.state != TopicFact::State::present) continue;
      fact.undescribed = !event;
      fact.detail = event ? words_of_event(event.get()) : "no answer";
    }
    return;
  }
  std::size_t count = 0;
  const auto* const* topics =
      rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    auto* fact = fact_of(survey, rd_kafka_ConfigResource_name(topics[i]));
    if (fact == nullptr) continue;
    if (rd_kafka_ConfigResource_error(topics[i]) != RD_KAFKA_RESP_ERR_NO_ERROR) {
      fact->detail = words_of(rd_kafka_ConfigResource_error(topics[i]));
    } else {
      fact->batch_limit = batch_limit(topics[i]);
    }
  }
}

void Inspector::create_missing(Survey& survey, const CreateTopics& create, std::chrono::milliseconds timeout,
                               Creation how) {
  const bool made = how == Creation::made;
  std::vector<rd_kafka_NewTopic_t*> asked;
  std::array<char, 512> why{};
  for (auto& fact : survey.topics) {
    if (fact.state != TopicFact::State::missing) continue;
    if (auto* topic = new_topic(fact.name, create, fact.detail)) asked.push_back(topic);
    if (made) fact.state = TopicFact::State::not_created;
  }
  if (asked.empty()) return;
  const QueuePtr queue(rd_kafka_queue_new(client_.get()));
  const auto options = options_for(client_.get(), RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout);
  rd_kafka_AdminOptions_set_operation_timeout(options.get(), whole(timeout), why.data(), why.size());
  rd_kafka_AdminOptions_set_validate_only(options.get(), made ? 0 : 1, why.data(), why.size());
  rd_kafka_CreateTopics(client_.get(), asked.data(), asked.size(), options.get(), queue.get());
  rd_kafka_NewTopic_destroy_array(asked.data(), asked.size());

  const EventPtr event{await(queue.get(), timeout, made)};
  if (!event) return;
  if (rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    for (auto& fact : survey.topics) {
      if (fact.state == TopicFact::State::not_created) fact.detail = words_of_event(event.get());
    }
    return;
  }
  std::size_t count = 0;
  const auto* const* results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    auto* fact = fact_of(survey, rd_kafka_topic_result_name(results[i]));
    if (fact == nullptr) continue;
    const auto error = rd_kafka_topic_result_error(results[i]);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR || error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
      fact->detail.clear();
      if (!made) continue;
      fact->state = TopicFact::State::created;
      fact->partitions = create.partitions;
    } else {
      const char* text = rd_kafka_topic_result_error_string(results[i]);
      fact->state = TopicFact::State::not_created;
      fact->detail = words_of_creation(error, text == nullptr ? "" : text);
    }
  }
}

void Inspector::try_creation(Survey& survey, const CreateTopics& create, std::chrono::milliseconds patience) {
  create_missing(survey, create, patience, Creation::tried);
}

Survey Inspector::survey(const std::vector<std::string>& names, const CreateTopics& create, const Patience& patience) {
  Survey survey;
  for (const auto& name : names) {
    survey.topics.emplace_back();
    survey.topics.back().name = name;
  }
  if (!client_) client_ = open_client(properties_, Purpose::inspect, survey.fault);
  if (!client_ || !list(survey, patience.list)) return survey;
  describe(survey, patience.describe);
  if (create.enabled) create_missing(survey, create, patience.create, Creation::made);
  return survey;
}

Inspector::AccessLists Inspector::access_lists(std::chrono::milliseconds patience) {
  std::array<char, 256> why{};
  AclFilterPtr filter(rd_kafka_AclBindingFilter_new(RD_KAFKA_RESOURCE_TOPIC, nullptr, RD_KAFKA_RESOURCE_PATTERN_ANY,
                                                    nullptr, nullptr, RD_KAFKA_ACL_OPERATION_ANY,
                                                    RD_KAFKA_ACL_PERMISSION_TYPE_ANY, why.data(), why.size()));
  if (!filter) return {{}, why.data()};
  const QueuePtr queue(rd_kafka_queue_new(client_.get()));
  const auto options = options_for(client_.get(), RD_KAFKA_ADMIN_OP_DESCRIBEACLS, patience);
  rd_kafka_DescribeAcls(client_.get(), filter.get(), options.get(), queue.get());
  const EventPtr event{await(queue.get(), patience)};
  if (!event) return {{}, "no answer"};
  const auto error = rd_kafka_event_error(event.get());
  if (error == RD_KAFKA_RESP_ERR_SECURITY_DISABLED) return {{}, {}, true};
  if (error == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED) {
    return {{}, "reading the access lists needs Describe on the cluster"};
  }
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return {{}, words_of_event(event.get())};
  AccessLists lists;
  std::size_t count = 0;
  const auto* const* bindings =
      rd_kafka_DescribeAcls_result_acls(rd_kafka_event_DescribeAcls_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto* binding = bindings[i];
    const auto operation = rd_kafka_AclBinding_operation(binding);
    lists.rules.push_back({rd_kafka_AclBinding_name(binding), rd_kafka_AclBinding_principal(binding),
                           rd_kafka_AclBinding_resource_pattern_type(binding) == RD_KAFKA_RESOURCE_PATTERN_PREFIXED,
                           rd_kafka_AclBinding_permission_type(binding) == RD_KAFKA_ACL_PERMISSION_TYPE_DENY,
                           operation == RD_KAFKA_ACL_OPERATION_WRITE || operation == RD_KAFKA_ACL_OPERATION_ALL});
  }
  return lists;
}

std::string Inspector::producer_fault(std::chrono::milliseconds patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  std::array<char, 512> why{};
  const QueuePtr queue(rd_kafka_queue_get_main(client_.get()));
  do {
    const EventPtr event{rd_kafka_queue_poll(queue.get(), whole(slice))};
    if (rd_kafka_fatal_error(client_.get(), why.data(), why.size()) != RD_KAFKA_RESP_ERR_NO_ERROR) return why.data();
  } while (!cancelled_ && std::chrono::steady_clock::now() < end);
  return {};
}

TopicWatch::TopicWatch(Properties properties, const CreateTopics& create, std::function<void()> notify)
    : inspector_(std::move(properties)), create_(create), notify_(std::move(notify)), thread_([this] { run(); }) {}

TopicWatch::~TopicWatch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  inspector_.cancel();
  changed_.notify_one();
  thread_.join();
}

void TopicWatch::want(std::vector<std::string> names) {
  {
    const std::lock_guard lock(mutex_);
    const auto known = wanted_.size();
    for (auto& name : names) wanted_.insert(std::move(name));
    if (wanted_.size() == known) return;
    asked_ = true;
    inspector_.hurry();
  }
  changed_.notify_one();
}

void TopicWatch::probe() {
  {
    const std::lock_guard lock(mutex_);
    probing_ = asked_ = true;
  }
  changed_.notify_one();
}

unsigned TopicWatch::look_now() {
  unsigned question = 0;
  {
    const std::lock_guard lock(mutex_);
    question = ++questions_;
    asked_ = true;
    inspector_.hurry();
  }
  changed_.notify_one();
  return question;
}

TopicWatch::Answer TopicWatch::take() {
  const std::lock_guard lock(mutex_);
  news_ = false;
  return std::exchange(answer_, {});
}

/// Under the lock.
void TopicWatch::learn(const Survey& survey, bool thorough, unsigned question) {
  if (!survey.listed) return;
  probing_ = false;
  answer_.reachable = true;
  answer_.question = question;
  for (const auto& fact : survey.topics) {
    if (fact.state == TopicFact::State::present && (thorough || !fact.undescribed)) wanted_.erase(fact.name);
    answer_.facts.push_back(fact);
  }
  news_ = true;
}

/// What is there is told before what is missing is created, which may take long: its records flow meanwhile.
Survey TopicWatch::look(const std::vector<std::string>& names, bool with_patience, unsigned question) {
  auto patience = with_patience ? with_time : in_haste;
  patience.list = list_patience_;
  auto survey = inspector_.survey(names, {}, patience);
  // A listing under way cannot be ended, and a stop waits for it. So only a cluster that has never answered in time
  // gets more of it: one with very many topics, or far away. One that has answered before and hangs does not.
  listed_ = listed_ || survey.listed;
  if (!listed_) list_patience_ = std::min<std::chrono::milliseconds>(list_patience_ * 2, longest_list);
  if (!survey.listed || !create_.enabled) return survey;
  Survey there = survey;
  std::erase_if(there.topics, [](const TopicFact& fact) { return fact.state == TopicFact::State::missing; });
  if (there.topics.size() == survey.topics.size()) return survey;
  std::vector<std::string> missing;
  for (const auto& fact : survey.topics) {
    if (fact.state == TopicFact::State::missing) missing.push_back(fact.name);
  }
  if (!there.topics.empty()) {
    {
      const std::lock_guard lock(mutex_);
      learn(there, with_patience, question);
    }
    notify_();
  }
  survey = inspector_.survey(missing, create_, patience);
  // A wish that came meanwhile goes first; these are asked for again.
  if (inspector_.hurried()) {
    std::erase_if(survey.topics, [](const TopicFact& fact) { return fact.state == TopicFact::State::not_created; });
  }
  // What has not been described yet is asked about again.
  std::copy_if(there.topics.begin(), there.topics.end(), std::back_inserter(survey.topics),
               [](const TopicFact& fact) { return fact.undescribed; });
  return survey;
}

void TopicWatch::run() {
  std::unique_lock lock(mutex_);
  auto pause = first_pause;
  bool again = false;  // for limits that did not come in time
  while (!stopping_) {
    if (wanted_.empty() && !probing_) {
      lock.unlock();
      inspector_.close();
      lock.lock();
      changed_.wait(lock, [this] { return stopping_ || probing_ || !wanted_.empty(); });
      pause = first_pause;
      continue;
    }
    asked_ = false;
    inspector_.calm();
    const std::vector<std::string> names(wanted_.begin(), wanted_.end());
    const auto question = questions_;
    lock.unlock();
    const auto survey = look(names, again, question);
    lock.lock();
    learn(survey, again, question);
    if (survey.listed) {
      lock.unlock();
      notify_();
      lock.lock();
    }
    if (wanted_.empty()) continue;
    const auto any = [&](auto test) { return std::any_of(survey.topics.begin(), survey.topics.end(), test); };
    again = any([](const TopicFact& fact) { return fact.undescribed; }) && !again;
    if (again) continue;
    const bool created = any([](const TopicFact& fact) { return fact.state == TopicFact::State::created; });
    changed_.wait_for(lock, created ? creation_pause : pause, [this] { return stopping_ || asked_; });
    pause = std::min<std::chrono::milliseconds>(pause * 2, longest_pause);
  }
}

}  // namespace tributary::sinks::kafka
