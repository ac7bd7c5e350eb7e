"""A stop waits for what may still be delivered, and for nothing else; what was lost is said, with the exit code 1."""

import contextlib
import os
import re
import resource
import shutil
import socket
import subprocess
import threading
import time

import pytest

from peers.mapping import lines_of
from peers.place import PATIENCE, free_port, wait_until
from peers.program import Tributary, kafka as kafka_sink, streamelements
from peers.scripted import ScriptedUpstream, tip

CREATED = "2026-10-01T12:34:56.789Z"
#: Far below the 25 s of `stop_timeout`, and generous to a busy machine.
SOON = 5 * PATIENCE


def config_for(url, sink, **more):
    """Without a spool, which would keep what waits: spool_test.py has that."""
    if sink["type"] == "kafka":
        sink = {"spool": {"enabled": False}, **sink}
    return {"connectors": {"main": streamelements(url)}, "sinks": {"out": sink}, "routes": [{"to": ["out"]}],
            "stop_timeout": "60s", **more}


def stop_soon(relay, code, soon=SOON):
    """SIGTERM, and the account; the time that it took is printed, and bounded."""
    began = time.monotonic()
    account = relay.stop(seconds=70, code=code)
    took = time.monotonic() - began
    print(f"the stop took {took:.2f} s")
    assert took < soon, f"the stop took {took:.1f} s"
    return account


def say(connection, count, **data):
    for _ in range(count):
        connection.emit("event", tip(CREATED, **data))
    connection.wait_read()


def errors_of(relay):
    return [entry for entry in relay.entries() if entry["level"] == "error"]


def lost_of(relay):
    return [entry for entry in relay.entries() if entry["event"] == "events_lost"]


# ── Kafka ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def limited(work, kafka, topics, **more):
    (work / "kafka-password").write_text("limited-test-password")
    return kafka_sink(kafka.bootstrap("sasl"), topics=dict(topics), security={
        "protocol": "sasl_plaintext", "sasl_mechanism": "PLAIN", "username": "limited",
        "password": {"file": "kafka-password"}}, **more)


@pytest.mark.quick
@pytest.mark.parametrize("missing, code", [("relay", 0), ("events", 1)])
def test_a_missing_topic_does_not_hold_up_the_stop(work, kafka, topics, missing, code):
    for name in {"events", "dead_letter", "relay"} - {missing}:
        kafka.create_topic(topics[name])
    with ScriptedUpstream() as upstream:
        with Tributary(work, config_for(upstream.url(), kafka_sink(kafka.bootstrap(), topics=dict(topics)))) as relay:
            say(upstream.live(), 5)
            relay.wait_log("lane_parked", topics[missing])
            account = stop_soon(relay, code)
    assert account["accepted"] == 5
    assert (account["delivered"], account["dropped"]) == ((5, 0) if code == 0 else (0, 5))
    assert bool(lost_of(relay)) == (code == 1)
    if code == 0:
        assert any(entry["event"] == "notices_lost" for entry in relay.entries())


@pytest.mark.quick
@pytest.mark.parametrize("forbidden, code", [("relay", 0), ("events", 1)])
def test_a_forbidden_topic_does_not_hold_up_the_stop(work, kafka, topics, forbidden, code):
    topics.create(kafka)
    kafka.allow("limited", *(topics[name] for name in {"events", "dead_letter", "relay"} - {forbidden}))
    kafka.allow("limited", topics[forbidden], operations=("DESCRIBE",))
    with ScriptedUpstream() as upstream:
        with Tributary(work, config_for(upstream.url(), limited(work, kafka, topics))) as relay:
            say(upstream.live(), 5)
            relay.wait_log("lane_parked", topics[forbidden])
            account = stop_soon(relay, code)
    assert (account["delivered"], account["dropped"]) == ((5, 0) if code == 0 else (0, 5))
    assert bool(lost_of(relay)) == (code == 1)


@pytest.mark.quick
@pytest.mark.parametrize("fault", ["missing", "forbidden", "hidden"])
def test_a_topic_repaired_just_before_the_stop_takes_its_events(work, kafka, topics, fault):
    for name in {"events", "dead_letter", "relay"} - ({"events"} if fault == "missing" else set()):
        kafka.create_topic(topics[name])
    kafka.allow("limited", topics["dead_letter"], topics["relay"])
    if fault == "missing":
        kafka.allow("limited", topics["events"])
    elif fault == "forbidden":
        kafka.allow("limited", topics["events"], operations=("DESCRIBE",))
    with ScriptedUpstream() as upstream:
        with Tributary(work, config_for(upstream.url(), limited(work, kafka, topics))) as relay:
            say(upstream.live(), 5)
            relay.wait_log("lane_parked", topics["events"])
            time.sleep(3)  # so that it is looked at slowly by now
            if fault == "missing":
                kafka.create_topic(topics["events"])
            else:
                kafka.allow("limited", topics["events"])
            account = stop_soon(relay, 0)
    assert account["delivered"] == 5


