"""How much a channel sink says: its rate, how old an event may grow, and the breaker when what is said comes back."""

import contextlib
import itertools
import json
import queue
import signal
import threading
import time

import pytest
import yaml

from peers.downstreams import UNLIMITED, Stagecast
from peers.place import PATIENCE, wait_until
from peers.program import Tributary, streamelements, write_config
from peers.scripted import ScriptedUpstream
from peers.ws_server import Dialled, Simulated

from end_to_end.sinks_test import emit

pytestmark = pytest.mark.quick


@pytest.fixture
def hall(work):
    with Stagecast(work, None, None) as made:
        yield made


def configuration(hall, upstream, **sink):
    return {"connectors": {"main": streamelements(upstream.url()), **hall.connectors},
            "sinks": {"screen": {**hall.sink, **sink}}, "routes": [{"from": ["main"], "to": ["screen"]}]}


def stopped(relay):
    return next(entry for entry in relay.entries() if entry.get("event") == "program_stopped")


def test_what_is_over_the_rate_waits_and_grows_too_old(hall):
    with ScriptedUpstream() as upstream:
        config = configuration(hall, upstream, rate={"per_second": 10, "burst": 5}, max_age="1s")
        with Tributary(hall.work, config) as relay:
            connection = upstream.live()
            hall.wait_ready(relay)
            begin = time.monotonic()
            emitted = emit(connection, 60)
            hall.heard(5)
            relay.wait_log('"status"', "screen", seconds=25)
            took = time.monotonic() - begin
            account = relay.stop()
    heard = hall.heard()
    assert heard == [each for each in emitted if each in heard] and heard[:5] == emitted[:5], "in order"
    assert 5 < len(heard) <= 5 + 10 * 1.5 and took > 1
    assert account["sent"] == len(heard) and stopped(relay)["dropped.expired"] == 60 - len(heard)


class Member:
    """Somebody on a Stagecast channel who speaks; `copycat`: who says everything again that another says, without marks."""

    def __init__(self, port, channel, copycat=False):
        self.dialled = Dialled(port, f"/api/events/{channel}/ws")
        self.dialled.send({"token": "anything"})
        assert self.dialled.next() == "ok"
        self.copies = copycat
        if copycat:
            threading.Thread(target=self._repeat, daemon=True).start()

    def say(self, text):
        self.dialled.send(json.dumps(text))

    def _repeat(self):
        while not self.dialled.gone.is_set():
            try:
                said = self.dialled.next(0.1)
            except queue.Empty:
                continue
            if self.copies:
                self.dialled.send(json.dumps(said["msg"]))


@contextlib.contextmanager
def two_halls(hall, upstream, breaker, back=()):
    """Tips go to the hall, and what is said in the side hall, too; a copycat is in the hall. `back`: further routes."""
    with Simulated("stagecast", channel="side") as there:
        side = {"type": "stagecast", "url": f"ws://127.0.0.1:{there.port}", "channel": "side", "backoff": {"base": "50ms"},
                "auth": {"token": {"value": "anything"}}}
        config = configuration(hall, upstream, rate=UNLIMITED, breaker=breaker, template="{_id} {data.message|}")
        config["connectors"]["side"] = side
        config["sinks"]["side-screen"] = {"type": "stagecast", "connector": "side", "format": "text", "template": "{_id}"}
        config["routes"] = [{"from": ["main", "side"], "to": ["screen"]}, *back]
        speaker, copycat = Member(there.port, "side"), Member(hall.server.port, "hall", copycat=True)
        try:
            with Tributary(hall.work, config) as relay:
                connection = upstream.live()
                hall.wait_ready(relay)
                relay.wait_log('"connector_up"', '"side"')
                yield relay, connection, speaker, copycat
        finally:
            copycat.dialled.close(), speaker.dialled.close()


