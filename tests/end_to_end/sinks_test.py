"""What every type of sink is held to, over the program's own list of types: one without a case in peers/downstreams.py
fails. The judge is the other side: the topic read back, the file, what a listener on the channel heard."""

import base64
import contextlib
import json
import subprocess
import threading
import time
import urllib.parse

import pytest

from peers.downstreams import CASES
from peers.mapping import lines_of
from peers.place import PATIENCE, PROGRAM, wait_until
from peers.program import Tributary, streamelements
from peers.scripted import ScriptedUpstream, tip

CREATED = "2026-10-01T12:34:56.789Z"

SCHEMA = json.loads(subprocess.run([str(PROGRAM), "schema", "config"], capture_output=True, check=True, timeout=60).stdout) \
    if PROGRAM.is_file() else {"definitions": {}}
TYPES = [name.removeprefix("sinks.") for name in SCHEMA["definitions"] if name.startswith("sinks.")]
KNOWN = [name for name in TYPES if name in CASES]
OWN_BROKER = {("kafka", ending) for ending in CASES["kafka"].endings}


def test_every_type_of_sink_has_a_case_here_and_nothing_else_has():
    assert sorted(TYPES) == sorted(CASES)


@pytest.fixture(params=KNOWN)
def case(request, work, kafka, topics):
    with CASES[request.param](work, kafka, topics) as made:
        yield made


def configuration(case, upstream, sink=None, **more):
    return {"instance": "relay-1", "connectors": {"main": streamelements(upstream.url()), **case.connectors},
            "sinks": {"judged": sink or case.sink}, "routes": [{"from": ["main"], "to": ["judged"]}], **more}


def emit(connection, count, **data):
    """So many events; their `_id`s."""
    events = [tip(CREATED, **data) for _ in range(count)]
    for event in events:
        connection.emit("event", event)
    return [event["_id"] for event in events]


def test_its_book_equals_what_the_other_side_saw(case):
    with ScriptedUpstream() as upstream, Tributary(case.work, configuration(case, upstream)) as relay:
        connection = upstream.live()
        case.wait_ready(relay)
        emitted = emit(connection, case.most)
        heard = case.heard(case.most)
        account = relay.stop()
    assert heard == emitted, "once each, in order"
    assert case.heard() == emitted, "and nothing at the end"
    assert account["sent"] + account["delivered"] == account["offered"] == case.most
    assert account["dropped"] == account["in_flight"] == account["dead_lettered"] == 0


def test_it_stops_within_its_deadline_with_things_unsent(case):
    sink, stdout = case.stalled()
    with ScriptedUpstream() as upstream:
        config = configuration(case, upstream, sink, stop_timeout="1s")
        with Tributary(case.work, config, stdout=stdout) as relay:
            connection = upstream.live()
            case.wait_ready(relay)
            emitted = emit(connection, case.most, message="x" * 5000)
            connection.wait_read()
            begin = time.monotonic()
            account = relay.stop(code=(0, 1))
            assert time.monotonic() - begin < 1 + 5 * PATIENCE
    heard = case.heard() if stdout is None else []
    assert account["offered"] == case.most and account["dropped"] > 0 and account["in_flight"] == 0
    if stdout is None:
        assert account["sent"] + account["delivered"] == len(heard) and set(heard) <= set(emitted)