@pytest.mark.quick
def test_notices_alone_do_not_hold_up_a_stop(work, topics):
    """Nobody answers at the broker's address: nothing but the relay's own notices is lost."""
    with ScriptedUpstream() as upstream:
        sink = kafka_sink(f"127.0.0.1:{free_port()}", topics=dict(topics))
        with Tributary(work, config_for(upstream.url(), sink)) as relay:
            upstream.live()
            relay.wait_log("connector_up")
            account = stop_soon(relay, 0)
    assert account["offered"] == account["dropped"] == 0
    told = [entry for entry in relay.entries() if entry["event"] == "notices_lost"]
    assert len(told) == 1 and "notices" in told[0]["message"]


@pytest.mark.quick
@pytest.mark.parametrize("after", [0, 0.4, 0.9])
def test_notices_alone_do_not_hold_up_a_stop_while_a_broker_hangs(work, own_kafka, topics, after):
    """The broker is stopped in the midst of it (SIGSTOP), while a missing topic is looked for again and again."""
    topics.create(own_kafka)
    mine = {**topics, "relay": "not-there"}
    with ScriptedUpstream() as upstream:
        with Tributary(work, config_for(upstream.url(), kafka_sink(own_kafka.bootstrap(), topics=mine))) as relay:
            upstream.live()
            relay.wait_log("lane_parked", "not-there")
            own_kafka.pause()
            try:
                time.sleep(after)  # so that a listing is under way, at one moment or another
                stop_soon(relay, 0, soon=2.0 * PATIENCE)
            finally:
                own_kafka.resume()


@pytest.mark.quick
@pytest.mark.parametrize("events, within, code", [(0, 2.0, 0), (5, 3.5, 1)])
def test_a_creation_under_way_does_not_hold_up_a_stop(work, topics, events, within, code):
    """The demo's kind of broker takes ten seconds to make no topic. Events wait for it, but not for all of that."""
    with Tributary(work / "demo", command="demo") as demo, ScriptedUpstream() as upstream:
        wait_until(lambda: re.search(r"broker +\S+:\d+", demo.output), 30, "the demo's broker")
        broker = re.search(r"broker +(\S+:\d+)", demo.output)[1]
        sink = kafka_sink(broker, topics=dict(topics), create_topics={"enabled": True, "replication": 1})
        with Tributary(work, config_for(upstream.url(), sink)) as relay:
            connection = upstream.live()
            relay.wait_log("connector_up")
            say(connection, events)
            stop_soon(relay, code, soon=within * min(PATIENCE, 2))


@pytest.mark.quick
def test_a_broker_that_is_away_is_waited_for_and_the_loss_is_an_error(work, topics):
    with ScriptedUpstream() as upstream:
        sink = kafka_sink(f"127.0.0.1:{free_port()}", topics=dict(topics))
        with Tributary(work, config_for(upstream.url(), sink, stop_timeout="3s")) as relay:
            say(upstream.live(), 5)
            began = time.monotonic()
            account = relay.stop(code=1)
            assert time.monotonic() - began > 2.5, "it may come back"
    assert account["dropped"] == 5
    assert len(lost_of(relay)) == 1


@pytest.mark.quick
@pytest.mark.parametrize("refusal", ["password", "certificate"])
def test_a_cluster_that_refuses_us_is_not_waited_for(work, kafka, topics, certificates, refusal):
    (work / "kafka-password").write_text("wrong-fake-password")
    if refusal == "password":
        sink = kafka_sink(kafka.bootstrap("sasl"), topics=dict(topics), security={
            "protocol": "sasl_plaintext", "sasl_mechanism": "PLAIN", "username": "relay",
            "password": {"file": "kafka-password"}})
    else:
        sink = kafka_sink(kafka.bootstrap("tls"), topics=dict(topics),
                          security={"protocol": "ssl", "ca_file": str(certificates.other_ca)})
    with ScriptedUpstream() as upstream:
        with Tributary(work, config_for(upstream.url(), sink)) as relay:
            say(upstream.live(), 5)
            relay.wait_log("refused" if refusal == "password" else "tls_failed")
            account = stop_soon(relay, 1)
    assert account["dropped"] == 5


