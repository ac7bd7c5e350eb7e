"""What is routed to a Users server arrives at its clients, and its echo confirms it: against the simulator and a plain `ws`
server, judged from what a client heard."""

import json

import pytest

from peers import marks
from peers.place import wait_until
from peers.program import Tributary
from peers.ws_server import Dialled, Simulated, WsServer

pytestmark = pytest.mark.quick

UNLIMITED = {"per_second": 1000, "burst": 1000}
PEERS = pytest.mark.parametrize("real", [False, True], ids=["simulator", "ws"])


def tips(count, rate=100):
    return Simulated("streamelements", options=("--rate", str(rate), "--events", str(count)))


def server(real, copies=1, lose_every=0, echo=True):
    origins = ["trusted-host", "trusted.host", "trusted-h.st"][:copies]
    if real:
        return WsServer("users", origins=[f"^{origin}$" for origin in origins], loseEvery=lose_every, echo=echo)
    return Simulated("users", copies=copies, lose_every=lose_every, form="lists" if echo else "newer")


def configuration(stage, upstream, sink=None, connector=None, **more):
    return {"instance": "relay-1",
            "connectors": {"main": {"type": "streamelements", "url": f"ws://127.0.0.1:{stage}/socket.io/",
                                    "auth": {"method": "jwt", "token": {"value": "fake-token"}}},
                           "accounts": {"type": "users", "url": f"ws://127.0.0.1:{upstream}", "origin": "trusted-host",
                                        "probe_interval": "200ms", "backoff": {"base": "100ms", "cap": "500ms"},
                                        **(connector or {})}},
            "sinks": {"archive": {"type": "file", "path": "events.jsonl"},
                      "clients": {"type": "users", "connector": "accounts", "rate": UNLIMITED, **(sink or {})}},
            "routes": [{"from": ["main"], "to": ["archive", "clients"]}, {"from": ["accounts"], "to": ["archive"]}], **more}


def archived(work):
    file = work / "events.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def told(client, enough=lambda heard: True):
    """All broadcasts that this client has heard, the texts; its thread may be behind what the relay has said."""
    heard = []

    def all_there():
        while not client.silent():
            text = client.next()["message"]
            if not text.startswith("tributary-probe-"):
                heard.append(text)
        return enough(heard)
    wait_until(all_there, 10, lambda: f"all that was said: {heard}")
    return heard


def listener(port):
    return Dialled(port, Origin="trusted-host")


@PEERS
@pytest.mark.parametrize("copies", [1, 3], ids=["once", "three-times"])
def test_every_event_arrives_signed_and_its_echo_confirms_it(work, real, copies):
    (work / "key").write_text("a key that is fake\n")
    with server(real, copies) as upstream, tips(40) as stage:
        ears = listener(upstream.port)
        config = configuration(stage.port, upstream.port, marks={"signing_key": {"file": "key"}, "kid": "2026-11"})
        with Tributary(work, config) as relay:
            relay.wait_log('"connector_up"', "accounts")
            wait_until(lambda: len(archived(work)) == 40, 20, "40 events")
            account = relay.stop()
        events = (work / "events.jsonl").read_text().splitlines()
        heard = told(ears, lambda heard: len(heard) >= 40 * copies)
        assert len(heard) == 40 * copies
        envelopes = [json.loads(text) for text in dict.fromkeys(heard)]
        assert [envelope["event"] for envelope in envelopes] == events
        for envelope in envelopes:
            mark = envelope["tributary"]
            assert (mark["v"], mark["origin"], mark["hops"], mark["kid"]) == (1, "relay-1", 1, "2026-11")
            assert mark["signature"] == marks.signature("a key that is fake", "relay-1", mark["id"], 1, mark["at"], envelope["event"])
        assert account["delivered"] == 80 and account["sent"] == account["dropped"] == 0
        assert account["accepted"] == 40, "no echo of ours is an event"
        stopped = [entry for entry in relay.entries() if entry.get("event") == "program_stopped"][0]
        # the stop waits for the first copy of each echo
        assert 40 * copies - copies < stopped["ignored.own_echo"] <= 40 * copies
        assert "a key that is fake" not in relay.output


@PEERS
def test_a_text_that_is_lost_is_said_again_and_confirmed_by_its_own_echo(work, real):
    with server(real, lose_every=4) as upstream, tips(30) as stage:
        ears = listener(upstream.port)
        sink = {"format": "text", "template": "{_id}", "confirm_timeout": "300ms", "resend": 10}
        with Tributary(work, configuration(stage.port, upstream.port, sink)) as relay:
            relay.wait_log('"connector_up"', "accounts")
            wait_until(lambda: len(archived(work)) == 30, 20, "30 events")
            account = relay.stop()
        heard = told(ears, lambda heard: len(set(heard)) >= 30)
        assert sorted(set(heard)) == sorted(event["_id"] for event in archived(work))
        assert account["delivered"] == 60 and account["accepted"] == 30


@PEERS
def test_a_server_without_echo_is_never_spoken_to(work, real):
    with server(real, echo=False) as upstream, tips(5) as stage:
        ears = listener(upstream.port)
        config = configuration(stage.port, upstream.port, connector={"timeouts": {"handshake": "500ms"}})
        with Tributary(work, config) as relay:
            relay.wait_log("listen_only")
            wait_until(lambda: len(archived(work)) == 5, 20, "5 events")
            account = relay.stop(code=(0, 1))
        assert account["dropped"] == 5 and told(ears) == []


@PEERS
def test_what_a_client_repeats_is_content_and_goes_no_further(work, real):
    """A bot on the channel that says again what it hears, without the mark."""
    with server(real) as upstream, tips(3) as stage:
        bot = listener(upstream.port)
        config = configuration(stage.port, upstream.port)
        config["routes"] = [{"from": ["main"], "to": ["archive", "clients"]}, {"from": ["accounts"], "to": ["archive", "again"]}]
        config["sinks"]["again"] = {"type": "stagecast", "connector": "hall", "rate": UNLIMITED}
        with Simulated("stagecast") as hall:
            config["connectors"]["hall"] = {"type": "stagecast", "url": f"ws://127.0.0.1:{hall.port}", "channel": "hall",
                                            "auth": {"token": {"value": "fake-token"}}}
            screen = Dialled(hall.port, "/api/events/hall/ws")
            with Tributary(work, config) as relay:
                relay.wait_log('"connector_up"', count=3)
                repeated = 0
                while repeated < 3:
                    said = json.loads(bot.next()["message"])
                    if "tributary" in said:  # and not what it said itself
                        bot.send({"eventType": 10, "broadcast": True, "message": said["event"]})
                        repeated += 1
                bot.send({"eventType": 10, "broadcast": True, "message": "a word of my own"})
                wait_until(lambda: len(archived(work)) == 7, 20, "three tips, three repetitions and a word")
                wait_until(lambda: not screen.silent(), 20, "the word on the screen")
                account = relay.stop()
            heard = []
            while not screen.silent():
                heard.append(json.loads(screen.next()["msg"]["event"])["data"]["message"])
        assert heard == ["a word of my own"]
        assert account["sent"] == 1
