"""A broker that goes away in the middle of a stream and comes back: nothing lost, order kept, memory bounded.

Upstream is a real Socket.IO server that numbers its events; the topic is read back by an independent client and
compared field by field (peers/mapping.py).
"""

import threading
import time

import pytest

from faults import results
from peers import mapping
from peers.place import wait_until
from peers.program import Tributary, kafka as kafka_sink, streamelements
from peers.socketio import SocketIO

CHANNELS = [f"{n:024x}" for n in range(1, 9)]
MIB = 1 << 20


class Outage:
    """One way for the broker to be away for `seconds`."""

    def __init__(self, how, seconds):
        self.how, self.seconds = how, seconds

    def __call__(self, broker):
        if self.how == "SIGSTOP":
            broker.pause()
            time.sleep(self.seconds)
            broker.resume()
        else:
            broker.kill() if self.how == "kill -9" else broker.stop()
            time.sleep(self.seconds)
            broker.start()


def stream_through(work, broker, topics, outages, per_second=300, before=3, after=5, memory="64MiB", **config):
    """Runs a stream with `outages` in it; returns (emitted lines, records, account, peak bytes, began)."""
    topics.create(broker)
    began = int(time.time() * 1000)
    with SocketIO(work, 4, channels=CHANNELS) as server:
        settings = {"connectors": {"main": streamelements(server.url())},
                    "sinks": {"events": kafka_sink(broker.bootstrap(), topics=dict(topics), memory=memory)},
                    "routes": [{"to": ["events"]}], **config}
        with Tributary(work, settings) as relay:
            server.wait_live()
            stop = threading.Event()

            def emit():
                while not stop.is_set():
                    server.order("emit", count=per_second // 10, seconds=120)
                    stop.wait(0.1)

            emitter = threading.Thread(target=emit)
            emitter.start()
            try:
                time.sleep(before)  # the stream before, during and after the outage is what the test is about
                for outage in outages:
                    outage(broker)
                    time.sleep(after)
            finally:
                stop.set()
                emitter.join()
            expected = mapping.hear_all(server.emitted_lines(), "main").expected
            away = sum(outage.seconds for outage in outages)
            assert len(expected) > per_second * away / 2, "too little was said meanwhile to prove anything"
            assert relay.alive()
            wait_until(lambda: broker.count(topics["events"]) >= len(expected), 120, "everything on Kafka", interval=1)
            peak = relay.status("VmHWM")
            account = relay.stop()
        stats = server.stats()
    print(f"{len(expected)} events, {stats['connections']} connection(s), peak {peak / MIB:.0f} MiB, account {dict(account)}")
    return stats, expected, broker.read_topic(topics["events"], len(expected)), account, peak, began


def check_nothing_lost(row, topics, stats, expected, records, account, peak, began):
    repeats = mapping.check_order(records, replays=True)
    first = {}
    for record in records:
        first.setdefault(mapping.parse(record.value)["relay"]["sequence"], record)
    assert repeats == len(records) - len(first)
    once = sorted(first.values(), key=lambda record: (record.partition, record.offset))
    mapping.compare(expected, once, topics.partitions, began - 50, int(time.time() * 1000) + 50)
    assert stats["connections"] == 1, "the upstream does not feel the outage"
    assert account["accepted"] == account["offered"] == account["delivered"] == len(expected)
    assert account["in_flight"] == account["dropped"] == account["dead_lettered"] == 0
    assert peak < 64 * MIB + 32 * MIB, f"{peak / MIB:.0f} MiB"
    results.tell(row, written=len(expected), on_topic=len(records), repeats=repeats, lost=0, peak_mib=round(peak / MIB, 1))


def row_of(how, seconds):
    return f"broker_{how.replace(' -', '_').lower()}_{seconds}s"


@pytest.mark.parametrize("how", ["kill -9", pytest.param("SIGSTOP", marks=pytest.mark.long)])
def test_a_broker_away_for_15_s_costs_nothing(work, own_kafka, topics, how):
    check_nothing_lost(row_of(how, 15), topics, *stream_through(work, own_kafka, topics, [Outage(how, 15)]))


@pytest.mark.long
def test_a_broker_away_for_60_s_costs_nothing(work, own_kafka, topics):
    check_nothing_lost(row_of("kill -9", 60), topics, *stream_through(work, own_kafka, topics, [Outage("kill -9", 60)]))


@pytest.mark.long
@pytest.mark.parametrize("how, seconds", [("SIGSTOP", 60), ("SIGTERM", 60), ("SIGSTOP", 150)])
def test_a_broker_away_for_longer_than_its_timeouts_costs_nothing(work, own_kafka, topics, how, seconds):
    check_nothing_lost(row_of(how, seconds), topics,
                       *stream_through(work, own_kafka, topics, [Outage(how, seconds)], per_second=200))


@pytest.mark.long
def test_a_broker_that_comes_and_goes_costs_nothing(work, own_kafka, topics):
    outages = [Outage("kill -9", 2), Outage("SIGSTOP", 5), Outage("kill -9", 10), Outage("SIGTERM", 1), Outage("SIGSTOP", 35)]
    check_nothing_lost("broker_comes_and_goes", topics, *stream_through(work, own_kafka, topics, outages))


def test_a_full_sink_stays_within_its_bytes_and_its_books_are_exact(work, own_kafka, topics):
    """2 MiB of memory and an outage that would need more: reading pauses, the heartbeat does not, and what the pause
    costs is counted or was never read."""
    topics.create(own_kafka)
    with SocketIO(work, 4, channels=CHANNELS, pingInterval=1000, pingTimeout=4000) as server:
        settings = {"connectors": {"main": streamelements(server.url())},
                    "sinks": {"events": kafka_sink(own_kafka.bootstrap(), topics=dict(topics), memory="2MiB")},
                    "routes": [{"to": ["events"]}],
                    "limits": {"pause": "5m"}}  # not what ends it, however long this machine takes
        with Tributary(work, settings) as relay:
            server.wait_live()
            server.order("emit", count=500)
            own_kafka.read_topic(topics["events"], 400)
            calm = relay.status("VmRSS")
            own_kafka.pause()
            server.order("emit", count=60000)  # about 33 MB
            # Two of the server's timeouts pass while nothing can be read. They are long for the server's sake: on a busy
            # machine it takes seconds to write so much, and sees no answer meanwhile.
            time.sleep(11)
            stats = server.stats()
            assert stats["connections"] == 1 and stats["live"] == 1, "the heartbeat has stopped with the reading"
            peak = relay.status("VmHWM")
            own_kafka.resume()
            expected = mapping.hear_all(server.emitted_lines(), "main").expected
            wait_until(lambda: own_kafka.count(topics["events"]) >= len(expected), 120, "everything on Kafka", interval=1)
            account = relay.stop()
    print(f"calm {calm / MIB:.1f} MiB, peak {peak / MIB:.1f} MiB")
    assert peak < calm + 12 * MIB, f"from {calm / MIB:.0f} to {peak / MIB:.0f} MiB for a bound of 2 MiB"
    assert account["accepted"] == account["delivered"] == len(expected)
    mapping.check_order(own_kafka.read_topic(topics["events"]), replays=True)
