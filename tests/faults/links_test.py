"""Connections to the broker and to the upstream that are cut, silent, slow or gone, through a proxy of ours."""

import time

import pytest

from faults import results
from faults.oracle import Promise
from faults.stage import RECONNECT, Stage
from peers import mapping
from peers.place import PATIENCE, free_port, wait_until
from peers.program import Tributary, kafka as kafka_sink
from peers.ws_server import Simulated

#: What lies in sockets and in the proxy when a connection is cut was written and is lost; ms.
ON_ITS_WAY = int(1000 * PATIENCE)
EVERYTHING = Promise()


# ── the broker ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_answers_of_the_broker_that_are_lost_cost_nothing(work, kafka, topics):
    """The broker has taken the batch; we never hear of it. It is sent again under the same number and not taken twice."""
    with Stage(work, kafka, topics, rate=200, behind_proxy=True) as stage:
        stage.start()
        stage.run(1)
        for number in range(1, 6):
            with stage.fault():
                stage.broker_proxy.withhold_answers()
                wait_until(lambda: stage.broker_proxy.answers_withheld == number, 20, "an answer to be lost")
            stage.run(0.5)
        stage.drain()
        stage.end(Promise(reconnect=RECONNECT), "broker_answer_cut", cuts=5)


@pytest.mark.parametrize("how", ["cut", "stall", *(pytest.param(how, marks=pytest.mark.long) for how in ("refuse", "slow"))])
def test_a_bad_way_to_the_broker_costs_nothing(work, kafka, topics, how):
    with Stage(work, kafka, topics, rate=200, behind_proxy=True) as stage:
        stage.start()
        stage.run(1)
        proxy = stage.broker_proxy
        with stage.fault():
            if how == "cut":
                for _ in range(5):
                    proxy.cut()
                    stage.run(0.3)
            elif how == "stall":
                proxy.stall()
                stage.run(4)
                proxy.flow()
            elif how == "refuse":
                proxy.refuse()
                stage.run(3)
                proxy.accept()
            else:
                proxy.delay(0.3)
                stage.run(3)
                proxy.flow()
        stage.run(1)
        stage.drain()
        stage.end(EVERYTHING, f"broker_{how}")


# ── the upstream ──────────────────────────────────────────────────────────────────────────────────────────────────────


def gaps(stage):
    """(from, to) of each gap that was told, in ms."""
    notices = [mapping.parse(record.value) for record in stage.broker.read_topic(stage.topics["relay"], 1)]
    return [(mapping.milliseconds(notice["data"]["from"]), mapping.milliseconds(notice["data"]["to"]))
            for notice in notices if notice["type"] == "gap"]


def silence_after_accept(stage):
    stage.upstream_proxy.stall()
    stage.upstream_proxy.cut()
    stage.relay.wait_log('"dial_timeout"', seconds=30)
    stage.upstream_proxy.flow()


def silence_after_handshake(stage):
    stage.server.order("silence", on=True)
    stage.upstream_proxy.cut()
    stage.relay.wait_log('"handshake_timeout"', seconds=30)
    stage.server.order("silence", on=False)


def silence_after_live(stage):
    """Also what a half-open connection looks like: the other side is gone without a word."""
    stage.upstream_proxy.stall()
    stage.relay.wait_log('"pong_timeout"', seconds=30)
    stage.upstream_proxy.cut()
    stage.upstream_proxy.flow()


def resets(stage):
    for _ in range(5):
        stage.upstream_proxy.cut()
        stage.server.wait_live()
        stage.run(0.2)


def slow_drip(stage):
    """Frames come in pieces of seven bytes: slower than the stream, and everything comes."""
    stage.pace(20)
    stage.upstream_proxy.drip(7, 0.001)
    stage.run(2)
    stage.upstream_proxy.flow()


LONG = (silence_after_handshake, slow_drip)


@pytest.mark.parametrize("what", [silence_after_accept, silence_after_live, resets,
                                  *(pytest.param(what, marks=pytest.mark.long) for what in LONG)], ids=lambda what: what.__name__)
def test_an_upstream_that_fails_costs_what_is_in_the_gap(work, kafka, topics, what):
    impatient = {"timeouts": {"dial": "2s", "handshake": "2s", "pong": "2s"}, "ping_interval": "1s"}
    with Stage(work, kafka, topics, rate=100, connector=impatient) as stage:
        stage.start()
        stage.run(1)
        connections = stage.server.stats()["connections"]
        with stage.fault(loses=what is not slow_drip):
            what(stage)
            stage.server.wait_live()
        stage.run(2)
        assert what is slow_drip or stage.server.stats()["connections"] > connections
        promise = Promise(read_and_commit=ON_ITS_WAY, reconnect=RECONNECT)
        verdict = stage.end(promise)
        told = gaps(stage)
        for at in verdict.lost_at:
            assert any(begin - ON_ITS_WAY <= at <= end + ON_ITS_WAY for begin, end in told), f"lost and in no gap: {at}, {told}"
        results.tell(f"upstream_{what.__name__}", **verdict.figures(), gaps=len(told))


@pytest.mark.parametrize("count", [50, pytest.param(1000, marks=pytest.mark.long)])
def test_so_many_connections_that_end_at_once_come_back(work, count):
    """The upstream of them all dies and comes back: each is live again, and no more are dialled a second than allowed."""
    per_second = 200
    port = free_port()  # it is dialled while nobody listens
    with Simulated("users", ("--rate", 0, "--port", port)) as simulator:
        connectors = {f"c{number}": {"type": "users", "url": f"ws://127.0.0.1:{port}", "label": f"c{number}",
                                     "probe_interval": "5s", "backoff": {"base": "100ms", "cap": "2s"}}
                      for number in range(count)}
        config = {"connectors": connectors, "sinks": {"out": {"type": "file", "path": "out.jsonl"}},
                  "routes": [{"to": ["out"]}], "limits": {"dials_per_second": per_second}}
        with Tributary(work, config) as relay:
            relay.wait_log('"connector_up"', seconds=60, count=count)
            simulator.process.kill()
            simulator.process.wait()
            relay.wait_log('"connector_down"', seconds=60, count=count)
            began = time.monotonic()
            with Simulated("users", ("--rate", 0, "--port", port)):
                relay.wait_log('"connector_up"', seconds=120, count=2 * count)
                back = time.monotonic() - began
                rss = relay.status("VmRSS")
                relay.stop()
    results.tell("upstream_reconnects", connections=count, back_after_s=round(back, 1), dials_per_second=per_second,
                 rss_mib=rss >> 20)
    assert back > count / per_second / 4, "they came back quicker than they may dial"
