"""After a gap, what was missed is read back from the upstream's API: each event once, marked, and counted."""

import contextlib
import json

import pytest

from peers.door import Door
from peers.place import free_port, wait_until
from peers.program import Tributary, kafka as kafka_sink, run_once, write_config
from peers.ws_server import Simulated

pytestmark = pytest.mark.quick
TOKEN = "made-up-token-for-tests"
KINDS = ("streamelements", "dlive")


@pytest.fixture
def relayed(kafka, topics):
    """Where the relay's own events are: the notices of gaps."""
    topics.partitions = 1
    topics.create(kafka)
    return kafka, topics


class Scene:
    """A relay of one upstream, whose show goes on while nobody is there. `door`: between the relay and the socket."""

    def __init__(self, work, relayed, kind, enabled=True, rate=60, **behaviours):
        self.work, self.kind = work, kind
        self.kafka, self.topics = relayed
        self.api_port = free_port()
        self.log = work / "written"
        self.upstream = Simulated(kind, options=("--rate", rate, "--written", self.log), pace="even", unattended="on",
                                  tokens=TOKEN, api_port=self.api_port, **behaviours)
        self.enabled = enabled

    def __enter__(self):
        self.exits = contextlib.ExitStack()
        self.exits.enter_context(self.upstream)
        self.door = self.exits.enter_context(Door(self.upstream.port))
        self.relay = self.exits.enter_context(Tributary(self.work / "relay", self.config(self.door.port)))
        self.relay.wait_log('"connector_up"')
        wait_until(lambda: [event for event in self.events() if event["relay"].get("upstreamId")][10:], 20,
                   "events of the live connection")
        return self

    def __exit__(self, *_):
        self.exits.close()

    def config(self, port):
        (self.work / "token").write_text(TOKEN)
        api = f"http://127.0.0.1:{self.api_port}"
        limit = 40 if self.kind == "streamelements" else 1000
        own = {"url": f"ws://127.0.0.1:{port}/", "auth": {"token": {"file": str(self.work / "token")}},
               "backoff": {"base": "100ms", "cap": "200ms"}, "backfill": {"enabled": self.enabled, "limit": limit}}
        if self.kind == "streamelements":
            own["backfill"]["api_url"] = api
        else:
            own.update(api_url=api, streamers=["dbl-lee"], treasure_chest=False)
        return {"connectors": {"stage": {"type": self.kind, **own}}, **sinks(self.kafka, self.topics)}

    def written(self):
        """The ids that the upstream gave its events, in their order."""
        lines = self.log.read_bytes().split(b"\n")[:-1]
        return [line["id"] for line in map(json.loads, lines) if line["id"]]

    def events(self):
        return [entry for entry in self.relay.entries() if entry.get("provider", "tributary") != "tributary"]

    def gaps(self):
        return gaps_in(self.kafka, self.topics)

    def cut(self, events=60):
        """The connection is lost until so many more events have happened."""
        self.door.target = free_port()
        before = len(self.written())
        self.door.last().cut()
        wait_until(lambda: len(self.written()) > before + events, 30, "a show while nobody is there")

    def restore(self):
        self.door.target = self.upstream.port

    def wait_gaps(self, count=1, seconds=60):
        return wait_until(lambda: len(self.gaps()) >= count and self.gaps(), seconds,
                          lambda: f"{count} gaps: {self.relay.output[-3000:]}", interval=0.2)

    def end(self):
        """The upstream says no more, and all that it said between the first and the last event has come. The events."""
        after_gap = len(self.events())
        wait_until(lambda: len(self.events()) > after_gap + 10, 20, "live events after the gap")
        self.upstream.end()
        said, heard = self.written(), {event["_id"] for event in self.events()}
        places = [place for place, one in enumerate(said) if one in heard]
        missing = set(said[places[0]:places[-1]]) - heard
        assert not missing, f"{len(missing)} of {places[-1] - places[0]} events have not come"
        self.relay.stop()
        events = self.events()
        named = [event["_id"] for event in events if event["relay"].get("upstreamId")]
        assert sorted(named) == sorted(set(named)), "an event came twice"
        assert set(named) <= set(said), "an event was invented"
        return events


