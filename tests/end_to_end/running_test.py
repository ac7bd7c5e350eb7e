"""The life of the daemon: a stream to a sink, signals, the drain, the last line, the demo."""

import json
import re
import shlex
import signal
import subprocess
import time

import pytest

from peers import mapping
from peers.mapping import lines_of
from peers.place import PATIENCE, wait_until
from peers.program import PROGRAM, Account, Tributary, kafka as kafka_sink, streamelements
from peers.scripted import ScriptedUpstream, tip
from peers.ws_server import Dialled

CREATED = "2026-10-01T12:34:56.789Z"


def to_file(url, **more):
    return {"connectors": {"main": streamelements(url)}, "sinks": {"out": {"type": "file", "path": "out.jsonl", **more}},
            "routes": [{"to": ["out"]}]}


@pytest.mark.quick
def test_what_is_said_stands_in_the_file_and_the_account_adds_up(work):
    with ScriptedUpstream() as upstream, Tributary(work, to_file(upstream.url())) as relay:
        connection = upstream.live()
        activities = [tip(CREATED, message=f"message {n}") for n in range(100)]
        for activity in activities:
            connection.emit("event", activity, {"ts": 1700000000000, "nonce": "n"})
        connection.emit("event", activities[0])  # again
        connection.emit("event:update", {"name": "tip-latest", "data": {}})
        connection.emit("somethingElse", {})
        wait_until(lambda: len(lines_of(work / "out.jsonl")) >= 100, 10, "the lines")
        connection.wait_read()
        account = relay.stop()
    found = lines_of(work / "out.jsonl")
    assert [event["_id"] for event in found] == [activity["_id"] for activity in activities]
    assert [int(event["relay"]["sequence"]) for event in found] == list(range(1, 101))
    said = mapping.parse('{"ts":1700000000000,"nonce":"n"}')
    for activity, event in zip(activities, found):
        assert mapping.differences(mapping.canonical(mapping.parse(json.dumps(activity)), said, "main"), event) == []
    assert (account["events"], account["accepted"], account["offered"]) == (102, 100, 100)
    assert account["delivered"] + account["sent"] == 100
    assert connection.gone.wait(5 * PATIENCE)


