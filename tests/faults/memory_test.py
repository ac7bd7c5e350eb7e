"""Memory over a long time at full speed, while upstreams' connections end at random and the way to Kafka fails at random.

TRIBUTARY_SOAK_SECONDS, TRIBUTARY_SOAK_RATE: how long, and how many events a second all upstreams together write.
"""

import os
import random
import time

import pytest

from faults import results
from faults.proxy import Proxy
from faults.soak_test import IMPATIENT, UPSTREAMS, url_of
from faults.stage import Memory, slope
from peers.place import wait_until
from peers.program import Tributary, kafka as kafka_sink
from peers.spools import count
from peers.ws_server import Simulated

MIB = 1 << 20
SECONDS = int(os.environ.get("TRIBUTARY_SOAK_SECONDS", "300"))
RATE = int(os.environ.get("TRIBUTARY_SOAK_RATE", "4000"))
AT_MOST_LEFT = 40_000  #: events: twice what `memory` holds
WARM_UP = 0.2  #: of the whole time: caches fill, and each kind of fault has been met
JUDGED_FROM = 1800  #: seconds: in a shorter run the noise is more than a MiB an hour


def test_slope_is_that_of_the_line():
    assert slope([(x, 3 * x + 7) for x in range(10)]) == pytest.approx(3)
    assert slope([(0, 1), (1, 3), (2, 1), (3, 3)]) == pytest.approx(0.4)


def disturb(proxy, dice):
    """One fault of the way to Kafka, some seconds long."""
    what = dice.choice(["cut", "stall", "refuse", "delay", "withhold"])
    seconds = dice.uniform(0.5, 4)
    if what == "cut":
        proxy.cut()
    elif what == "withhold":
        proxy.withhold_answers()
    elif what == "stall":
        proxy.stall()
        time.sleep(seconds)
        proxy.flow()
    elif what == "delay":
        proxy.delay(0.1)
        time.sleep(seconds)
        proxy.flow()
    else:
        proxy.refuse()
        time.sleep(seconds)
        proxy.accept()


@pytest.mark.long
def test_memory_does_not_grow(work, own_kafka, topics):
    # Nobody reads the topic back: it holds the newest only, so that an hour fits on a disk.
    topics.create(own_kafka, retention_bytes=32 * MIB, segment_bytes=16 * MIB)
    ports = own_kafka.ports
    dice = random.Random()
    simulators, connectors = [], {}
    try:
        for number, (kind, (settings, _, ends)) in enumerate(UPSTREAMS.items()):
            options = ("--rate", RATE / len(UPSTREAMS), "--seed", number + 1)
            simulators.append(Simulated(kind, options, goodbye_after=f"{7 + 2 * number}s", **ends).__enter__())
            connectors[kind] = {"type": kind, "url": url_of(kind, simulators[-1].port), **IMPATIENT, **settings}
        with Proxy(ports["behind_proxy"], ports["proxy"]) as proxy:
            config = {"log": {"level": "warn", "format": "json"}, "connectors": connectors, "limits": {"pause": "5m"},
                      "spool": {"directory": str(work / "spool")},
                      "sinks": {"events": kafka_sink(proxy.bootstrap(), topics=dict(topics), memory="16MiB")},
                      "routes": [{"to": ["events"]}]}
            with Tributary(work, config) as relay, Memory(relay, every=1) as memory:
                end, faults = time.monotonic() + SECONDS, 0
                while time.monotonic() < end:
                    time.sleep(min(dice.uniform(3, 12), max(0, end - time.monotonic())))
                    disturb(proxy, dice)
                    faults += 1
                    assert relay.alive(), relay.output[-3000:]
                for simulator in simulators:
                    simulator.end()
                account = relay.stop(seconds=120)
    finally:
        for simulator in simulators:
            simulator.end()
    a_hour = memory.slope(WARM_UP * SECONDS) / MIB
    figures = {"seconds": SECONDS, "rate": account["accepted"] // SECONDS, "written": account["accepted"], "faults": faults,
               "slope_mib_per_hour": round(a_hour, 2), "peak_mib": round(memory.peak / MIB, 1)}
    print(figures, dict(account))
    # The last fault may still last at the stop. What waits then stays on disk, and the next run delivers it.
    assert account["spooled"] < AT_MOST_LEFT, dict(account)
    assert account["accepted"] == account["offered"] == account["delivered"] + account["spooled"] > 0.3 * RATE * SECONDS
    assert account["dropped"] == account["dead_lettered"] == account["in_flight"] == 0
    with Tributary(work / "after", {**config, "connectors": {}, "routes": [], "sinks": {"events": kafka_sink(
            own_kafka.bootstrap(), topics=dict(topics))}}) as relay:
        wait_until(lambda: count(work) == 0, 60, lambda: f"an empty spool: {relay.output[-2000:]}")
        rest = relay.stop()
    assert rest["recovered"] == account["spooled"] and rest["offered"] + rest["recovered"] == rest["delivered"], dict(rest)
    assert SECONDS < JUDGED_FROM or a_hour <= 1, figures
    assert memory.peak < 128 * MIB, figures
    results.tell("soak", **figures)