@pytest.mark.parametrize("back", [(), ({"from": ["there"], "to": ["side-screen"]},)], ids=["no route back", "a route back"])
def test_a_copycat_silences_no_alert(hall, back):
    """Whoever repeats a tip makes no tip of it: there is no loop, whatever is carried on of the hall."""
    with ScriptedUpstream() as upstream, two_halls(hall, upstream, {"open_for": "60s"}, back) as (relay, connection, *_):
        emitted = []
        for count in range(1, 6):
            emitted += emit(connection, 1)
            wait_until(lambda: len(hall.heard()) >= 2 * count, 20, "a tip and its copy")
        emitted += emit(connection, 50)
        hall.heard(2 * 55)
        relay.wait_log('"status"', "screen 55 sent, 0 waiting, repeated there 55 times", seconds=80)
        account = relay.stop()
    assert [each for each in emitted if hall.heard().count(each) != 2] == []
    assert account["sent"] == 55 and account["dropped"] == 0
    assert "breaker_opened" not in relay.output


@pytest.mark.parametrize("back", [(), ({"from": ["there"], "to": ["side-screen"]},)], ids=["no route back", "a route back"])
def test_a_bot_that_says_everything_again_opens_the_breaker(hall, back):
    """What is carried from one hall to another may be what the relay said itself, brought back by a second relay. It is held;
    tips go on."""
    with ScriptedUpstream() as upstream, two_halls(hall, upstream, {"open_for": "60s"}, back) as (relay, connection, speaker, _):
        for count in range(1, 4):
            speaker.say(f"line {count}")
            wait_until(lambda: len(hall.heard()) >= 2 * count, 20, "a line and its copy")
        relay.wait_log("breaker_opened", "screen")
        for count in range(4, 54):
            speaker.say(f"line {count}")
        emitted = emit(connection, 5)
        hall.heard(2 * (3 + 5))
        relay.wait_log("events_dropped", "50 breaker", seconds=25)
        relay.wait_log('"status"', "screen 8 sent, 0 waiting, repeated there 8 times, breaker open", '"delivered":0', '"breakers_open":1', seconds=25)
        account = relay.stop()
    assert set(emitted) <= set(hall.heard())
    assert account["sent"] == 3 + 5 and account["offered"] == 53 + 5 and stopped(relay)["dropped.breaker"] == 50


def test_a_reload_leaves_an_open_breaker_open(hall):
    with ScriptedUpstream() as upstream, two_halls(hall, upstream, {"open_for": "60s"}) as (relay, connection, speaker, _):
        for count in range(1, 4):
            speaker.say(f"line {count}")
            wait_until(lambda: len(hall.heard()) >= 2 * count, 20, "a line and its copy")
        relay.wait_log("breaker_opened", "screen")
        config = yaml.safe_load((hall.work / "tributary.yaml").read_text())
        config["sinks"]["screen"]["max_age"] = "31s"
        write_config(hall.work, config)
        relay.signal(signal.SIGHUP)
        relay.wait_log('"reloaded"', "sinks.screen.max_age")
        speaker.say("line 4")
        emitted = emit(connection, 1)
        hall.heard(2 * 4)
        relay.wait_log("breaker_opened", "open as before the reload")
        relay.wait_log("events_dropped", "1 breaker", seconds=80)
        account = relay.stop()
    assert emitted[0] in hall.heard() and account["sent"] == 4


def test_after_its_time_one_message_is_tried_and_what_comes_of_it_decides(hall):
    breaker = {"window": "4s", "open_for": "1s"}
    with ScriptedUpstream() as upstream, two_halls(hall, upstream, breaker) as (relay, _, speaker, copycat):
        for count in range(1, 4):
            speaker.say(f"line {count}")
            wait_until(lambda: len(hall.heard()) >= 2 * count, 20, "a line and its copy")
        relay.wait_log("breaker_opened", "no more are carried for 1 s")

        def go_on(word, count):
            """One line after the other, until the log says the word so often."""
            for number in itertools.count():
                if relay.output.count(word) >= count:
                    return
                speaker.say(f"{count} times {word}? {number}")
                time.sleep(0.05)
                assert number < 400 * PATIENCE, relay.output[-3000:]

        go_on('"breaker_opened"', 2)
        wait_until(lambda: len(hall.heard()) >= 2 * 4, 20, "the trial and its copy")
        assert len(hall.heard()) == 2 * 4, "one was tried, and it came back"
        assert "no more are carried for 2 s" in relay.output
        copycat.copies = False
        go_on('"breaker_closed"', 1)
        assert relay.output.count('"breaker_opened"') == 2
        speaker.say("the next one")
        wait_until(lambda: any(b"the next one" in said for _, said in list(hall.ears.heard.queue)), 20, "it is said")
        relay.stop()