def test_after_a_brokers_restart_the_stop_is_quick(work, own_kafka, topics):
    topics.create(own_kafka)
    with ScriptedUpstream() as upstream:
        with Tributary(work, config_for(upstream.url(), kafka_sink(own_kafka.bootstrap(), topics=dict(topics)))) as relay:
            connection = upstream.live()
            say(connection, 5)
            own_kafka.read_topic(topics["events"], 5)
            own_kafka.stop()
            say(connection, 5)
            time.sleep(3)
            own_kafka.start()
            account = stop_soon(relay, 0)
    assert account["delivered"] == 10


LARGE = {"message": "x" * 3000}


def too_large(kafka, topics):
    kafka.create_topic(topics["events"], max_message_bytes=2000)
    kafka.create_topic(topics["dead_letter"])


def refused_for_itself(kafka, topics):
    kafka.create_topic(topics["events"], message_timestamp_before_max_ms=60000)
    kafka.create_topic(topics["dead_letter"])


@pytest.mark.quick
@pytest.mark.parametrize("fault, letters, code", [
    (too_large, "on", 0), (too_large, "off", 0), (too_large, "missing", 1),
    (refused_for_itself, "on", 0), (refused_for_itself, "off", 0), (refused_for_itself, "missing", 1)])
def test_an_event_that_the_broker_refuses_for_itself(work, kafka, topics, fault, letters, code):
    """A dead letter is no loss, nor is what the configuration drops; a dead letter that cannot be produced is one."""
    fault(kafka, topics)
    kafka.create_topic(topics["relay"])
    mine = {**topics, "dead_letter": {"on": topics["dead_letter"], "off": "", "missing": "not-there"}[letters]}
    with ScriptedUpstream() as upstream:
        with Tributary(work, config_for(upstream.url(), kafka_sink(kafka.bootstrap(), topics=mine))) as relay:
            say(upstream.live(), 1, **LARGE)
            relay.wait_log('"record_too_large"' if fault is too_large else '"record_refused"')
            if letters == "missing":
                relay.wait_log("lane_parked", "not-there")
            account = stop_soon(relay, code)
    assert account["dead_lettered"] == (1 if letters == "on" else 0)
    assert account["dropped"] == (0 if letters == "on" else 1)
    assert bool(errors_of(relay)) == bool(lost_of(relay)) == (code == 1), errors_of(relay)


@pytest.mark.quick
def test_what_validation_drops_is_no_loss(work, kafka, topics):
    topics.create(kafka)
    (work / "schema.json").write_text('{"required": ["not-there"]}')
    sink = kafka_sink(kafka.bootstrap(), topics=dict(topics),
                      validation={"schema": "schema.json", "on_failure": "drop"})
    with ScriptedUpstream() as upstream, Tributary(work, config_for(upstream.url(), sink)) as relay:
        say(upstream.live(), 3)
        account = stop_soon(relay, 0)
    assert account["dropped"] == 3 and not errors_of(relay)


# ── standard output and files ─────────────────────────────────────────────────────────────────────────────────────────


class Place:
    """Where a sink writes: `sink`, what the program's standard output is, and how it comes to take nothing."""
    stdout, limits = None, None

    def __init__(self, work):
        self.sink = {"type": "stdout"}

    def spoil(self):
        """Once the first event is written."""

    def close(self):
        """After the program."""


class Pipe(Place):
    """Nobody reads it."""

    def __init__(self, work):
        super().__init__(work)
        self.reader, self.stdout = os.pipe()

    def close(self):
        for end in (self.reader, self.stdout):
            if end is not None:
                os.close(end)


class PipeWhoseReaderLeaves(Pipe):
    """`tributary run | head -1`"""

    def spoil(self):
        os.close(self.stdout)
        assert os.read(self.reader, 100)
        os.close(self.reader)
        self.reader = self.stdout = None


class Terminal(Pipe):
    """Nobody reads it: a window that is stopped."""

    def __init__(self, work):
        Place.__init__(self, work)
        self.reader, self.stdout = os.openpty()


class Socket(Pipe):
    """Nobody reads it: a journal that hangs."""

    def __init__(self, work):
        Place.__init__(self, work)
        ours, theirs = socket.socketpair()
        self.reader, self.stdout = ours.detach(), theirs.detach()


class FullDevice(Place):
    def __init__(self, work):
        super().__init__(work)
        self.stdout = os.open("/dev/full", os.O_WRONLY)

    def close(self):
        os.close(self.stdout)


class ClosedStandardOutput(Place):
    """`tributary run >&-`: what the program opens must not take its place."""

    @staticmethod
    def limits():
        os.close(1)


class FileOnAFullDevice(Place):
    def __init__(self, work):
        self.sink = {"type": "file", "path": "/dev/full"}


class FullDisk(Place):
    def __init__(self, work):
        self.folder = work / "disk"
        self.folder.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=32k", "tmpfs", self.folder]
        self.mounted = subprocess.run(mount, capture_output=True).returncode == 0
        # Who may not mount a small disk has a device that is always full.
        self.sink = {"type": "file", "path": "disk/out.jsonl" if self.mounted else "/dev/full"}

    def close(self):
        if self.mounted:
            subprocess.run(["umount", "-l", self.folder], check=True)


