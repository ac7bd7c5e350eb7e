#include "sinks/kafka/verdict.hpp"

#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

#include <vector>

namespace tributary::sinks::kafka {
namespace {

using event::Verdict;

struct Row {
  rd_kafka_resp_err_t error;
  Verdict verdict;
};

TEST(KafkaVerdict, FollowsTheTable) {
  const std::vector<Row> rows{
      {RD_KAFKA_RESP_ERR_NO_ERROR, Verdict::delivered},
      {RD_KAFKA_RESP_ERR__PURGE_QUEUE, Verdict::purged},
      {RD_KAFKA_RESP_ERR__PURGE_INFLIGHT, Verdict::purged},
      {RD_KAFKA_RESP_ERR__DESTROY, Verdict::purged},
      {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, Verdict::too_large},
      {RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE, Verdict::too_large},
      {RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP, Verdict::record_fault},
      {RD_KAFKA_RESP_ERR_INVALID_RECORD, Verdict::record_fault},
      {RD_KAFKA_RESP_ERR_INVALID_MSG, Verdict::record_fault},
      {RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE, Verdict::record_fault},
      {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, Verdict::denied},
      {RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, Verdict::denied},
      {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, Verdict::denied},
      {RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, Verdict::denied},
      {RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, Verdict::denied},
      {RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION, Verdict::denied},
      {RD_KAFKA_RESP_ERR_POLICY_VIOLATION, Verdict::denied},
      {RD_KAFKA_RESP_ERR_UNSUPPORTED_COMPRESSION_TYPE, Verdict::denied},
      {RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, Verdict::retriable},
      {RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND, Verdict::retriable},
      {RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, Verdict::retriable},
      {RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, Verdict::retriable},
      {RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, Verdict::retriable},
      {RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, Verdict::retriable},
      {RD_KAFKA_RESP_ERR__TRANSPORT, Verdict::retriable},
      {RD_KAFKA_RESP_ERR__FATAL, Verdict::purged},
      {RD_KAFKA_RESP_ERR__GAPLESS_GUARANTEE, Verdict::purged},
      {RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, Verdict::retriable},
      {RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID, Verdict::retriable},
      {RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, Verdict::retriable},
      {RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, Verdict::retriable},
      {RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, Verdict::retriable},
      {RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED, Verdict::retriable},
      {RD_KAFKA_RESP_ERR_UNKNOWN, Verdict::retriable},
  };
  for (const auto& row : rows) EXPECT_EQ(verdict_of(row.error), row.verdict) << code_of(row.error);
}

TEST(KafkaVerdict, AnErrorThatNobodyKnowsLosesNothing) { EXPECT_EQ(verdict_of(9'999), Verdict::retriable); }

TEST(KafkaVerdict, NamesTheCode) {
  EXPECT_EQ(code_of(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE), "MSG_SIZE_TOO_LARGE");
  EXPECT_EQ(code_of(RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC), "_UNKNOWN_TOPIC");
}

}  // namespace
}  // namespace tributary::sinks::kafka
