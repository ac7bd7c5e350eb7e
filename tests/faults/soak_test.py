"""All five upstreams at once into a real Kafka, with connections that end at random: the books balance, nothing is on
Kafka that no simulator wrote, and everything written to a live connection is there once, as the mappings say."""

import json
import time

import pytest

from peers import mapping, mapping_others as others
from peers.place import wait_until
from peers.program import Tributary, kafka as kafka_sink
from peers.ws_server import Simulated

IMPATIENT = {"backoff": {"base": "50ms", "cap": "500ms", "reset_after": "1s"}}
LATE_MS = 500  # what is written while an end is on its way


def of_streamelements(activity):
    return mapping.canonical(activity, {}, "room")


#: kind → (settings of its connector, its mapping, how its connections end)
UPSTREAMS = {
    "streamelements": ({"auth": {"method": "jwt", "token": {"file": "token"}}}, of_streamelements,
                       {"goodbye": "reset"}),
    "dlive": ({"streamers": ["dbl-lee"]}, lambda message: others.of_dlive(message, "dbl-lee"), {"goodbye": "close"}),
    "oha": ({"stream": {"file": "token"}, "label": "maths-101"}, lambda frame: others.of_oha(frame, "maths-101"),
            {"goodbye": "reset"}),
    "stagecast": ({"channel": "simulated-hall"}, others.of_stagecast, {"goodbye": "close"}),
    "users": ({"origin": "trusted-host", "label": "simulated-accounts", "probe_interval": "100ms"}, others.of_users,
              {"goodbye": "reset"}),
}


def url_of(kind, port):
    return f"ws://127.0.0.1:{port}" + {"streamelements": "/socket.io/", "oha": "/ws"}.get(kind, "")


def is_it(wanted, event):
    """But for what the relay alone knows: its times where the upstream has none, its ids where it names nothing."""
    def bare(of):
        relay = {key: value for key, value in of["relay"].items()
                 if key in ("source", "upstreamType", "upstreamId", "upstreamChannel")}
        left = {key: value for key, value in of.items() if key in wanted and key != "relay"}
        return {**left, "relay": relay}
    return wanted.keys() - event.keys() == set() and mapping.same(bare(wanted), bare(event))


def follow(kind, written, found, gaps):
    """Each event found is the next one written or a later one; what was passed over lies in a gap. Returns how many
    were passed over."""
    of = UPSTREAMS[kind][1]
    lost, at = 0, 0
    for event in found:
        while True:
            assert at < len(written), f"{kind}: on Kafka and never written: {event}"
            line, at = written[at], at + 1
            if is_it(of(line["event"]), event):
                assert line["id"] in ("", event["_id"])
                break
            lost += 1
            when = int(line["at"])
            assert any(begin - LATE_MS <= when <= end + LATE_MS for begin, end in gaps), \
                f"{kind}: written in the midst of a connection and not on Kafka: {line}\nbefore {event}"
    for line in written[at:]:
        lost += 1
        when = int(line["at"])
        assert any(begin - LATE_MS <= when <= end + LATE_MS for begin, end in gaps), f"{kind}: not on Kafka: {line}"
    return lost


def relay_all(work, broker, topics, seconds, rate):
    topics.create(broker)
    began = int(time.time() * 1000)
    simulators, connectors = {}, {}
    try:
        for number, (kind, (settings, _, ends)) in enumerate(UPSTREAMS.items()):
            simulators[kind] = Simulated(kind, ("--rate", rate / len(UPSTREAMS), "--seed", number + 1, "--written",
                                                work / f"{kind}.jsonl"), goodbye_after=f"{3 + number}s", **ends)
            simulators[kind].__enter__()
            connectors[kind] = {"type": kind, "url": url_of(kind, simulators[kind].port), **IMPATIENT, **settings}
        config = {"connectors": connectors, "sinks": {"events": kafka_sink(broker.bootstrap(), topics=dict(topics))},
                  "routes": [{"to": ["events"]}]}
        with Tributary(work, config) as relay:
            time.sleep(seconds)
            for simulator in simulators.values():
                simulator.end()
            time.sleep(1)
            account = relay.stop()
            ended = int(time.time() * 1000)
    finally:
        for simulator in simulators.values():
            simulator.end()
    return began, ended, account


@pytest.mark.parametrize("seconds", [20, pytest.param(300, marks=pytest.mark.long)])
def test_five_upstreams_whose_connections_end_at_random(work, kafka, topics, seconds):
    began, ended, account = relay_all(work, kafka, topics, seconds, rate=200)
    records = kafka.read_topic(topics["events"], account["delivered"])
    events = [mapping.parse(record.value) for record in records]
    assert account["accepted"] == account["offered"] == account["delivered"] == len(events)
    assert account["in_flight"] == account["dropped"] == account["dead_lettered"] == 0
    assert kafka.count(topics["dead_letter"]) == 0
    assert mapping.check_order(records) == 0
    for record in records:
        assert mapping.record_differences(record, topics.partitions) == []
    named = [event["_id"] for event in events]
    assert len(set(named)) == len(named), "an event came twice"
    notices = [mapping.parse(record.value) for record in kafka.read_topic(topics["relay"], 5)]
    told = {}
    for kind in UPSTREAMS:
        written = mapping.lines_of(work / f"{kind}.jsonl")
        found = sorted((event for event in events if event["relay"]["source"] == kind),
                       key=lambda event: int(event["relay"]["sequence"]))
        for event in found:
            event["relay"].pop("ts", None), event["relay"].pop("nonce", None)
            event["relay"]["connector"] = "room"
        downs = [mapping.milliseconds(notice["createdAt"]) for notice in notices
                 if notice["type"] == "connectorDown" and notice["relay"]["connector"] == kind]
        gaps = [(mapping.milliseconds(notice["data"]["from"]), mapping.milliseconds(notice["data"]["to"]))
                for notice in notices if notice["type"] == "gap" and notice["relay"]["connector"] == kind]
        gaps.append((max(downs), ended))  # the end of the simulator
        assert len(gaps) > max(1, seconds // 15), f"{kind}: too few ends to prove anything: {gaps}"
        lost = follow(kind, written, found, gaps)
        told[kind] = {"written": len(written), "on_kafka": len(found), "in_gaps": lost, "gaps": len(gaps)}
        assert len(found) + lost == len(written)
        assert lost <= len(written) * 0.05 + 5 * len(gaps), told
    print(json.dumps(told))
    assert sum(each["written"] for each in told.values()) > 100 * seconds
    assert began < ended