class LimitedFile(Place):
    def __init__(self, work):
        self.sink = {"type": "file", "path": "out.jsonl"}

    @staticmethod
    def limits():
        resource.setrlimit(resource.RLIMIT_FSIZE, (400000, 400000))


class FolderThatGoes(Place):
    def __init__(self, work):
        self.folder = work / "folder"
        self.folder.mkdir()
        self.sink = {"type": "file", "path": "folder/out.jsonl"}

    def spoil(self):
        wait_until(lambda: lines_of(self.folder / "out.jsonl"), 10, "the first line")
        shutil.rmtree(self.folder)


class FifoThatNobodyReads(Place):
    def __init__(self, work):
        os.mkfifo(work / "fifo")
        self.sink = {"type": "file", "path": "fifo"}


#: What takes nothing, what the log says of it, and whether that is an error at once; a reader that pauses may go on.
CANNOT_WRITE = [(ClosedStandardOutput, "cannot_write"), (PipeWhoseReaderLeaves, "its reader has left"), (FullDevice, "no space left"),
                (FileOnAFullDevice, "no space left"), (FullDisk, "no space left"), (LimitedFile, "may not become larger"),
                (FolderThatGoes, "its folder is gone"), (Pipe, None), (Terminal, None), (Socket, None),
                (FifoThatNobodyReads, None)]


@pytest.mark.quick
@pytest.mark.parametrize("place, says", CANNOT_WRITE, ids=[place.__name__ for place, _ in CANNOT_WRITE])
def test_a_sink_that_cannot_write_loses_events_with_an_error_and_does_not_hold_up_the_stop(work, place, says):
    place = place(work)
    try:
        with ScriptedUpstream() as upstream, Tributary(work, config_for(upstream.url(), place.sink), stdout=place.stdout,
                                                       limits=place.limits) as relay:
            connection = upstream.live()
            say(connection, 1)
            place.spoil()
            say(connection, 300, message="x" * 2000)
            if says:
                relay.wait_log("cannot_write", says)
            account = stop_soon(relay, 1)
    finally:
        place.close()
    assert account["accepted"] == 301 and account["dropped"] > 0
    assert len(lost_of(relay)) == 1
    if says:
        assert any(entry.get("reason") == "cannot_write" for entry in errors_of(relay))


@pytest.mark.quick
def test_a_folder_that_comes_back_gets_what_waited(work):
    place = FolderThatGoes(work)
    with ScriptedUpstream() as upstream, Tributary(work, config_for(upstream.url(), place.sink)) as relay:
        connection = upstream.live()
        say(connection, 1)
        place.spoil()
        say(connection, 20)
        relay.wait_log("its folder is gone")
        place.folder.mkdir()
        account = stop_soon(relay, 0)
    assert len(lines_of(place.folder / "out.jsonl")) == 20
    assert account["delivered"] == 21


# ── back-pressure ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.quick
def test_a_full_sink_says_what_it_does_to_the_connectors(work):
    """Nobody reads the pipe until the connection is given up; then all of it is read, and the connector comes back."""
    os.mkfifo(work / "fifo")
    config = config_for(None, {"type": "file", "path": "fifo"}, limits={"pause": "2s"})
    with ScriptedUpstream() as upstream:
        config["connectors"] = {"main": streamelements(upstream.url())}
        with Tributary(work, config) as relay:
            connection = upstream.live()
            with contextlib.suppress(OSError):  # it hangs up
                for _ in range(10000):
                    connection.emit("event", tip(CREATED, message="x" * 3000))
            down = relay.wait_log('"connector_down"', "backpressure", seconds=30)[0]
            assert "dialled when there is room" in down and "dialled again" not in down
            relay.wait_log('"sink_full"', '"error"', "is full (16MiB) for")
            dials = upstream.dials
            time.sleep(2)
            assert upstream.dials == dials, "there is no room yet"
            with open(work / "fifo", "rb") as reader:
                read = threading.Thread(target=lambda: [None for _ in reader])
                read.start()
                relay.wait_log('"sink_has_room"', "sink out has room again after")
                up = relay.wait_log('"connector_up"', count=2)[1]
                assert "again after" in up and "gap reported" in up
                stop_soon(relay, 0)
            read.join(5)
    full = [entry for entry in relay.entries() if entry["event"] == "sink_full"]
    assert [entry["level"] for entry in full] == ["warn", "error"], full
    assert full[0]["message"] == "sink out is full (16MiB): 1 connector stops reading until it has room"
