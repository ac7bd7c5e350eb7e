"""A stranger on a channel says envelopes that claim to be a tip of 1,000,000 with the `_id` of a real event: what is in Kafka
afterwards, read by an independent client."""

import json

import pytest

from peers import marks
from peers.program import Tributary, kafka as kafka_sink, streamelements
from peers.scripted import ScriptedUpstream, tip
from peers.ws_server import Dialled, Simulated

pytestmark = pytest.mark.quick

KEY = "the fake key of the other relay"
HALL = "/api/events/hall/ws"
CREATED = "2026-10-01T12:34:56.789Z"
NUMBER = 0x5F1C3D6B9A1B2C3D4E5F6A7B
IDENTITY = f"{NUMBER:024x}"


def forgeries():
    """Without the key: no signature, one made with another key, and the signature of a real envelope around another event."""
    claimed, real = marks.tip(IDENTITY, "1000000"), marks.tip(IDENTITY)
    changed = json.loads(marks.envelope("other", real, KEY, "1"))
    return [json.loads(marks.envelope("other", claimed, kid="1")),
            json.loads(marks.envelope("other", claimed, "a key that the stranger made up", "1")),
            {**changed, "event": claimed}]


def said_by_the_other_relay(member, stage):
    del stage
    member.send(marks.envelope("other", marks.tip(IDENTITY), KEY, "1"))


def from_the_stage(member, stage):
    del member
    stage.emit("event", tip(CREATED, NUMBER, amount=4.2))


def configuration(hall, stage, broker, topics):
    return {"instance": "relay-1", "marks": {"trusted_origins": {"other/1": {"file": "other.key"}}},
            "connectors": {"hall": {"type": "stagecast", "url": f"ws://127.0.0.1:{hall.port}", "channel": "hall"},
                           "main": streamelements(stage.url())},
            "sinks": {"events": kafka_sink(broker.bootstrap(), topics=dict(topics))}, "routes": [{"to": ["events"]}]}


@pytest.mark.parametrize("real_one", [from_the_stage, said_by_the_other_relay])
def test_a_forged_tip_is_a_broadcast_and_the_real_event_with_its_id_arrives(work, kafka, topics, real_one):
    """If a forged mark were believed, there would be a tip of 1,000,000, or the real one would be taken for its repeat."""
    topics.create(kafka)
    (work / "other.key").write_text(KEY + "\n")
    with Simulated("stagecast") as hall, ScriptedUpstream() as upstream, \
            Tributary(work, configuration(hall, upstream, kafka, topics)) as relay:
        stage = upstream.live()
        relay.wait_log('"connector_up"', count=2)
        stranger, other = Dialled(hall.port, HALL), Dialled(hall.port, HALL)
        for each in (stranger, other):
            each.send({"token": "fake"})
            assert each.next() == "ok"
        for forged in forgeries():
            stranger.send(forged)
        kafka.read_topic(topics["events"], 3)
        real_one(other, stage)
        kafka.read_topic(topics["events"], 4)
        for forged in forgeries():
            stranger.send(forged)
        kafka.read_topic(topics["events"], 7)
        account = relay.stop()
        events = [json.loads(record.value, parse_float=str) for record in kafka.read_topic(topics["events"])]
        refused = kafka.count(topics["dead_letter"])
    tips = [event for event in events if event["type"] == "tip"]
    broadcasts = [event for event in events if event["type"] == "broadcast"]
    assert (len(events), account["delivered"], refused) == (7, 7, 0)
    real = ("other", "4.20") if real_one is said_by_the_other_relay else (None, "4.2")
    assert [(event["_id"], event["relay"].get("origin"), event["data"]["amount"]) for event in tips] == [(IDENTITY, *real)]
    assert len({event["_id"] for event in broadcasts} - {IDENTITY}) == 6, "each is an event of its own"
    for event in broadcasts:
        assert (event["relay"]["source"], event["relay"]["connector"]) == ("stagecast", "hall")
        assert "origin" not in event["relay"] and "amount" not in event["data"]
        assert '"amount":1000000' in event["data"]["payload"]["event"], "what the stranger said, as content"
