"""Kafka away for longer than memory lasts: what waits lies on the disk, memory stays within its bound, order is kept, and a
topic that we may not write to holds nobody back.

TRIBUTARY_AWAY_SECONDS, TRIBUTARY_AWAY_RATE: how long, and how many events a second.
"""

import os
import time

import pytest

from faults import results
from faults.oracle import Promise
from faults.stage import RECONNECT, Memory, Stage
from peers.place import wait_until

MIB = 1 << 20
SECONDS = float(os.environ.get("TRIBUTARY_AWAY_SECONDS", "120"))
RATE = int(os.environ.get("TRIBUTARY_AWAY_RATE", "1000"))
#: What is beside a small memory: SQLite's page caches, librdkafka's requests, the allocator's spare pages. A sink of 32 MiB
#: holds that within its memory.
BESIDE = 16


class Three(dict):
    """Topics of events by provider; `forbidden` is one that the user `relay` may not write to."""

    partitions = 3

    def __init__(self, topics):
        prefix = topics["events"]
        self.of_events = [f"{prefix}.{provider}" for provider in ("twitch", "youtube", "kick")]
        self.forbidden = self.of_events[2]
        super().__init__({**topics, "events": f"{prefix}.{{provider}}"})

    def create(self, broker):
        for name in (*self.of_events, self["dead_letter"], self["relay"]):
            broker.create_topic(name, self.partitions)
            if name != self.forbidden:
                broker.allow("relay", name)


def written_to(stage):
    """(events written so far, those of them that have a topic which may be written to)."""
    with open(stage.server.log, encoding="utf-8") as log:
        kinds = [text.find('"provider":"kick"') < 0 for text in log if '"sockets":[]' not in text[:60]]
    return len(kinds), sum(kinds)


def away(work, broker, topics, seconds, rate, row, memory, beside=0):
    topics = Three(topics)
    (work / "password").write_text("relay-test-password\n")
    (work / "password").chmod(0o600)
    security = {"protocol": "sasl_plaintext", "sasl_mechanism": "PLAIN", "username": "relay",
                "password": {"file": str(work / "password")}}
    with Stage(work, broker, topics, rate=rate, listener="sasl", spool={"directory": str(work / "spool")},
               sink={"memory": f"{memory}MiB", "security": security}, limits={"pause": "5m"}) as stage:
        stage.events_topics = topics.of_events
        flowing = topics.of_events[:2]
        relay = stage.start()
        stage.run(5)
        base = relay.status("VmRSS")
        with Memory(relay) as watched:
            with stage.fault():
                broker.pause()
                stage.run(seconds)
                away_peak = watched.peak
                stage.pace(50)  # the stream goes on
                written, wanted = written_to(stage)
                broker.resume()
            began, before = time.monotonic(), sum(map(broker.count, flowing))
            wait_until(lambda: sum(map(broker.count, flowing)) >= wanted, 60 + seconds, lambda: (
                f"{wanted} events on {flowing}, there are {sum(map(broker.count, flowing))}"), interval=0.25)
            took = time.monotonic() - began
            replayed = sum(map(broker.count, flowing)) - before
            # All but the forbidden topic is there; now that is repaired.
            assert broker.count(topics.forbidden) == 0
            relay.wait_log(topics.forbidden, '"level":"error"')
            broker.allow("relay", topics.forbidden)
            stage.drain(120 + seconds)
        peak = watched.peak
        figures = {"away_s": seconds, "rate": rate, "waited": written - before, "replayed": replayed, "replay_per_s": int(replayed / took),
                   "base_mib": round(base / MIB, 1), "away_peak_mib": round(away_peak / MIB, 1), "peak_mib": round(peak / MIB, 1),
                   "bound_mib": memory}
        print(figures)
        verdict = stage.end(Promise(reconnect=RECONNECT))
        assert peak < base + (memory + beside) * MIB, f"from {base / MIB:.1f} to {peak / MIB:.1f} MiB for a bound of {memory} MiB"
        results.tell(row, **verdict.figures(), **figures)


def test_kafka_away_for_a_while(work, own_kafka, topics):
    """The memory is 1 MiB, so most of what waits has to lie on the disk."""
    away(work, own_kafka, topics, 8, 500, "away_short", memory=1, beside=BESIDE)


@pytest.mark.long
def test_kafka_away_for_minutes(work, own_kafka, topics):
    away(work, own_kafka, topics, SECONDS, RATE, "away", memory=32)
