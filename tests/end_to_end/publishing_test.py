"""What is routed to a channel arrives there: judged from what the channel's own listeners heard."""

import json
import signal

import pytest

from peers.place import free_port, wait_until
from peers.program import Tributary, run_once, write_config
from peers.ws_server import Dialled, Simulated

pytestmark = pytest.mark.quick

UNLIMITED = {"per_second": 1000, "burst": 1000}


def tips(count, rate=100):
    return Simulated("streamelements", options=("--rate", str(rate), "--events", str(count)))


def hall(port, **more):
    return {"type": "stagecast", "url": f"ws://127.0.0.1:{port}", "channel": "hall",
            "auth": {"token": {"value": "fake-token"}}, "backoff": {"base": "100ms", "cap": "500ms"}, **more}


def configuration(stage, upstream, sink=None, **more):
    return {"log": {"level": "debug", "format": "json"}, "instance": "relay-1",
            "connectors": {"main": {"type": "streamelements", "url": f"ws://127.0.0.1:{stage}/socket.io/",
                                    "auth": {"method": "jwt", "token": {"value": "fake-token"}}},
                           "hall": hall(upstream)},
            "sinks": {"archive": {"type": "file", "path": "events.jsonl"},
                      "screen": {"type": "stagecast", "connector": "hall", "rate": UNLIMITED, **(sink or {})}},
            "routes": [{"from": ["main"], "to": ["archive", "screen"]}], **more}


def listener(port):
    return Dialled(port, "/api/events/hall/ws")


def told(who, least=0):
    """All that this listener has heard, JSON as its value; its thread may be behind what the relay has said."""
    wait_until(lambda: who.heard.qsize() >= least, 10, lambda: f"{least} messages, not {who.heard.qsize()}")
    heard = []
    while not who.silent():
        heard.append(who.next())
    return heard


def archived(work):
    return [json.loads(line) for line in (work / "events.jsonl").read_text().splitlines()]


def test_events_arrive_once_each_in_envelopes_with_the_very_bytes(work):
    with Simulated("stagecast") as upstream, tips(40) as stage:
        ears = listener(upstream.port)
        with Tributary(work, configuration(stage.port, upstream.port)) as relay:
            relay.wait_log('"connector_up"', "hall")
            wait_until(lambda: len(archived(work)) == 40 if (work / "events.jsonl").exists() else False, 20, "40 events")
            account = relay.stop()
        heard = [message["msg"] for message in told(ears, 40)]
        assert [message["event"] for message in heard] == (work / "events.jsonl").read_text().splitlines()
        marks = [message["tributary"] for message in heard]
        assert [mark["id"] for mark in marks] == [event["_id"] for event in archived(work)]
        assert {(mark["v"], mark["origin"], mark["hops"]) for mark in marks} == {(1, "relay-1", 1)}
        assert account["sent"] == 40 and account["delivered"] == 40 and account["offered"] == 80


def test_what_could_not_be_said_yet_is_said_before_the_end(work):
    """A stop waits for what the rate holds back, on the connection that stays for it."""
    with Simulated("stagecast") as upstream, tips(30, rate=1000) as stage:
        ears = listener(upstream.port)
        with Tributary(work, configuration(stage.port, upstream.port, {"format": "event"})) as relay:
            relay.wait_log('"connector_up"', "hall")
            wait_until(lambda: len(archived(work)) == 30 if (work / "events.jsonl").exists() else False, 20, "30 events")
            account = relay.stop()
        assert [message["msg"]["_id"] for message in told(ears, 30)] == [event["_id"] for event in archived(work)]
        assert account["sent"] == 30 and account["in_flight"] == 0


def test_a_direct_message_reaches_its_recipient_and_nobody_else(work):
    with Simulated("stagecast", accounts="ana@example.org:fake,relay@example.org:fake") as upstream, tips(5) as stage:
        ana, stranger = listener(upstream.port), listener(upstream.port)
        ana.send({"email": "ana@example.org", "password": "fake"})
        assert ana.next() == "ok"
        config = configuration(stage.port, upstream.port, {"to": "ana@example.org", "format": "event"})
        config["connectors"]["hall"]["auth"] = {"email": "relay@example.org", "password": {"value": "fake"}}
        with Tributary(work, config) as relay:
            relay.wait_log('"connector_up"', "hall")
            wait_until(lambda: len(archived(work)) == 5 if (work / "events.jsonl").exists() else False, 20, "5 events")
            assert relay.stop()["sent"] == 5
        assert [message["msg"]["_id"] for message in told(ana, 5)] == [event["_id"] for event in archived(work)]
        assert told(stranger) == []