@pytest.mark.quick
def test_the_log_says_what_runs_where_it_is_live_and_how_it_stands(work):
    with ScriptedUpstream() as upstream, Tributary(work, to_file(upstream.url())) as relay:
        connection = upstream.live()
        connection.emit("event", tip(CREATED))
        for _ in range(3):
            connection.text('42["event",')
        relay.wait_log('"status"', "1 of 1 connector is live: main live, ", seconds=25)
        relay.stop()
        entries = {entry["event"]: entry for entry in reversed(relay.entries()) if "event" in entry}
        frames = [entry for entry in relay.entries() if entry.get("event") == "frame_malformed"]
    started, up, status = entries["program_started"], entries["connector_up"], entries["status"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", started["version"]) and started["file"].endswith("tributary.yaml")
    event, = (line for line in lines_of(work / "out.jsonl") if "relay" in line)
    assert started["run"] == event["relay"]["run"] and started["run"] in started["message"]
    assert up["message"] == f"live at ws://localhost:{upstream.port}, channel {event['channel']}" and up["connection"] == 1
    assert "sinks: out 1 delivered, 0 waiting" in status["message"] and "the last " in status["message"]
    assert (status["live"], status["events"], status["delivered"]) == (1, 1, 1), "numbers"
    assert len(frames) == 1 and frames[0]["level"] == "warn" and frames[0]["reason"] == "not_json", frames
    assert entries["sink_latency"]["events"] == 1 and entries["sink_latency"]["p50_ms"] >= 0


@pytest.mark.quick
def test_numbers_pass_digit_by_digit(work):
    amounts = ["4.20", "1234567890123456789", "0.1000000000000000055511151231257827", "-0.0", "1E5", "1e-7", "0",
               "99999999999999999999999999.99"]
    with ScriptedUpstream() as upstream, Tributary(work, to_file(upstream.url())) as relay:
        connection = upstream.live()
        for amount in amounts:
            connection.text('42["event",' + json.dumps(tip(CREATED)).replace('"amount": 5', f'"amount":{amount},"raw":[{amount}]') + "]")
        wait_until(lambda: len(lines_of(work / "out.jsonl")) >= len(amounts), 10, "the lines")
        relay.stop()
    found = lines_of(work / "out.jsonl")
    assert [event["data"]["raw"][0] for event in found] == amounts
    assert [event["data"]["amount"] for event in found] == amounts


@pytest.mark.quick
def test_a_stdout_sink_writes_events_and_nothing_else_there(work):
    config = {"connectors": {}, "sinks": {"out": {"type": "stdout"}}, "routes": [{"to": ["out"]}]}
    with ScriptedUpstream() as upstream:
        config["connectors"]["main"] = streamelements(upstream.url())
        with Tributary(work, config) as relay:
            connection = upstream.live()
            for _ in range(20):
                connection.emit("event", tip(CREATED))
            wait_until(lambda: relay.stdout.count("\n") >= 20, 10, "20 lines")
            relay.stop()
    events = [line for line in relay.stdout.split("\n") if line and not line.startswith("account:")]
    assert len([mapping.parse(line)["_id"] for line in events]) == 20


@pytest.mark.quick
def test_routes_choose_by_connector_and_type_and_the_rest_is_counted(work):
    with ScriptedUpstream() as one, ScriptedUpstream() as two:
        config = {"connectors": {"one": streamelements(one.url()), "two": streamelements(two.url())},
                  "sinks": {name: {"type": "file", "path": f"{name}.jsonl"} for name in ("a", "b")},
                  "routes": [{"from": ["one"], "to": ["a", "b"]}, {"types": ["cheer"], "to": ["b"]}]}
        with Tributary(work, config) as relay:
            first, second = one.live(), two.live()
            for _ in range(5):
                first.emit("event", tip(CREATED))
                second.emit("event", tip(CREATED))
                second.emit("event", {**tip(CREATED), "type": "cheer"})
            wait_until(lambda: len(lines_of(work / "a.jsonl")) == 5 and len(lines_of(work / "b.jsonl")) == 10, 10, "lines")
            account = relay.stop()
    assert (account["events"], account["accepted"], account["offered"]) == (15, 10, 15)


def test_sigterm_drains_what_was_accepted(work, kafka, topics):
    topics.create(kafka)
    with ScriptedUpstream() as upstream:
        config = {"connectors": {"main": streamelements(upstream.url())},
                  "sinks": {"events": kafka_sink(kafka.bootstrap(), topics=dict(topics), linger="500ms")},
                  "routes": [{"to": ["events"]}]}
        with Tributary(work, config) as relay:
            connection = upstream.live()
            for _ in range(2000):
                connection.emit("event", tip(CREATED))
            account = relay.stop()  # at once: what has been read so far is what counts
    assert account["in_flight"] == account["spooled"] == account["dropped"] == 0
    assert account["accepted"] == account["delivered"] == kafka.count(topics["events"])


def test_a_second_sigterm_ends_at_once_and_the_account_says_what_was_let_go(work, own_kafka, topics):
    topics.create(own_kafka)
    with ScriptedUpstream() as upstream:
        config = {"connectors": {"main": streamelements(upstream.url())},
                  "sinks": {"events": kafka_sink(own_kafka.bootstrap(), topics=dict(topics), spool={"enabled": False})},
                  "routes": [{"to": ["events"]}], "stop_timeout": "60s"}
        with Tributary(work, config) as relay:
            connection = upstream.live()
            connection.emit("event", tip(CREATED))
            own_kafka.read_topic(topics["events"], 1)
            own_kafka.pause()
            for _ in range(50):
                connection.emit("event", tip(CREATED))
            connection.wait_read()
            relay.signal(signal.SIGTERM)
            assert connection.gone.wait(5 * PATIENCE)
            time.sleep(1)
            assert relay.alive(), "it drains while Kafka is away"
            began = time.monotonic()
            relay.signal(signal.SIGTERM)
            account = relay.ended(10, code=(0, 1))
            assert time.monotonic() - began < 5 * PATIENCE
            own_kafka.resume()
    assert account["delivered"] >= 1
    assert account["offered"] == account["delivered"] + account["dropped"] + account["in_flight"]


def test_the_drain_ends_with_stop_timeout(work, own_kafka, topics):
    topics.create(own_kafka)
    with ScriptedUpstream() as upstream:
        config = {"connectors": {"main": streamelements(upstream.url())},
                  "sinks": {"events": kafka_sink(own_kafka.bootstrap(), topics=dict(topics), spool={"enabled": False})},
                  "routes": [{"to": ["events"]}], "stop_timeout": "2s"}
        with Tributary(work, config) as relay:
            connection = upstream.live()
            connection.emit("event", tip(CREATED))
            own_kafka.read_topic(topics["events"], 1)
            own_kafka.pause()
            for _ in range(50):
                connection.emit("event", tip(CREATED))
            connection.wait_read()
            relay.signal(signal.SIGTERM)
            account = relay.ended(15, code=(0, 1))
            own_kafka.resume()
    assert account["dropped"] + account["in_flight"] >= 1


@pytest.mark.quick
def test_sigusr1_reopens_the_file(work):
    with ScriptedUpstream() as upstream, Tributary(work, to_file(upstream.url())) as relay:
        connection = upstream.live()
        connection.emit("event", tip(CREATED))
        wait_until(lambda: len(lines_of(work / "out.jsonl")) == 1, 10, "the first line")
        (work / "out.jsonl").rename(work / "moved.jsonl")
        relay.signal(signal.SIGUSR1)
        wait_until(lambda: (work / "out.jsonl").exists(), 10, "a new file")
        connection.emit("event", tip(CREATED))
        wait_until(lambda: len(lines_of(work / "out.jsonl")) == 1, 10, "the second line")
        relay.stop()
    assert len(lines_of(work / "moved.jsonl")) == 1


@pytest.mark.quick
def test_the_file_rotates_by_size_and_keeps_so_many(work):
    with ScriptedUpstream() as upstream, Tributary(work, to_file(upstream.url(), rotate="16KiB", keep=2)) as relay:
        connection = upstream.live()
        activities = [tip(CREATED) for _ in range(200)]
        for activity in activities:
            connection.emit("event", activity)
        # read once at each look: the file may be moved aside between two
        wait_until(lambda: [line["_id"] for line in lines_of(work / "out.jsonl")][-1:] == [activities[-1]["_id"]],
                   10, "the last line")
        account = relay.stop()
    files = sorted(work.glob("out.jsonl*"))
    assert len(files) == 3, files
    assert all(file.stat().st_size <= 16 * 1024 for file in files)
    newest = [event["_id"] for file in files for event in lines_of(file)]
    assert set(newest) < {activity["_id"] for activity in activities}
    assert len(set(newest)) == len(newest)
    assert account["delivered"] + account["sent"] == 200


def test_the_simulator_is_an_upstream_to_develop_against(work):
    written = work / "written.jsonl"
    with open(work / "simulator.log", "wb") as log:
        simulator = subprocess.Popen([str(PROGRAM), "simulate", "streamelements", "--rate", "200", "--written", str(written)],
                                     stdout=log, stderr=log, cwd=work)
    try:
        said = wait_until(lambda: re.search(r"ws://[^\s\"']+", (work / "simulator.log").read_text()), 10,
                          lambda: "the simulator's URL in: " + (work / "simulator.log").read_text())
        with Tributary(work / "relay", {**to_file(said[0].rstrip(".,")), "connectors": {
                "main": streamelements(said[0].rstrip(".,"), token_file=work / "token")}}) as relay:
            wait_until(lambda: len(lines_of(work / "relay" / "out.jsonl")) > 300, 20, "300 events")
            relay.stop()
    finally:
        simulator.send_signal(signal.SIGTERM)
        assert simulator.wait(10 * PATIENCE) == 0
    ids = [event["_id"] for event in lines_of(work / "relay" / "out.jsonl")]
    told = {entry["id"] for entry in lines_of(written)}
    assert len(set(ids)) == len(ids) and set(ids) <= told


@pytest.mark.quick
def test_the_demo_ends_balanced_and_kcat_reads_what_the_simulator_wrote(work):
    written = work / "written.jsonl"
    with open(work / "stdout", "wb") as out:
        demo = subprocess.Popen([str(PROGRAM), "demo", "--for", "10s", "--rate", "100", "--written", str(written)],
                                stdout=out, stderr=subprocess.STDOUT, cwd=work, stdin=subprocess.DEVNULL)

    def printed():
        return (work / "stdout").read_text(errors="replace")

    command = wait_until(lambda: re.search(r"kcat .*", printed()), 10, "the kcat command")[0].strip().strip("`")
    arguments = shlex.split(command)
    assert arguments[0] == "kcat"
    with open(work / "read.jsonl", "wb") as out:
        kcat = subprocess.Popen([*arguments, "-u"], stdout=out, stderr=subprocess.PIPE)
    assert demo.wait(30 * PATIENCE) == 0, printed()
    try:
        kcat.wait(5)
    except subprocess.TimeoutExpired:
        kcat.kill()
        kcat.wait()
    assert printed().rstrip().split("\n")[-1].startswith("account: "), printed()[-500:]
    account = Account.of(printed()).check()
    assert account["in_flight"] == account["spooled"] == account["dropped"] == 0
    assert account["delivered"] + account["sent"] == account["offered"] > 500
    assert "5 MB" in printed() or "5 MiB" in printed()
    told = lines_of(written)
    assert account["events"] >= len(told) == account["accepted"]
    named = {entry["id"]: entry for entry in told if entry["id"]}
    # a line that the demo's end cut short is none
    read = [mapping.parse(line[line.index("{"):]) for line in (work / "read.jsonl").read_text().split("\n") if line.endswith("}")]
    ids = [event["_id"] for event in read]
    assert len(set(ids)) == len(ids), "kcat saw an event twice"
    # kcat loses its broker when the demo ends: the events of the last two seconds may be missing (more where all is slow),
    # and none before
    end = max(int(entry["at"]) for entry in told) - 2000 * min(PATIENCE, 4)
    for source in {entry["source"] for entry in told}:
        wrote = [entry for entry in told if entry["source"] == source]
        saw = [event for event in read if event["relay"]["source"] == source]
        early = [entry for entry in wrote if int(entry["at"]) < end]
        assert len(early) <= len(saw) <= len(wrote), source
        assert {entry["id"] for entry in early if entry["id"]} <= set(ids), f"{source}: events are missing"
        if all(entry["id"] for entry in wrote):
            assert {event["_id"] for event in saw} <= named.keys(), f"{source}: kcat saw an event that nobody wrote"
    for event in read:
        if event["relay"]["source"] != "streamelements":
            continue
        event["relay"].pop("ts", None)
        event["relay"].pop("nonce", None)
        wrote = named[event["_id"]]["event"]
        assert mapping.differences(mapping.canonical(wrote, {}, event["relay"]["connector"]), event) == []


@pytest.mark.quick
def test_tips_of_the_demo_are_heard_in_the_hall_and_by_the_users_clients_and_come_back_as_nothing(work):
    """Judged by listeners of our own, by those of the demo, by the account, and by what the simulators noted."""
    written = work / "written.jsonl"
    with Tributary(work, command="demo", arguments=["--for", "3s", "--rate", "500", "--written", str(written)]) as demo:
        places = wait_until(lambda: "kcat -b" in demo.output and re.findall(r"listener +ws://127.0.0.1:(\d+)(/\S*) ", demo.output),
                            10, "the listeners' addresses")
        listeners = [Dialled(int(port), path) for port, path in places]
        assert demo.process.wait(20 * PATIENCE) == 0, demo.output
        account = Account.of(demo.output).check()
        output = demo.output
    assert len(listeners) == 2
    for listener in listeners:
        assert listener.gone.wait(5 * PATIENCE)
    told = lines_of(written)
    tips = [mapping.canonical(entry["event"], {}, "main-stage") for entry in told
            if entry["source"] == "streamelements" and entry["event"]["type"] == "tip"]
    texts = [f"{each['data']['displayName']} tipped {each['data']['amount']} {each['data']['currency']}" for each in tips]
    assert len(tips) > 5

    hall, users = ([listener.next() for _ in range(listener.heard.qsize())] for listener in listeners)
    heard = [frame["msg"] for frame in hall]
    envelopes = [json.loads(frame["message"]) for frame in users]
    assert 0 < len(heard) and heard == texts[-len(heard):], "it came a little later than the demo's own, and missed no more"
    assert 0 < len(envelopes) and [each["tributary"]["id"] for each in envelopes] == [each["_id"] for each in tips[-len(envelopes):]]
    assert {each["tributary"]["origin"] for each in envelopes} == {"demo"}

    books = {sink: dict((name, int(count)) for name, count in re.findall(r"(\w+)=(\d+)", line))
             for sink, line in re.findall(r"^sink (\S+): (.*)$", output, re.MULTILINE)}
    count = len(tips)
    assert books == {
        "hall-screen": {"offered": count, "delivered": 0, "sent": count, "dropped": 0, "heard": count, "own_echo": 0},
        "all-users": {"offered": count, "delivered": count, "sent": 0, "dropped": 0, "heard": count, "own_echo": count}}
    assert f"heard by a listener of hall: {count}, the last: {texts[-1]}\n" in output
    assert f"heard by a listener of accounts: {count}, the last: envelope of a tip: " in output
    assert account["sent"] == count and account["delivered"] == account["accepted"] + count
    assert account["accepted"] == len(told), "what was said there has become no event of the hall or of the Users server"
    assert account["events"] == account["accepted"] + count, "only the echoes of our own were left out"


def test_the_demo_ends_on_sigterm_with_its_account(work):
    with Tributary(work, command="demo", arguments=["--rate", "20"]) as demo:
        wait_until(lambda: "kcat" in demo.output, 10, "the kcat command")
        time.sleep(1)
        account = demo.stop()
    assert account["in_flight"] == 0
