"""How much a channel sink says: its rate, how old an event may grow, and the breaker when what is said comes back."""

import threading
import time

import pytest

from peers.downstreams import Stagecast
from peers.place import wait_until
from peers.program import Tributary, streamelements
from peers.scripted import ScriptedUpstream
from peers.ws_server import Dialled

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


def test_a_bot_that_says_everything_again_opens_the_breaker(hall):
    """It knows no marks; the window is short, so that the trial can be seen."""
    with ScriptedUpstream() as upstream:
        bot = Dialled(hall.server.port, "/api/events/hall/ws")
        bot.send({"token": "anything"})
        assert bot.next() == "ok"

        def repeat():
            while not bot.gone.is_set():
                said = bot.next(60)
                bot.send(said["msg"] if isinstance(said, dict) and "msg" in said else said)

        threading.Thread(target=repeat, daemon=True).start()
        config = configuration(hall, upstream, breaker={"echo_share": 0.5, "window": "10s", "open_for": "60s"})
        with Tributary(hall.work, config) as relay:
            connection = upstream.live()
            hall.wait_ready(relay)
            for count in range(1, 4):
                emit(connection, 1)
                wait_until(lambda: len(hall.heard()) >= 2 * count, 20, "a message and its repetition")
            relay.wait_log("status", "screen", seconds=25)
            emit(connection, 50)
            connection.wait_read()
            account = relay.stop()
        bot.close()
    assert account["sent"] == 3 and account["offered"] == 53
    assert stopped(relay)["dropped.breaker"] == 50