@pytest.mark.parametrize("name, ending", [(name, ending) for name in KNOWN for ending in CASES[name].endings])
def test_it_survives_each_way_its_connection_can_end_in_mid_publish(name, ending, work, request, topics):
    broker = request.getfixturevalue("own_kafka" if (name, ending) in OWN_BROKER else "kafka")
    with CASES[name](work, broker, topics) as case, ScriptedUpstream() as upstream, \
            Tributary(work, configuration(case, upstream)) as relay:
        connection = upstream.live()
        case.wait_ready(relay)
        before = emit(connection, case.most // 2)
        getattr(case, ending)(relay)
        before += emit(connection, case.most // 2)
        case.wait_ready(relay, count=2) if case.connector else None
        last = emit(connection, 1)[0]
        wait_until(lambda: last in case.heard(), 60, "the event after the end")
        account = relay.stop()
        heard = case.heard()
    booked = account["sent"] + account["delivered"]
    assert account["offered"] == len(before) + 1 == booked + account["dropped"]
    if not case.at_most_once:
        heard = list(dict.fromkeys(heard))
    assert heard == [each for each in before + [last] if each in heard], "in order, and none twice"
    lost = len(before) + 1 - len(heard)
    if case.at_most_once:
        assert 0 <= booked - len(heard), "what was heard is booked"
        assert lost <= case.most // 2, "what waited is said on the next connection"
    else:
        assert lost == 0


def test_a_full_one_pauses_nobody_else(case):
    """A channel not even those who feed it; the others have those wait, and nobody else."""
    sink, stdout = case.stalled()
    count, size = case.too_much
    with ScriptedUpstream() as upstream, ScriptedUpstream() as other:
        config = configuration(case, upstream, sink, stop_timeout="1s")
        config["connectors"]["other"] = streamelements(other.url())
        config["sinks"]["archive"] = {"type": "file", "path": "archive.jsonl"}
        config["routes"].append({"from": ["other"] if case.pauses else ["main", "other"], "to": ["archive"]})
        with Tributary(case.work, config, stdout=stdout) as relay:
            connection, beside = upstream.live(), other.live()
            case.wait_ready(relay)
            feeding = threading.Thread(target=emit_unless_cut, args=(connection, count, "y" * size), daemon=True)
            feeding.start()
            if case.pauses:
                relay.wait_log('"sink_full"', '"judged"', seconds=60)
            else:
                feeding.join(60 * PATIENCE)
            emit(beside, 200)
            wanted = 200 + (0 if case.pauses else count)
            archive = case.work / "archive.jsonl"
            wait_until(lambda: len(lines_of(archive)) >= wanted, 60, lambda: f"{wanted} events beside it, {len(lines_of(archive))}")
            account = relay.stop(code=(0, 1))
            stopped, = (entry for entry in relay.entries() if entry.get("event") == "program_stopped")
    assert account["dropped"] > 0 and (case.pauses or stopped["dropped.limit"] > 0), "it was full"


def emit_unless_cut(connection, count, message):
    """Nobody reads while the sink is full, and at the end the connection goes."""
    with contextlib.suppress(OSError):
        emit(connection, count, message=message)


def forms_of(secret):
    return {"plain": secret, "base64": base64.b64encode(secret.encode()).decode(), "JSON": json.dumps(secret)[1:-1],
            "URL": urllib.parse.quote(secret), "URL of a form": urllib.parse.quote_plus(secret)}


def test_it_leaks_no_secret(case, request):
    definition = json.dumps(SCHEMA["definitions"]["sinks." + request.node.callspec.params["case"]])
    if case.secret is None:
        assert "#/definitions/secret" not in definition, "it has a secret: this case must give it one"
    with ScriptedUpstream() as upstream, Tributary(case.work, configuration(case, upstream)) as relay:
        connection = upstream.live()
        case.wait_ready(relay)
        emit(connection, case.most // 2)
        if "refused" in case.endings:
            case.refused(relay)
            case.wait_ready(relay, count=2)
        emit(connection, case.most // 2)
        case.heard(1)
        relay.stop(code=(0, 1))
    if case.secret is None:
        return
    assert case.used_its_secret(), "the canary: it went where it belongs, and nowhere else"
    written = {path: path.read_text(errors="replace") for path in case.work.rglob("*")
               if path.is_file() and path.name not in ("credential", "password")}
    found = [f"{path}: {form}" for path, text in written.items() for form, value in forms_of(case.secret).items() if value in text]
    assert found == []
