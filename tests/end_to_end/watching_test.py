"""Looking at the running program: `status`, `tap`, /status and /events, and that nobody who looks holds it up."""

import contextlib
import json
import os
import re
import select
import signal
import socket
import subprocess
import time

import pytest

from peers.mapping import lines_of
from peers.place import PATIENCE, free_port, wait_until
from peers.program import PROGRAM, Tributary, run_once, streamelements
from peers.scripted import ScriptedUpstream, tip

CREATED = "2026-10-01T12:34:56.789Z"
pytestmark = pytest.mark.quick


def config(url, **connectors):
    return {"instance": "stage-left", "connectors": {"main": streamelements(url), **connectors},
            "sinks": {"out": {"type": "file", "path": "out.jsonl"}}, "routes": [{"to": ["out"]}]}


@contextlib.contextmanager
def running(work, **connectors):
    with ScriptedUpstream() as upstream, Tributary(work, config(upstream.url(), **connectors)) as relay:
        relay.port = int(relay.admin().rpartition(":")[2])
        relay.connection = upstream.live()
        relay.wait_log("connector_up")
        yield relay


def ask(relay, *arguments, **more):
    return run_once(*arguments, "-c", relay.folder / "tributary.yaml", folder=relay.folder, env=relay.environment(), **more)


@contextlib.contextmanager
def tapping(relay, *arguments):
    """`tributary tap`, once the relay tells it what comes; its lines in the list."""
    tap = subprocess.Popen([str(PROGRAM), "tap", "-c", str(relay.folder / "tributary.yaml"), *arguments], text=True,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **relay.environment()})
    try:
        yield tap
    finally:
        if tap.poll() is None:
            tap.kill()
        tap.communicate()


def emit_until_heard(relay, tap):
    """Events one by one until the tap has printed one: nothing says when a reader has been let in."""
    tap.stdout.flush()
    number = 0
    while not _readable(tap.stdout):
        number += 1
        relay.connection.emit("event", tip(CREATED, message=f"message {number}"))
    return number


def _readable(pipe, seconds=0.2):
    return bool(select.select([pipe], [], [], seconds)[0])


def test_status_says_that_all_is_well_and_ends_with_0(work):
    with running(work) as relay:
        relay.connection.emit("event", tip(CREATED))
        wait_until(lambda: len(lines_of(work / "out.jsonl")) == 1, 10, "the event")
        wait_until(lambda: re.search(r"^out +file +ok +1 ", ask(relay, "status").stdout, re.MULTILINE), 10, "its delivery in the book")
        told = ask(relay, "status")
        lines = told.stdout.split("\n")
        assert told.returncode == 0, told
        assert lines[0] == "all is well: 1 upstream is live, 1 sink keeps up"
        assert re.search(r"^main +streamelements +live +- +\S+ \S+ +\S+/s +1$", told.stdout, re.MULTILINE), told.stdout
        assert re.search(r"^out +file +ok +1 ", told.stdout, re.MULTILINE), told.stdout
        assert "\x1b" not in told.stdout, "no colours where there is no terminal"
        relay.stop()


def test_status_names_what_needs_attention_and_ends_with_1(work):
    refused = {"type": "users", "url": f"ws://127.0.0.1:{free_port()}", "origin": "trusted-host"}
    with running(work, hall=refused) as relay:
        relay.wait_log("connector_waiting", "hall")
        told = ask(relay, "status")
        assert told.returncode == 1
        lines = told.stdout.split("\n")
        assert lines[0] == "1 of 2 upstreams needs attention: hall (connect_refused)"
        assert lines[1].startswith("! hall: connect_refused: ")
        relay.stop()


def test_status_as_json_adds_up_in_every_answer(work):
    with running(work) as relay:
        for number in range(200):
            relay.connection.emit("event", tip(CREATED))
            if number % 40 == 0:
                said = json.loads(ask(relay, "status", "--json").stdout)
                book = said["connectors"][0]["ledger"]
                assert book["frames"] == book["control"] + book["malformed"] + book["carrying"]
                assert book["events"] == (book["duplicate"] + sum(book["ignored"].values()) + book["unrouted"] + book["accepted"])
                out = said["sinks"][0]["ledger"]
                assert out["offered"] + out["recovered"] == (out["delivered"] + out["sent"] + out["dead_lettered"] +
                                                             sum(out["dropped"].values()) + out["in_flight"] + out["spooled"])
        assert said["level"] == "well" and said["instance"] == "stage-left"
        relay.stop()