def test_nothing_of_its_own_channel_goes_there_and_it_never_pauses_anybody(work):
    """The channel's own content, routed there; and a second connector on the same channel."""
    with Simulated("stagecast", options=("--rate", "20"), channel="hall") as upstream:
        config = configuration(1, upstream.port)
        config["connectors"] = {"hall": hall(upstream.port), "again": hall(upstream.port, listen=True)}
        config["routes"] = [{"to": ["archive", "screen"]}]
        ears = listener(upstream.port)
        with Tributary(work, config) as relay:
            relay.wait_log('"connector_up"', count=2)
            wait_until(lambda: (work / "events.jsonl").exists() and len(archived(work)) > 20, 20, "events of the channel")
            account = relay.stop()
        assert account["sent"] == 0 and account["offered"] == account["delivered"]
        assert not any("tributary" in json.dumps(message) for message in told(ears))


def test_a_channel_sink_comes_and_goes_with_a_reload(work):
    with Simulated("stagecast") as upstream, tips(0, rate=50) as stage:
        ears = listener(upstream.port)
        config = configuration(stage.port, upstream.port)
        without = {**config, "sinks": {"archive": config["sinks"]["archive"]},
                   "routes": [{"from": ["main"], "to": ["archive"]}]}
        with Tributary(work, without) as relay:
            relay.wait_log('"connector_up"', count=2)
            assert ears.silent()
            write_config(work, config)
            relay.signal(signal.SIGHUP)
            relay.wait_log('"reloaded"', "screen", "started")
            wait_until(lambda: not ears.silent(), 20, "an event on the channel")
            write_config(work, without)
            relay.signal(signal.SIGHUP)
            relay.wait_log('"reloaded"', "screen", "gets nothing new")
            account = relay.stop()
        assert sum(entry.get("event") == "connector_up" for entry in relay.entries()) == 2, "the connections stayed"
        assert account["dropped"] == 0 and account["sent"] == len(told(ears, account["sent"])) > 0


@pytest.mark.parametrize("change, where, words", [
    ({"connector": "hal"}, "sinks.screen.connector", "no connector is named `hal`; did you mean `hall`?"),
    ({"connector": "main"}, "sinks.screen.connector", "the connector `main` is of type streamelements; expected one of type stagecast"),
    ({"rate": {"per_second": 0}}, "sinks.screen.rate.per_second", "expected more than 0"),
    ({"breaker": {"echo_share": 1.5}}, "sinks.screen.breaker.echo_share", "1.5"),
    ({"format": "xml"}, "sinks.screen.format", "envelope"),
])
def test_what_can_never_be_said_is_a_fault_of_the_configuration(work, change, where, words):
    write_config(work, configuration(1, 1, change))
    done = run_once("check", "-c", work / "tributary.yaml")
    assert done.returncode == 2 and where in done.stdout + done.stderr and words in done.stdout + done.stderr, done.stdout + done.stderr


def test_a_connector_without_auth_cannot_send(work):
    config = configuration(1, 1)
    del config["connectors"]["hall"]["auth"]
    write_config(work, config)
    done = run_once("check", "-c", work / "tributary.yaml")
    assert done.returncode == 2 and "sinks.screen.connector" in done.stdout + done.stderr
    assert "has no `auth`" in done.stdout + done.stderr


def test_a_text_is_the_template_with_the_events_fields(work):
    with Simulated("stagecast") as upstream, tips(10) as stage:
        ears = listener(upstream.port)
        template = "{data.displayName} | {type} | {data.amount} | {data.none|nothing}"
        with Tributary(work, configuration(stage.port, upstream.port, {"format": "text", "template": template})) as relay:
            relay.wait_log('"connector_up"', "hall")
            wait_until(lambda: len(archived(work)) == 10 if (work / "events.jsonl").exists() else False, 20, "10 events")
            assert relay.stop()["sent"] == 10
        def sentence(data, kind):
            return f"{data.get('displayName', '')} | {kind} | {data.get('amount', '')} | nothing"
        events = [json.loads(line, parse_float=str) for line in (work / "events.jsonl").read_text().splitlines()]
        assert [message["msg"] for message in told(ears, 10)] == [sentence(event["data"], event["type"]) for event in events]


