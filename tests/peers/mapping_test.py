"""The comparison itself: it takes what is right and finds each planted fault. Needs neither program nor broker."""

import copy
import json
import types

import pytest

from peers import mapping
from peers.scripted import tip

CREATED = "2026-10-01T12:34:56.789Z"
RECEIVED = "2026-10-01T12:34:56.912Z"


def record_of(event, sequence, partitions=3):
    event = copy.deepcopy(event)
    event["relay"].update(receivedAt=RECEIVED, run="01K9ZB4T", sequence=mapping.Number(str(sequence)))
    text = to_text(event).encode()
    key = f"streamelements:{event['channel']}".encode()
    return types.SimpleNamespace(
        key=key, value=text, partition=mapping.partition(key, partitions), offset=sequence,
        timestamp=mapping.timestamp(event), headers=[(n, v.encode()) for n, v in mapping.headers(event, text).items()])


def to_text(value):
    if isinstance(value, mapping.Number):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{to_text(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(to_text, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


@pytest.fixture
def told():
    numbered = [mapping.parse(json.dumps(tip(CREATED, n, amount=4.25))) for n in range(1, 6)]
    upstream = mapping.Upstream("main")
    for activity in numbered:
        upstream.hear(["event", activity, {"nonce": "n"}])
    return upstream.expected


def compare(expected, records):
    moment = mapping.milliseconds(RECEIVED)
    return mapping.compare(expected, records, 3, moment - 1000, moment + 1000)


def test_records_made_by_the_mapping_pass(told):
    compare(told, [record_of(event, n) for n, event in enumerate(told, 1)])


@pytest.mark.parametrize("fault", ["lost", "invented", "repeated", "digit", "field", "order", "header", "time", "partition"])
def test_a_planted_fault_is_found(told, fault):
    events = copy.deepcopy(told)
    if fault == "digit":
        events[2]["data"]["amount"] = mapping.Number("4.250")
    if fault == "field":
        events[2]["data"]["extra"] = ""
    records = [record_of(event, n) for n, event in enumerate(events, 1)]
    if fault == "lost":
        del records[2]
    if fault == "invented":
        records.append(record_of(mapping.canonical(mapping.parse(json.dumps(tip(CREATED))), {}, "main"), 6))
    if fault == "repeated":
        records.append(records[4])
    if fault == "order":
        records[1], records[2] = records[2], records[1]
    if fault == "header":
        records[0].headers[1] = ("ce_id", b"another")
    if fault == "time":
        records[0].timestamp += 1
    if fault == "partition":
        records[0].partition = (records[0].partition + 1) % 3
    with pytest.raises(AssertionError):
        compare(told, records)


def test_repeats_must_go_on_without_a_hole(told):
    records = [record_of(event, n) for n, event in enumerate(told, 1)]
    replay = records[:4] + records[1:4] + records[4:]
    assert mapping.check_order(replay, replays=True) == 3
    with pytest.raises(AssertionError):
        mapping.check_order(records[:4] + records[1:2] + records[3:], replays=True)


def test_the_repeats_mocks_and_tests_of_an_upstream_are_counted_apart():
    activity = mapping.parse(json.dumps(tip(CREATED, 1)))
    newer = {**activity, "updatedAt": "2026-10-01T12:35:00.000Z"}
    upstream = mapping.Upstream("main")
    for emission in (["event", activity], ["event", activity], ["event", newer], ["event", {**activity, "isMock": True}],
                     ["event:test", {}], ["event:update", {}], ["event:other", {}]):
        upstream.hear(emission)
    assert (upstream.events, upstream.duplicate, upstream.test, upstream.state) == (6, 1, 2, 1)
    assert [event["relay"].get("update") for event in upstream.expected] == [None, True]


@pytest.mark.parametrize("key, hashed", [(b"", 275646681), (b"21", -973932308), (b"foobar", -790332482),
                                         (b"a-little-bit-long-string", -985981536),
                                         (b"a-little-bit-longer-string", -1486304829),
                                         (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
                                         (b"abc", 479470107)])
def test_murmur2_agrees_with_the_vectors_of_the_java_client(key, hashed):
    assert mapping.murmur2(key) == hashed & 0xFFFFFFFF