def test_status_says_when_nothing_runs(work):
    (work / "tributary.yaml").write_text("version: 1\nspool: {directory: spool}\n")
    told = run_once("status", "-c", work / "tributary.yaml", folder=work)
    assert told.returncode == 1 and told.stdout == ""
    assert told.stderr.startswith("tributary: ") and told.stderr.count("\n") == 1
    told = run_once("status", "--url", f"http://127.0.0.1:{free_port()}", folder=work)
    assert told.returncode == 1 and "does not answer" in told.stderr


def test_watching_status_goes_on_until_ctrl_c(work):
    with running(work) as relay:
        watch = subprocess.Popen([str(PROGRAM), "status", "-c", str(work / "tributary.yaml"), "--watch", "50ms"], text=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **relay.environment()})
        seen = 0
        while seen < 3:
            seen += watch.stdout.readline().startswith("all is well: ")
        watch.send_signal(signal.SIGINT)
        assert watch.wait(10 * PATIENCE) == 0
        watch.communicate()
        relay.stop()


def test_tap_prints_a_line_for_each_event_until_ctrl_c(work):
    with running(work) as relay, tapping(relay) as tap:
        emit_until_heard(relay, tap)
        line = tap.stdout.readline()
        assert re.match(r"\d\d:\d\d:\d\d\.\d{3}  main          tip  ", line), line
        relay.connection.emit("event", tip(CREATED, message="\u001b[2J\u202egone\nnext", displayName="Quiet Fox"))
        while "Quiet Fox" not in line:
            line = tap.stdout.readline()
        assert "\x1b" not in line and "\u202e" not in line and "gone next" in line
        tap.send_signal(signal.SIGINT)
        assert tap.wait(10 * PATIENCE) == 0
        relay.stop()


def test_tap_takes_types_and_connectors_and_ends_after_a_count(work):
    with running(work) as relay, tapping(relay, "--json", "--type", "tip,raid", "--connector", "main", "--count", "2") as tap:
        first = emit_until_heard(relay, tap)
        relay.connection.emit("event", {**tip(CREATED), "type": "follow"})
        relay.connection.emit("event", tip(CREATED, message="the last"))
        assert tap.wait(20 * PATIENCE) == 0
        events = [json.loads(line) for line in tap.stdout.read().split("\n") if line]
        assert len(events) == 2 and {event["type"] for event in events} == {"tip"}
        wait_until(lambda: len(lines_of(work / "out.jsonl")) == first + 2, 10, "all events in the file")
        written = [json.loads(line) for line in (work / "out.jsonl").read_text().splitlines()]
        assert all(event in written for event in events), "the canonical events themselves"
        told = ask(relay, "tap", "--count", "0")
        assert told.returncode == 2 and "--count" in told.stderr
        relay.stop()


def test_tap_says_when_the_relay_has_gone(work):
    with running(work) as relay, tapping(relay) as tap:
        emit_until_heard(relay, tap)
        relay.stop()
        assert tap.wait(20 * PATIENCE) == 1
        assert "the relay has gone" in tap.stderr.read()


def test_a_reader_that_reads_nothing_holds_up_nobody_and_is_told_what_it_missed(work):
    count = 20_000
    with running(work) as relay:
        slow = socket.create_connection(("127.0.0.1", relay.port))
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.sendall(f"GET /events HTTP/1.1\r\nHost: 127.0.0.1:{relay.port}\r\n\r\n".encode())
        head = b""
        while b"\n\n" not in head:
            head += slow.recv(1024)
        assert b"Content-Type: text/event-stream" in head
        began = time.monotonic()
        for number in range(count):
            relay.connection.emit("event", tip(CREATED, message="x" * 200, amount=number))
        wait_until(lambda: (relay.folder / "out.jsonl").read_bytes().count(b"\n") == count, 60, "all events in the file")
        took = time.monotonic() - began
        assert json.loads(ask(relay, "status", "--json").stdout)["connectors"][0]["ledger"]["accepted"] == count, took
        text = b""
        slow.settimeout(20 * PATIENCE)
        while b"event: dropped\n" not in text:
            more = slow.recv(1 << 16)
            assert more, "it was let go without a word"
            text += more
        slow.close()
        relay.stop()


def test_events_refuse_what_they_do_not_know(work):
    with running(work) as relay:
        with socket.create_connection(("127.0.0.1", relay.port)) as client:
            client.sendall(f"GET /events?typ=tip HTTP/1.1\r\nHost: 127.0.0.1:{relay.port}\r\nConnection: close\r\n\r\n".encode())
            answer = b"".join(iter(lambda: client.recv(4096), b""))
        assert answer.startswith(b"HTTP/1.1 400 ") and b"did you mean `type`?" in answer
        relay.stop()
