"""`record:` keeps every frame, without secrets; `replay` makes the same events of it."""

import base64
import contextlib
import json
import re
import signal
import urllib.parse

import pytest

from peers.place import wait_until
from peers.program import Tributary, run_once, streamelements, write_config
from peers.ws_server import Simulated

pytestmark = pytest.mark.quick

CANARY = "canary/key+of\"nobody\"=1"
KEY = "canary-key-of-nobody-1"
EVENTS = 40


def forms(secret):
    quoted = json.dumps(secret)[1:-1]
    whole = [base64.b64encode(b"\0" * shift + secret.encode()).decode() for shift in range(3)]
    return [secret, quoted, quoted.replace("/", "\\/"), urllib.parse.quote(secret, safe=""), urllib.parse.quote(secret),
            whole[0][:-4], whole[1][4:-4], whole[2][4:-4]]


def events_in(text):
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def shown_of(events):
    return [(event["_id"], event["type"], event["data"], event["relay"]["upstreamChannel"]) for event in events
            if event["provider"] != "tributary"]


def config(work, connector, record=True):
    (work / "token").write_text(CANARY + "\n")
    (work / "key").write_text(KEY + "\n")
    if record:
        connector = {**connector, "record": {"directory": "tapes"}}
    return {"log": {"level": "debug", "format": "json"}, "connectors": {"stage": connector},
            "sinks": {"archive": {"type": "file", "path": "events.jsonl"}}, "routes": [{"to": ["archive"]}]}


def recordings(work):
    return sorted((work / "tapes").glob("stage-*.frames.jsonl"))


def recorded(work, connector, simulated):
    """Runs a relay that is killed once all events of the simulator are in its file and in the recording."""
    relay = Tributary(work, config(work, connector(simulated)))
    with relay:
        archive = work / "events.jsonl"
        def all_there():
            events = shown_of(events_in(archive.read_text())) if archive.exists() else []
            return events if len(events) >= EVENTS else None
        events = wait_until(all_there, 20, lambda: f"{EVENTS} events: {relay.output[-2000:]}")
        frames = wait_until(lambda: recordings(work), 5, lambda: "a recording")
        # The recorder is a moment behind; the first frames are the greeting.
        greeting = 3 if connector is connector_of else 1
        wait_until(lambda: frames[0].read_text().count('"frame":"received"') >= greeting + EVENTS, 5, lambda: "all frames")
        relay.process.send_signal(signal.SIGKILL)
        relay.process.wait()
    return events, frames


def connector_of(simulated):
    return streamelements(f"ws://127.0.0.1:{simulated.port}/socket.io/", headers={"X-Key": {"file": "token"}})


def oha(simulated):
    """Whose key stands in the address, and whose events have no ids of their own."""
    return {"type": "oha", "url": f"ws://127.0.0.1:{simulated.port}/ws", "stream": {"file": "key"}, "label": "maths-101"}


def upstream(name="streamelements"):
    behaviours = {"streams": KEY} if name == "oha" else {}
    return Simulated(name, options=("--rate", "200", "--events", EVENTS), **behaviours)


UPSTREAMS = pytest.mark.parametrize("name, connector", [("streamelements", connector_of), ("oha", oha)],
                                    ids=["streamelements", "oha"])


@UPSTREAMS
def test_the_same_events_come_of_a_recording(work, name, connector):
    with upstream(name) as simulated:
        events, files = recorded(work, connector, simulated)
    assert [file.stat().st_mode & 0o777 for file in files] == [0o600]
    for arguments in ((), ("-c", work / "tributary.yaml")):
        replay = run_once("replay", files[0], *arguments, folder=work)
        assert replay.returncode == 0, replay
        again = shown_of(events_in(replay.stdout))
        assert again == events, (len(again), len(events), replay.stderr)
        assert re.search(rf"replay: frames \d+: control \d+, malformed 0, carrying \d+; events {EVENTS}: duplicate 0, "
                         rf"unrouted 0, accepted {EVENTS}, ignored 0; unknown 0, updates 0, repaired 0, connections 1, "
                         r"gaps 0; ended", replay.stderr), replay.stderr
    before = (work / "events.jsonl").read_text()
    assert shown_of(events_in(before)) == events, "a replay sends nothing by itself"


