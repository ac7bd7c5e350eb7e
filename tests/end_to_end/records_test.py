"""The record on Kafka in its other forms, and what must never be in any."""

import base64
import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import termios
import urllib.parse

import pytest

from peers import mapping
from peers.place import PATIENCE
from peers.program import PROGRAM, Account, Tributary, kafka as kafka_sink, streamelements
from peers.scripted import CHANNEL, ScriptedUpstream, tip

CREATED = "2026-10-01T12:34:56.789Z"


def config_for(url, broker, topics, **sink):
    return {"connectors": {"main": streamelements(url)},
            "sinks": {"events": kafka_sink(broker.bootstrap(), topics=dict(topics), **sink)}, "routes": [{"to": ["events"]}]}


def one_record(work, kafka, topics, activity, **sink):
    topics.create(kafka)
    with ScriptedUpstream() as upstream, Tributary(work, config_for(upstream.url(), kafka, topics, **sink)) as relay:
        upstream.live().emit("event", activity)
        record = kafka.read_topic(topics["events"], 1)[0]
        relay.stop()
    return record


def test_cloudevents_structured_mode(work, kafka, topics):
    activity = tip(CREATED)
    record = one_record(work, kafka, topics, activity, cloudevents="structured")
    envelope = mapping.parse(record.value)
    event = envelope.pop("data")
    assert dict(record.headers)["content-type"].startswith(b"application/cloudevents+json")
    assert not [name for name, _ in record.headers if name.startswith("ce_")]
    assert {name: envelope[name] for name in ("specversion", "id", "source", "type", "time", "dataschema")} == {
        "specversion": "1.0", "id": activity["_id"], "source": f"/streamelements/{CHANNEL}", "type": "tributary.tip",
        "time": CREATED, "dataschema": "urn:tributary:schema:event:1"}
    assert mapping.differences(mapping.canonical(mapping.parse(json.dumps(activity)), {}, "main"), event) == []


def test_cloudevents_off(work, kafka, topics):
    activity = tip(CREATED)
    record = one_record(work, kafka, topics, activity, cloudevents="off")
    assert not [name for name, _ in record.headers if name.startswith("ce_")]
    assert mapping.parse(record.value)["_id"] == activity["_id"]
    assert record.key == f"streamelements:{CHANNEL}".encode()


@pytest.mark.parametrize("compression", ["lz4", "zstd", "gzip", "snappy"])
def test_each_compression_is_taken(work, kafka, topics, compression):
    """Only that the broker takes them: the independent client reads what its platform can uncompress."""
    topics.create(kafka)
    with ScriptedUpstream() as upstream:
        with Tributary(work, config_for(upstream.url(), kafka, topics, compression=compression)) as relay:
            connection = upstream.live()
            for _ in range(50):
                connection.emit("event", tip(CREATED))
            connection.wait_read()
            account = relay.stop()
    assert account["delivered"] == kafka.count(topics["events"]) == 50


def test_without_a_dead_letter_topic_what_would_go_there_is_dropped_and_counted(work, kafka, topics):
    topics.create(kafka)
    topics["dead_letter"] = ""
    with ScriptedUpstream() as upstream, Tributary(work, config_for(upstream.url(), kafka, topics)) as relay:
        connection = upstream.live()
        connection.text('42["event",{')
        connection.emit("event", tip(CREATED))
        kafka.read_topic(topics["events"], 1)
        account = relay.stop()
    assert (account["delivered"], account["dead_lettered"]) == (1, 0)
    assert account["offered"] == 1 + account["dropped"]


def test_topics_by_template(work, kafka, topics):
    prefix = topics["events"]
    for name in ("twitch.tip", "youtube.some_new_type__"):
        kafka.create_topic(f"{prefix}.{name}")
    kafka.create_topic(topics["dead_letter"])
    kafka.create_topic(topics["relay"])
    topics["events"] = prefix + ".{provider}.{type}"
    with ScriptedUpstream() as upstream, Tributary(work, config_for(upstream.url(), kafka, topics)) as relay:
        connection = upstream.live()
        connection.emit("event", tip(CREATED))
        connection.emit("event", {**tip(CREATED), "type": "Some new/type!?", "provider": "YouTube"})
        kafka.read_topic(f"{prefix}.twitch.tip", 1)
        kafka.read_topic(f"{prefix}.youtube.some_new_type__", 1)
        relay.stop()