def sinks(kafka, topics):
    return {"sinks": {"out": {"type": "stdout"}, "notices": kafka_sink(kafka.bootstrap(), topics=dict(topics))},
            "routes": [{"to": ["out"]}]}


def gaps_in(kafka, topics):
    notices = [json.loads(record.value) for record in kafka.read_topic(topics["relay"])]
    return [notice["data"] for notice in notices if notice["type"] == "gap"]


def backfilled(events):
    return [event for event in events if event["relay"].get("backfilled")]


def judge_filled(scene, events, gaps):
    found = backfilled(events)
    assert all(gap["backfilled"] is True and "detail" not in gap for gap in gaps), gaps
    assert sum(gap["events"] for gap in gaps) == len(found)
    assert len(found) > 50
    assert [event["createdAt"] for event in found] == sorted(event["createdAt"] for event in found), "oldest first"
    assert all(event["relay"]["connector"] == "stage" for event in found)
    assert TOKEN not in scene.relay.output
    told = [entry for entry in scene.relay.entries() if entry.get("event") == "gap_filled"]
    assert sum(line["events"] for line in told) == len(found) and all(line["level"] == "info" for line in told), told


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("behaviours", [
    {},
    {"api_delay": "700ms"},
    {"history_fault": "429", "history_fault_times": 1, "retry_after": "1s"},
    {"history_fault": "500", "history_fault_times": 1},
    {"history_fault": "reset", "history_fault_times": 1},
], ids=["at-once", "slow: what comes live is on the page, too", "429-then-good", "500-then-good", "reset-then-good"])
def test_each_event_that_was_missed_comes_once(work, relayed, kind, behaviours):
    with Scene(work, relayed, kind, **behaviours) as scene:
        scene.cut()
        scene.restore()
        gaps = scene.wait_gaps()
        events = scene.end()
        assert len(gaps) == 1
        judge_filled(scene, events, gaps)


def test_pages_that_the_api_cuts_shorter_than_asked_are_followed(work, relayed):
    with Scene(work, relayed, "streamelements", history_page=7) as scene:
        scene.cut()
        scene.restore()
        gaps = scene.wait_gaps()
        judge_filled(scene, scene.end(), gaps)


def test_gifts_whose_time_the_api_does_not_know_come_too(work, relayed):
    with Scene(work, relayed, "dlive", history_untimed="on") as scene:
        scene.cut(events=150)  # so many that each kind is among them
        scene.restore()
        scene.wait_gaps()
        events = scene.end()
        assert {event["type"] for event in backfilled(events)} >= {"chat", "tip", "follow"}
        # A busy machine may lose the connection once more.
        assert sum(gap["events"] for gap in scene.gaps()) == len(backfilled(events))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault, words, reason", [
    ("401", "HTTP 401: the API does not accept the token of this connector; it says: No authorization token was found",
     "refused"),
    ("403", "HTTP 403: the token of this connector may not read what was missed", "refused"),
    ("nonsense", "the answer is no JSON", "wrong_answer"),
])
def test_a_gap_that_cannot_be_filled_says_why(work, relayed, kind, fault, words, reason):
    with Scene(work, relayed, kind, history_fault=fault) as scene:
        scene.cut()
        scene.restore()
        gap, = scene.wait_gaps()
        assert gap["backfilled"] is False and gap["events"] == 0 and words in gap["detail"]
        scene.upstream.end()
        scene.relay.stop()
        assert not backfilled(scene.events()) and TOKEN not in scene.relay.output
        line, = [entry for entry in scene.relay.entries() if entry.get("event") == "gap_unfilled"]
        assert (line["level"], line["reason"]) == ("error", reason) and words in line["message"], line


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_asked_where_it_is_off(work, relayed, kind):
    with Scene(work, relayed, kind, enabled=False) as scene:
        scene.cut()
        scene.restore()
        gap, = scene.wait_gaps()
        assert gap["backfilled"] is False and "events" not in gap
        scene.upstream.end()
        scene.relay.stop()
        assert not backfilled(scene.events())
        assert ("history=0" if kind == "dlive" else "asked=0") in scene.upstream.account


