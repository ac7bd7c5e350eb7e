"""The topics that the relay makes: with the configs of `create_topics`, and the topic of session values compacted."""

import re

import kafka as client
import pytest
from kafka.admin import ConfigResource, ConfigResourceType

from peers.program import Tributary, kafka as kafka_sink, run_once, streamelements, write_config
from peers.scripted import ScriptedUpstream, tip

CREATED = "2026-10-01T12:34:56.789Z"


def config_for(kafka, topics, create, url=None):
    config = {"connectors": {}, "routes": [{"to": ["events"]}],
              "sinks": {"events": kafka_sink(kafka.bootstrap(), topics=dict(topics),
                                             create_topics={"enabled": True, "partitions": 1, "replication": 1, **create})}}
    if url:
        config["connectors"]["main"] = streamelements(url, state_updates=True)
    return config


def configs_of(kafka, *names):
    """What the broker itself says: {topic: {config: value}}."""
    admin = client.KafkaAdminClient(bootstrap_servers=kafka.bootstrap(), request_timeout_ms=15000, api_version=(3, 5))
    try:
        answers = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in names])
    finally:
        admin.close()
    return {resource[3]: {entry[0]: entry[1] for entry in resource[4]} for answer in answers for resource in answer.resources}


def test_topics_are_made_with_the_configs_of_the_file_and_the_state_topic_is_compacted(work, kafka, topics):
    topics["state"] = topics["events"].replace("events", "state")
    create = {"config": {"retention.ms": 86400000, "segment.bytes": "1048576"}}
    with ScriptedUpstream() as upstream, Tributary(work, config_for(kafka, topics, create, upstream.url())) as relay:
        connection = upstream.live()
        connection.emit("event", tip(CREATED))
        connection.emit("event:update", {"name": "tip-latest", "data": {"name": "viewer_123", "amount": 5}})
        kafka.read_topic(topics["events"], 1)
        kafka.read_topic(topics["state"], 1)
        relay.stop()
    told = configs_of(kafka, *topics.values())
    assert set(told) == set(topics.values())
    for name, config in told.items():
        assert (config["retention.ms"], config["segment.bytes"]) == ("86400000", "1048576"), name
        assert config["cleanup.policy"] == ("compact" if name == topics["state"] else "delete"), name


REFUSED = {
    "an unknown name": ({"retention.mss": 1000}, "retention.mss"),
    "a duration in our own spelling": ({"retention.ms": "7d"}, "7d"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_config_that_the_broker_refuses_is_told_before_the_show(work, kafka, topics, what):
    config, word = REFUSED[what]
    path = write_config(work, config_for(kafka, topics, {"config": config}))
    done = run_once("check", "--connect", "-c", path, folder=work, seconds=60)
    assert done.returncode == 1
    assert re.search(rf"fault +\S+:\d+:\d+: sinks\.events\.create_topics: topic {re.escape(topics['events'])}: missing, and "
                     rf"create_topics cannot make it: Kafka refuses create_topics\.config: .*{word}", done.stdout), done.stdout


def test_check_connect_creates_no_topic(work, kafka, topics):
    path = write_config(work, config_for(kafka, topics, {"config": {"retention.ms": 1000}}))
    done = run_once("check", "--connect", "-c", path, folder=work, seconds=60)
    assert done.returncode == 0, done.stdout
    assert f"topic {topics['events']}: missing; create_topics will make it" in done.stdout
    assert not kafka.topics() & set(topics.values())


def test_a_config_that_the_broker_refuses_is_an_error_of_the_log(work, kafka, topics):
    with Tributary(work, config_for(kafka, topics, {"config": {"retention.mss": 1000}})) as relay:
        line = relay.wait_log("Kafka refuses create_topics.config", "error")
        relay.stop(code=(0, 1))
    assert "retention.mss" in str(line)