def test_a_sink_that_is_named_gets_the_events(work):
    with upstream() as simulated:
        events, files = recorded(work, connector_of, simulated)
    other = {**config(work, connector_of(simulated)), "sinks": {"copy": {"type": "file", "path": "copy.jsonl"},
                                                                "untouched": {"type": "file", "path": "untouched.jsonl"}},
             "routes": [{"to": ["copy", "untouched"]}]}
    write_config(work, other, "other.yaml")
    replay = run_once("replay", files[0], "-c", "other.yaml", "--to", "copy", folder=work)
    assert replay.returncode == 0 and replay.stdout == "", replay
    assert shown_of(events_in((work / "copy.jsonl").read_text())) == events
    assert not (work / "untouched.jsonl").exists()


@UPSTREAMS
def test_no_secret_is_in_a_recording_in_any_form(work, name, connector):
    with upstream(name) as simulated:
        _, files = recorded(work, connector, simulated)
    text = "".join(file.read_text() for file in files)
    if name == "streamelements":
        assert '\\"token\\":\\"<redacted>\\"' in text, text[:3000]
    assert [form for form in forms(CANARY) + forms(KEY) if form in text] == []
    assert "X-Key" not in text, "headers are not recorded"


def test_a_reload_begins_and_ends_a_recording_on_the_open_connection(work):
    with Simulated("streamelements", options=("--rate", "100")) as simulated, \
            Tributary(work, config(work, connector_of(simulated), record=False)) as relay:
        relay.wait_log('"connector_up"')
        assert recordings_or_none(work) == []
        write_config(work, config(work, connector_of(simulated)))
        relay.signal(signal.SIGHUP)
        relay.wait_log('"reloaded"', "record.directory")
        wait_until(lambda: recordings(work) and recordings(work)[0].read_text().count("received") > 5, 10,
                   lambda: f"frames: {relay.output[-2000:]}")
        write_config(work, config(work, connector_of(simulated), record=False))
        relay.signal(signal.SIGHUP)
        relay.wait_log('"reloaded"', count=2)
        assert len(relay.wait_log('"connector_up"')) == 1, "one connection all along"
        relay.stop()


def recordings_or_none(work):
    with contextlib.suppress(FileNotFoundError):
        return recordings(work)
    return []


def test_a_directory_that_cannot_be_written_to_is_told_once_and_stops_nothing(work):
    (work / "tapes").write_text("no directory\n")
    with upstream() as simulated, Tributary(work, config(work, connector_of(simulated))) as relay:
        relay.wait_log('"recording_failed"', '"warn"', "nothing else stops")
        wait_until(lambda: (work / "events.jsonl").exists()
                   and len(shown_of(events_in((work / "events.jsonl").read_text()))) == EVENTS, 20,
                   lambda: f"all events: {relay.output[-2000:]}")
        relay.stop()
    assert relay.output.count('"recording_failed"') == 1


def test_a_file_that_is_no_recording_or_is_damaged_is_named_with_its_line(work):
    file = work / "x.frames.jsonl"
    file.write_text('{"_id":"5"}\n')
    said = run_once("replay", file)
    assert said.returncode == 2 and f"{file}:1: this is no recording" in said.stderr and said.stdout == "", said
    said = run_once("replay", work / "nowhere")
    assert said.returncode == 2 and "cannot be read" in said.stderr, said
    with upstream() as simulated:
        _, files = recorded(work, connector_of, simulated)
    lines = files[0].read_text().splitlines(keepends=True)
    lines[4] = lines[4][:20] + "\n"
    file.write_text("".join(lines))
    said = run_once("replay", file)
    assert said.returncode == 2 and f"{file}:5: not JSON" in said.stderr and said.stdout == "", said
    file.write_text("".join(lines[:4]) + lines[5][:20])
    said = run_once("replay", file)
    assert said.returncode == 0 and f"{file}:5: the last line is cut off" in said.stderr, said
    said = run_once("replay", file, "--to", "archive")
    assert said.returncode == 2 and "-c" in said.stderr, said