def test_check_try_says_what_would_become_of_each_event_and_sends_nothing(work):
    config = configuration(1, 1, {"format": "text", "template": "{data.displayName} gave {data.amount}"})
    config["routes"] = [{"from": ["main"], "types": ["tip"], "where": "data.amount >= 5", "to": ["screen"]},
                        {"to": ["archive"]}]
    def event(kind, amount, connector="main", source="streamelements", channel="c"):
        return {"_id": f"{kind}-{amount}", "type": kind, "data": {"displayName": "Ana", "amount": amount},
                "relay": {"connector": connector, "source": source, "upstreamChannel": channel}}
    lines = [event("tip", 5), event("tip", 4.99), event("cheer", 100), event("tip", 7, "hall", "stagecast", "hall")]
    (work / "events.jsonl").write_text("\n".join(map(json.dumps, lines)) + '\n[]\n{"type": "tip"}\nno\n')
    write_config(work, config)
    done = run_once("check", "-c", work / "tributary.yaml", "--try", work / "events.jsonl")
    said = [line for line in done.stdout.splitlines() if not line.startswith(("warn", "ok"))]
    file = work / "events.jsonl"
    assert said == [
        f"{file}:1: tip tip-5 of main", "  routes[0] takes it, to screen", "  routes[1] takes it, to archive",
        "  screen says: Ana gave 5",
        f"{file}:2: tip tip-4.99 of main", "  routes[1] takes it, to archive",
        f"{file}:3: cheer cheer-100 of main", "  routes[1] takes it, to archive",
        f"{file}:4: tip tip-7 of hall", "  routes[1] takes it, to archive",
        f"fault  {file}:5: expected an event, a JSON object", f"fault  {file}:6: expected a text at `_id`",
        f"fault  {file}:7: not JSON"]
    assert done.returncode == 1


def test_check_tells_of_ways_on_which_events_come_round(work):
    config = configuration(1, 1)
    config["connectors"]["side"] = {**hall(1), "channel": "side"}
    config["sinks"]["side-screen"] = {"type": "stagecast", "connector": "side", "format": "text"}
    config["routes"] = [{"from": ["hall"], "to": ["side-screen"]}, {"from": ["side"], "to": ["screen"]},
                        {"from": ["main"], "to": ["archive"]}]
    write_config(work, config)
    done = run_once("check", "-c", work / "tributary.yaml")
    assert done.returncode == 0
    assert "sinks.screen: what it says can come round: side -> screen -> hall -> side-screen -> side;" in done.stdout
    assert "a text or a bare event has no mark" in done.stdout


def test_a_reload_takes_along_what_a_channel_sink_has_not_said_yet(work):
    """The channel's server is away, so events wait; the sink changes; then the server comes."""
    port = free_port()
    with tips(20, rate=200) as stage:
        config = configuration(stage.port, port, {"format": "event"})
        with Tributary(work, config) as relay:
            wait_until(lambda: (work / "events.jsonl").exists() and len(archived(work)) == 20, 20, "20 events")
            write_config(work, {**config, "sinks": {**config["sinks"], "screen": {**config["sinks"]["screen"], "memory": "1MiB"}}})
            relay.signal(signal.SIGHUP)
            relay.wait_log('"reloaded"', "screen", "memory")
            with Simulated("stagecast", options=("--rate", "0", "--port", str(port))):
                ears = listener(port)
                wait_until(lambda: ears.heard.qsize() == 20, 20, lambda: f"20 on the channel, not {ears.heard.qsize()}")
                assert [message["msg"]["_id"] for message in told(ears)] == [event["_id"] for event in archived(work)]
                account = relay.stop()
        assert account["sent"] == 20 and account["offered"] == 40 and account["dropped"] == 0


def test_a_sink_that_took_anothers_place_speaks_also_during_the_stop(work):
    """The old one still has messages that its rate holds back when the stop comes; then the new one must say its own."""
    slow = {"per_second": 10, "burst": 1}
    with Simulated("stagecast") as upstream, tips(0, rate=100) as stage:
        ears = listener(upstream.port)
        config = configuration(stage.port, upstream.port, {"rate": slow, "format": "event"})
        config["sinks"]["screen"]["connector"] = "hall"
        renamed = {**config, "sinks": {"archive": config["sinks"]["archive"], "display": config["sinks"]["screen"]},
                   "routes": [{"from": ["main"], "to": ["archive", "display"]}]}
        with Tributary(work, config) as relay:
            relay.wait_log('"connector_up"', "hall")
            wait_until(lambda: (work / "events.jsonl").exists() and len(archived(work)) >= 8, 20, "8 events")
            write_config(work, renamed)
            relay.signal(signal.SIGHUP)
            relay.wait_log('"reloaded"', "display", "started")
            wait_until(lambda: len(archived(work)) >= 14, 20, "some for the new one")
            account = relay.stop()
        assert account["dropped"] == 0 and account["sent"] == account["delivered"] == len(told(ears, account["sent"]))
