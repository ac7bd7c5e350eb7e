"""Numbers of the configuration that only show in the whole program: each does what its name says."""

import time

import pytest

from peers.mapping import lines_of
from peers.place import PATIENCE, free_port, wait_until
from peers.program import Tributary, kafka as kafka_sink, streamelements
from peers.scripted import ScriptedUpstream, tip

CREATED = "2026-10-01T12:34:56.789Z"
pytestmark = pytest.mark.quick


def to_file(connectors, **more):
    return {"connectors": connectors, "sinks": {"out": {"type": "file", "path": "out.jsonl"}},
            "routes": [{"to": ["out"]}], **more}


@pytest.mark.parametrize("dedupe, passed", [({}, "abc"), ({"ids": 2}, "abca"), ({"ids": 0}, "abbcac"),
                                            ({"window": "1s"}, "abcac")])
def test_dedupe_remembers_so_many_ids_for_so_long(work, dedupe, passed):
    activities = {letter: tip(CREATED) for letter in "abc"}
    with ScriptedUpstream() as upstream, Tributary(work, to_file(
            {"main": streamelements(upstream.url(), dedupe=dedupe)})) as relay:
        connection = upstream.live()
        for letter in "abbc":
            connection.emit("event", activities[letter])
        wait_until(lambda: len(lines_of(work / "out.jsonl")) >= 3, 15, "the first three")
        time.sleep(2 if "window" in dedupe else 0)
        for letter in "ac":
            connection.emit("event", activities[letter])
        connection.text('427["last",{}]')
        assert connection.next() == "437[]", "whatever was said before has been read"
        account = relay.stop()
    letters = {activity["_id"]: letter for letter, activity in activities.items()}
    assert "".join(letters[event["_id"]] for event in lines_of(work / "out.jsonl")) == passed
    assert (account["events"], account["accepted"]) == (6, len(passed))


def test_a_connection_without_events_ends_after_timeouts_idle(work):
    with ScriptedUpstream() as upstream, Tributary(work, to_file(
            {"main": streamelements(upstream.url(), timeouts={"idle": "1s"})})) as relay:
        upstream.live()
        relay.wait_log("idle_timeout")
        wait_until(lambda: upstream.dials >= 2, 15, "another dial")
        relay.stop()


@pytest.mark.parametrize("per_second", [1, 1000])
def test_all_connectors_together_dial_so_often(work, per_second):
    with ScriptedUpstream() as upstream:
        connectors = {f"c{number}": streamelements(upstream.url()) for number in range(4)}
        with Tributary(work, to_file(connectors, limits={"dials_per_second": per_second})) as relay:
            wait_until(lambda: upstream.dials >= 1, 15, "the first dial", interval=0.005)
            first = time.monotonic()
            wait_until(lambda: upstream.dials >= 4, 15, "all dials", interval=0.005)
            took = time.monotonic() - first
            relay.stop()
    if per_second == 1:
        assert took > 2, "three more at one a second; the first may be seen late"
    else:
        assert took < 2.5 * PATIENCE, "at once"


def test_a_pause_longer_than_limits_pause_gives_the_connection_up(work):
    """Nobody answers at the broker's address, and 1 MiB is soon full."""
    with ScriptedUpstream() as upstream:
        config = {"connectors": {"main": streamelements(upstream.url())}, "limits": {"pause": "1s"}, "stop_timeout": "1s",
                  "sinks": {"events": kafka_sink(f"127.0.0.1:{free_port()}", memory="1MiB", spool={"enabled": False})},
                  "routes": [{"to": ["events"]}]}
        with Tributary(work, config) as relay:
            connection = upstream.live()
            try:
                for _ in range(4000):
                    connection.emit("event", tip(CREATED, message="x" * 2000))
            except OSError:
                pass  # it has hung up
            relay.wait_log("backpressure", seconds=20)
            account = relay.stop(code=1)
    assert account["accepted"] == account["dropped"] < 4000, "the rest was never read"


def test_what_no_route_takes_is_said_once_and_counted(work):
    """A mistyped type lost everything without a word."""
    with ScriptedUpstream() as upstream, Tributary(work, {
            **to_file({"main": streamelements(upstream.url())}), "routes": [{"to": ["out"], "types": ["tips"]}]}) as relay:
        relay.wait_log("configuration_warning", "no upstream has type `tips`; did you mean `tip`?")
        connection = upstream.live()
        for _ in range(3):
            connection.emit("event", tip(CREATED))
        connection.text('427["last",{}]')
        assert connection.next() == "437[]", "whatever was said before has been read"
        account = relay.stop()
        entry, = (entry for entry in relay.entries() if entry.get("event") == "event_unrouted")
    assert (entry["level"], entry["subject"], entry["type"]) == ("warn", "main", "tip"), entry
    assert "no route of this connector takes that type" in entry["message"]
    assert (account["events"], account["accepted"], account["unrouted"]) == (3, 0, 3)