@pytest.mark.parametrize("kind", KINDS)
def test_a_connection_that_is_lost_again_while_a_gap_is_filled_loses_no_gap(work, relayed, kind):
    with Scene(work, relayed, kind, history_fault="429", history_fault_times=1, retry_after="3s") as scene:
        scene.cut()
        scene.restore()
        scene.relay.wait_log('"connector_up"', count=2)
        scene.cut(events=30)
        scene.restore()
        gaps = scene.wait_gaps(2)
        judge_filled(scene, scene.end(), gaps)
        assert gaps[0]["to"] <= gaps[1]["from"]


def test_a_stop_while_a_gap_is_filled_tells_it_and_ends(work, relayed):
    with Scene(work, relayed, "streamelements", history_fault="silent") as scene:
        scene.cut()
        scene.restore()
        scene.relay.wait_log('"connector_up"', count=2)
        scene.relay.stop(seconds=10)
        gap, = scene.gaps()
        assert gap["backfilled"] is False and gap["detail"] == "stopped before it was filled"


@pytest.mark.parametrize("kind", KINDS)
def test_over_tls_with_an_authority_of_ones_own(work, relayed, kind, certificates):
    api_port, log = free_port(), work / "written"
    options = ("--rate", "60", "--written", log, "--certificate", certificates.server, "--key", certificates.server_key)
    goodbye = {"goodbye_after": "1s", "goodbye": "close"}
    api = f"https://127.0.0.1:{api_port}/"
    with Simulated(kind, options=options, unattended="on", pace="even", api_port=api_port, **goodbye) as upstream:
        own = {"backfill": {"enabled": True, "api_url": api}} if kind == "streamelements" else {
            "backfill": {"enabled": True, "limit": 1000}, "api_url": api, "streamers": ["dbl-lee"]}
        (work / "token").write_text(TOKEN)
        config = {"connectors": {"stage": {
            "type": kind, "url": f"wss://127.0.0.1:{upstream.port}/", "auth": {"token": {"file": str(work / "token")}},
            "tls": {"ca_file": str(certificates.ca)}, "backoff": {"base": "1s", "cap": "1s"}, **own}}, **sinks(*relayed)}
        with Tributary(work / "relay", config) as relay:
            wait_until(lambda: [gap for gap in gaps_in(*relayed) if gap["backfilled"] and gap["events"] > 0], 30,
                       lambda: f"a gap that was filled over TLS: {relay.output[-3000:]}", interval=0.2)
            relay.stop()


def test_check_asks_whether_activities_can_be_read(work):
    channel = "5eb8a1f0c2d3e4f5a6b7c8d9"
    for fault, code, words in ((None, 0, f"backfill: the activities of channel {channel} can be read"),
                               ("403", 1, "backfill: HTTP 403: the token of this connector may not read what was missed")):
        api_port = free_port()
        behaviours = {} if fault is None else {"history_fault": fault}
        with Simulated("streamelements", api_port=api_port, **behaviours) as upstream:
            (work / "token").write_text(TOKEN)
            config = {"connectors": {"s": {
                "type": "streamelements", "url": f"ws://127.0.0.1:{upstream.port}/", "channel": channel,
                "auth": {"token": {"file": "token"}},
                "backfill": {"enabled": True, "api_url": f"http://127.0.0.1:{api_port}"}}}}
            done = run_once("check", "--connect", "-c", write_config(work, config), folder=work, seconds=60)
        output = done.stdout + done.stderr
        assert done.returncode == code and words in output and TOKEN not in output, output