def test_no_secret_is_in_anything_that_was_written(work, kafka, topics):
    """The upstream even says it back: in its refusal, in an event that makes no sense, in a goodbye."""
    token = 'fake+token/with "quotes" & =é'
    forms = {"plain": token, "base64": base64.b64encode(token.encode()).decode(), "JSON": json.dumps(token)[1:-1],
             "JSON in UTF-8": json.dumps(token, ensure_ascii=False)[1:-1], "URL": urllib.parse.quote(token),
             "URL of a form": urllib.parse.quote_plus(token)}
    topics.create(kafka)
    (work / "token").write_text(token)
    with ScriptedUpstream(tokens=(token,)) as willing, ScriptedUpstream(tokens=()) as unwilling:
        config = config_for(willing.url(), kafka, topics)
        config["connectors"]["refused"] = streamelements(unwilling.url())

        def refuse(connection):
            connection.text('0{"sid":"a","pingInterval":25000,"pingTimeout":5000}')
            connection.text("40")
            connection.next()
            connection.emit("unauthorized", {"message": f"no such token: {token}", "base64": forms["base64"]})
            return False

        unwilling.script = refuse
        with Tributary(work, config) as relay:
            connection = willing.live()
            relay.wait_log("credential_refused")
            connection.text('42["event",{"echo":' + json.dumps(token))
            connection.emit("event", {**tip(CREATED), "createdAt": 5, "type": 7, "data": "wrong"})
            letters = kafka.read_topic(topics["dead_letter"], 1)
            connection.text("44" + json.dumps({"message": f"go away with your {token}"}))
            relay.wait_log("disconnected")
            notices = kafka.read_topic(topics["relay"], 3)
            relay.stop()
    places = {"log": relay.output, "dead letters": b"\n".join(r.value for r in letters).decode(),
              "notices": b"\n".join(r.value for r in notices).decode()}
    found = [f"{place}: {form}" for place, text in places.items() for form, value in forms.items() if value in text]
    assert found == []
    # the canaries: what stood around the secret is there, so the secret would have been
    assert "no such token" in places["log"] and "go away with your" in places["log"]
    assert '\\"echo\\":' in places["dead letters"]


def shown(text, rows, columns):
    """What stands in the window of a terminal of this size after this text, as far as the demo steers one."""
    lines, row, column, wraps = [""], 0, 0, True
    for found in re.finditer(r"\x1b\[([?\d]*)([A-Za-z])|.", text, re.DOTALL):
        argument, command, character = found[1], found[2], found[0]
        if command == "A":
            row = max(row - int(argument), len(lines) - rows, 0)
        elif command in ("K", "J"):
            lines[row] = lines[row][:column]
            if command == "J":
                del lines[row + 1:]
        elif command in ("l", "h") and argument == "?7":
            wraps = command == "h"
        elif character == "\r":
            column = 0
        elif character == "\n":
            row += 1
        elif command is None:
            if column >= columns and not wraps:
                continue
            if column >= columns:
                row, column = row + 1, 0
                lines += [""] * (row + 1 - len(lines))
            lines[row] = lines[row][:column].ljust(column) + character + lines[row][column + 1:]
            column += 1
        lines += [""] * (row + 1 - len(lines))
    return lines[-rows:]


@pytest.mark.parametrize("rows, columns", [(50, 200), (24, 80), (16, 60)])
def test_the_line_with_kcat_stays_in_the_window_while_the_demo_runs(work, rows, columns):
    """However narrow the window is: what is drawn again and again must not scroll it away."""
    text = demo_on_a_terminal(work, rows, columns)
    last_draw = [found.end() for found in re.finditer(r"\x1b\[[?\d]*[A-Za-z](\r?\n)?", text)][-1]
    window = shown(text[:last_draw], rows, columns)
    assert any("kcat -b 127.0.0.1:" in line for line in window), window
    assert any("account: frames=" in line for line in window), window
    assert "spooled=" in window[-2], window


@pytest.mark.quick
def test_the_demo_on_a_terminal(work):
    """A pseudo-terminal instead of a pipe: it draws, ends well, and leaves the account as its last line."""
    text = demo_on_a_terminal(work, 24, 80)
    account = Account.of(text.replace("\r", "")).check()
    assert account["in_flight"] == 0 and account["delivered"] > 20
    assert "kcat" in text
    assert len(re.findall(r"\x1b\[\d+A", text)) >= 3, "it goes up and draws again"


def demo_on_a_terminal(work, rows, columns):
    """All that three seconds of it write there."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    demo = subprocess.Popen([str(PROGRAM), "demo", "--for", "3s"], stdin=slave, stdout=slave, stderr=slave, cwd=work,
                            env={**os.environ, "TERM": "xterm-256color"})
    os.close(slave)
    screen = b""
    while True:
        ready, _, _ = select.select([master], [], [], 30 * PATIENCE)
        assert ready, "the demo has gone quiet"
        try:
            data = os.read(master, 65536)
        except OSError:  # EIO: the other side is closed
            break
        if not data:
            break
        screen += data
    assert demo.wait(10 * PATIENCE) == 0
    return screen.decode(errors="replace")
