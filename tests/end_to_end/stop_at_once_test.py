"""A stop ends what a secret waits for, and a second one ends the program, whatever it is blocked in."""

import os
import pathlib
import re
import signal
import subprocess
import time

import pytest

from peers.place import PATIENCE, wait_until
from peers.program import PROGRAM, Tributary, kafka, streamelements, write_config
from peers.scripted import ScriptedUpstream, tip

CREATED = "2026-10-01T12:34:56.789Z"
CHANNEL = {"main": streamelements("ws://127.0.0.1:9/")}


def asks(folder):
    """A command that leaves a grandchild behind when it alone is killed; its number stands in `folder`/child."""
    script = "sleep 300 & echo $! > child.new; mv child.new child; echo asking >&2; wait"
    return {"command": ["sh", "-c", script], "timeout": "5m"}


def child_of(folder):
    wait_until((pathlib.Path(folder) / "child").exists, 10, "the command")
    return int((pathlib.Path(folder) / "child").read_text())


def runs(number):
    try:
        state = pathlib.Path(f"/proc/{number}/stat").read_text().rsplit(") ", 1)[1]
    except OSError:
        return False
    return state[0] not in "ZX"


def holds(process, field):
    """Whether SIGTERM is in this set of its signals, of /proc/PID/status."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(rf"^{field}:\s*(\w+)", status, re.MULTILINE)[1], 16) & 1 << signal.SIGTERM - 1 != 0


def stops_soon(process, seconds=5):
    begin = time.monotonic()
    process.wait(seconds * PATIENCE)
    return time.monotonic() - begin


def configuration(work, connectors, sinks, routes=True):
    config = {"connectors": connectors, "sinks": sinks}
    if routes:
        config["routes"] = [{"to": list(sinks)}]
    return config


@pytest.mark.quick
def test_a_stop_ends_the_command_of_a_secret_with_its_group(work):
    connector = streamelements("ws://127.0.0.1:9/")
    connector["auth"]["token"] = asks(work)
    with Tributary(work, configuration(work, {"main": connector}, {"out": {"type": "stdout"}})) as relay:
        child = child_of(work)
        relay.signal(signal.SIGTERM)
        stops_soon(relay.process)
        relay.ended()
        assert "credential_unreadable" not in relay.output, "the stop is no fault of the connector"
    wait_until(lambda: not runs(child), 10, "the end of the command's group")


@pytest.mark.quick
def test_a_stop_at_the_start_ends_the_command_of_a_sink(work):
    sink = kafka("127.0.0.1:9", security={"protocol": "sasl_ssl", "sasl_mechanism": "PLAIN", "username": "relay",
                                          "password": asks(work)})
    with Tributary(work, configuration(work, CHANNEL, {"events": sink})) as relay:
        child = child_of(work)
        relay.signal(signal.SIGTERM)
        stops_soon(relay.process)
        relay.ended()
    wait_until(lambda: not runs(child), 10, "the end of the command's group")


@pytest.mark.quick
def test_a_check_that_is_ended_takes_its_command_with_it(work):
    connector = streamelements("ws://127.0.0.1:9/")
    connector["auth"]["token"] = asks(work)
    path = write_config(work, configuration(work, {"main": connector}, {"out": {"type": "stdout"}}))
    check = subprocess.Popen([str(PROGRAM), "check", "-c", str(path)], cwd=work, stdout=subprocess.DEVNULL)
    try:
        child = child_of(work)
        check.send_signal(signal.SIGTERM)
        stops_soon(check)
        assert check.returncode == -signal.SIGTERM
    finally:
        check.kill()
        check.wait()
    wait_until(lambda: not runs(child), 10, "the end of the command's group")


@pytest.mark.quick
def test_a_second_signal_ends_a_program_that_waits_for_its_configuration(work):
    os.mkfifo(work / "pipe")
    relay = subprocess.Popen([str(PROGRAM), "run", "-c", "pipe"], cwd=work)
    try:
        wait_until(lambda: holds(relay, "SigBlk"), 10, "it to look at signals")
        relay.send_signal(signal.SIGTERM)
        wait_until(lambda: not holds(relay, "ShdPnd"), 10, "it to take the first")
        time.sleep(0.3)  # two at once are one
        relay.send_signal(signal.SIGTERM)
        stops_soon(relay)
        assert relay.returncode == 1
    finally:
        relay.kill()
        relay.wait()


@pytest.mark.quick
def test_a_second_signal_ends_a_program_whose_reader_does_not_read(work):
    (work / "token").write_text("good")
    with ScriptedUpstream() as upstream:
        path = write_config(work, configuration(work, {"main": streamelements(upstream.url())}, {"out": {"type": "stdout"}}))
        relay = subprocess.Popen([str(PROGRAM), "run", "-c", str(path)], cwd=work, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE)  # nobody reads either
        try:
            connection = upstream.live()
            for _ in range(300):
                connection.emit("event", tip(CREATED, message="x" * 1000))
            time.sleep(0.5 * PATIENCE)
            relay.send_signal(signal.SIGTERM)
            wait_until(lambda: not holds(relay, "ShdPnd"), 10, "it to take the first")
            time.sleep(0.3)  # two at once are one
            relay.send_signal(signal.SIGINT)
            stops_soon(relay)
            assert relay.returncode == 1
        finally:
            relay.kill()
            relay.communicate()


@pytest.mark.quick
def test_why_a_command_failed_stands_in_the_reason(work):
    connector = streamelements("ws://127.0.0.1:9/")
    connector["auth"]["token"] = {"command": ["sh", "-c", "echo fake-hush; echo no such user fake-hush >&2; exit 3"]}
    with Tributary(work, configuration(work, {"main": connector}, {"out": {"type": "stdout"}})) as relay:
        relay.wait_log("credential_unreadable", "command sh exited with 3", "no such user <redacted>")
        relay.stop()
    assert "fake-hush" not in relay.output


@pytest.mark.quick
@pytest.mark.parametrize("token, words", [(b"fake-hush\nfake-hush\n", "has a line break inside"),
                                          (b"fake-hush\x07", "has a control character inside"),
                                          (b"fake-hush\xff", "is not in UTF-8"),
                                          ("fake-hush".encode("utf-16"), "is in UTF-16")])
def test_a_secret_that_cannot_be_one_parks_and_dials_nobody(work, token, words):
    (work / "token").write_bytes(token)
    with ScriptedUpstream() as upstream:
        config = configuration(work, {"main": streamelements(upstream.url())}, {"out": {"type": "stdout"}})
        with Tributary(work, config) as relay:
            relay.wait_log("connector_parked", "credential_unreadable", words)
            time.sleep(0.5)
            assert upstream.dials == 0
            (work / "token").write_bytes(b"\xef\xbb\xbfgood\r\n")  # with the mark of an editor: that is no fault
            upstream.live()
            relay.stop()
    assert "hush" not in relay.output
