"""What is routed to a chat is read there: OHA over the connector's socket, DLive over HTTPS beside it. Judged from what
others in the chat saw."""

import contextlib
import json
import signal
import time

import pytest

from peers.channels import Channels
from peers.channels_app.tokens import token_for
from peers.place import free_port, wait_until
from peers.program import Tributary, write_config
from peers.tap import Tap
from peers.ws_server import Dialled, Simulated

pytestmark = pytest.mark.quick

UNLIMITED = {"per_second": 1000, "burst": 1000}
KEY = "stream-key-of-tests"
SOON = {"base": "50ms", "cap": "200ms"}
WORDS = "{type} {_id}"


def tips(count, rate=200):
    return Simulated("streamelements", options=("--rate", str(rate), "--events", str(count)))


def configuration(stage, connector, sink):
    """Everything of the stage goes to a file and to the chat."""
    return {"connectors": {"main": {"type": "streamelements", "url": f"ws://127.0.0.1:{stage}/socket.io/",
                                    "auth": {"method": "jwt", "token": {"value": "fake-token"}}},
                           "room": {"backoff": SOON, **connector}},
            "sinks": {"archive": {"type": "file", "path": "events.jsonl"},
                      "chat": {"type": connector["type"], "connector": "room", "template": WORDS, "rate": UNLIMITED,
                               "max_age": "5m", **sink}},
            "routes": [{"from": ["main"], "to": ["archive", "chat"]}, {"from": ["room"], "to": ["archive"]}]}


def archived(work, connector="main"):
    """What came from a connector, in order."""
    path = work / "events.jsonl"
    events = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    return [event for event in events if event["relay"]["connector"] == connector]


def wanted(work):
    return [f"{event['type']} {event['_id']}" for event in archived(work)]


def counts(relay):
    """The log's last account, by the words of the books."""
    return [entry for entry in relay.entries() if entry.get("event") == "program_stopped"][-1]


def told_of(relay, word):
    return [entry for entry in relay.entries() if word in json.dumps(entry)]


# ── OHA ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def oha(port, token, **more):
    return {"type": "oha", "url": f"ws://127.0.0.1:{port}/ws", "stream": {"value": KEY}, "label": "maths-101",
            "auth": {"token": {"value": token}}, **more}


class Pupil:
    """Somebody in the chat, without a token."""

    def __init__(self, port):
        self.client = Dialled(port, f"/ws/streams/{KEY}/")
        assert self.client.next() == {"type": "auth", "data": {"authenticated": False}}
        self.seen = []

    def read(self):
        while not self.client.silent():
            self.seen.append(self.client.next())
        return self.seen

    def words(self, user="relay"):
        return [said["data"]["message"] for said in self.read() if said["data"].get("user") == user]


@contextlib.contextmanager
def a_chat(kind, work, **behaviours):
    if kind == "daphne":
        with Channels(work, [KEY]) as server:
            yield server
    else:
        with Simulated("oha", streams=KEY, **behaviours) as server:
            yield server


@pytest.mark.parametrize("kind", ["simulator", "daphne"])
def test_tips_arrive_once_in_the_chat_of_a_stream(work, kind):
    with a_chat(kind, work) as room, tips(30) as stage:
        pupil = Pupil(room.port)
        with Tributary(work, configuration(stage.port, oha(room.port, token_for("relay")), {})) as relay:
            wait_until(lambda: len(pupil.words()) == 30, 30, lambda: f"30 messages: {pupil.seen}")
            account = relay.stop()
        assert pupil.words() == wanted(work), "in order, and each once"
        assert account["sent"] == 30 and account["dropped"] == account["in_flight"] == 0
        assert counts(relay)["ignored.own_echo"] == 30 and archived(work, "room") == [], "what we say is no event"


def test_what_others_say_after_us_stays_an_event(work):
    with a_chat("simulator", work) as room, tips(1) as stage:
        pupil = Pupil(room.port)
        with Tributary(work, configuration(stage.port, oha(room.port, token_for("relay")), {})) as relay:
            wait_until(lambda: len(pupil.words()) == 1, 30, "a message")
            eve = Dialled(room.port, f"/ws/streams/{KEY}/", Authorization=f"Bearer {token_for('eve')}")
            eve.next()
            eve.send({"type": "chat", "data": {"message": pupil.words()[0]}})
            wait_until(lambda: archived(work, "room"), 20, "the chat's event")
            relay.stop()
        assert [event["data"]["username"] for event in archived(work, "room")] == ["eve"]
        assert counts(relay)["ignored.own_echo"] == 1


def test_an_error_of_the_server_fails_the_message_that_it_answers(work):
    with a_chat("simulator", work, refuse_chat_every=3) as room, tips(9) as stage:
        pupil = Pupil(room.port)
        with Tributary(work, configuration(stage.port, oha(room.port, token_for("relay")), {})) as relay:
            wait_until(lambda: len(pupil.words()) == 6 and len(archived(work)) == 9, 30, "all nine")
            account = relay.stop(code=1)
        assert pupil.words() == [words for number, words in enumerate(wanted(work), 1) if number % 3]
        assert (account["sent"], account["dropped"]) == (6, 3)
        assert counts(relay)["dropped.refused"] == 3


def test_nothing_is_said_as_nobody(work):
    with a_chat("simulator", work, tokens="another") as room, tips(3) as stage:
        pupil = Pupil(room.port)
        with Tributary(work, configuration(stage.port, oha(room.port, token_for("relay")), {})) as relay:
            relay.wait_log("auth_refused")
            wait_until(lambda: len(archived(work)) == 3, 20, "three events")
            account = relay.stop(code=1)
        assert pupil.read() == [] and account["sent"] == 0
        assert counts(relay)["dropped.refused"] == 3


@pytest.mark.parametrize("kind", ["simulator", "daphne"])
def test_connections_that_end_in_the_middle_double_nothing_and_the_account_says_what_was_seen(work, kind):
    with a_chat(kind, work, **({} if kind == "daphne" else {"chat_delay": "10ms"})) as room:
        with tips(120, rate=1000) as stage, Tap(room.port) as tap:
            pupil = Pupil(room.port)
            with Tributary(work, configuration(stage.port, oha(tap.port, token_for("relay")), {"rate": {"per_second": 60, "burst": 1}})) as relay:
                wait_until(lambda: len(archived(work)) == 120, 30, "120 events")
                for cuts, part in enumerate((20, 50, 80), 1):
                    wait_until(lambda: len(pupil.words()) >= part and len(tap.conversations) == cuts, 30, "some messages")
                    tap.conversations[-1].cut()
                wait_until(lambda: pupil.words()[-1] == wanted(work)[-1], 40, lambda: f"the last of 120: {len(pupil.words())}")
                account = relay.stop()
            seen = pupil.words()
        assert len(tap.conversations) >= 4
        assert len(set(seen)) == len(seen), "none twice"
        assert seen == [words for words in wanted(work) if words in set(seen)], "in order"
        assert account["sent"] == 120 and account["dropped"] == 0
        lost = 120 - len(seen)
        assert lost <= 3, "at most the one that was in flight when a connection ended"


# ── DLive ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@contextlib.contextmanager
def a_platform(**behaviours):
    with Simulated("dlive", api_port=(api := free_port()), **behaviours) as platform:
        platform.api = api
        yield platform


def dlive(platform, **more):
    return {"type": "dlive", "url": f"ws://127.0.0.1:{platform.port}/", "api_url": f"http://127.0.0.1:{platform.api}/",
            "streamers": ["dbl-lee"], **more}


class Viewer:
    """Somebody who watches the chat of a streamer."""

    def __init__(self, platform, streamer="dbl-lee"):
        self.client = Dialled(platform.port, "/", Sec_WebSocket_Protocol="graphql-ws")
        self.client.send({"type": "connection_init", "payload": {}})
        self.client.send({"id": "1", "type": "start", "payload": {
            "query": "subscription($s:String!){streamMessageReceived(streamer:$s){__typename}}", "variables": {"s": streamer}}})
        self.seen = []

    def words(self):
        while not self.client.silent():
            frame = self.client.next()
            if frame["type"] == "data":
                self.seen += frame["payload"]["data"]["streamMessageReceived"]
        return [message["content"] for message in self.seen]


def speaking(work, **more):
    (work / "user-token").write_text(token_for("relaybot") + "\n")
    return {"streamer": "dbl-lee", "token": {"file": "user-token"}, **more}


@pytest.mark.parametrize("shown", ["after", "before"])
def test_tips_arrive_once_in_the_chat_of_a_streamer(work, shown):
    sink = speaking(work)
    with a_platform(shown=shown, user_tokens=token_for("relaybot")) as platform, tips(4) as stage:
        viewer = Viewer(platform)
        with Tributary(work, configuration(stage.port, dlive(platform), sink)) as relay:
            began = time.monotonic()
            wait_until(lambda: len(viewer.words()) == 4, 40, lambda: f"4 messages: {viewer.seen}")
            assert time.monotonic() - began >= 6, "one in two seconds"
            account = relay.stop()
        assert viewer.words() == wanted(work), "in order, and each once"
        assert {message["sender"]["username"] for message in viewer.seen} == {"relaybot"}
        assert account["sent"] == 4 and account["dropped"] == 0
        assert archived(work, "room") == [] and counts(relay)["ignored.own_echo"] in (3, 4), "the last may come too late"
        assert token_for("relaybot") not in relay.output


def test_a_text_is_cut_to_the_length_of_the_sink_and_stays_content(work):
    template = "\"}}) {id}} \\\\ ☃ 🎉 {_id} " + "x" * 200
    with a_platform(chat_length=60) as platform, tips(1) as stage:
        viewer = Viewer(platform)
        sink = speaking(work, length=60, template=template.replace("{id}}", "{{id}}}}").replace("}}) ", "}}}}) "))
        with Tributary(work, configuration(stage.port, dlive(platform), sink)) as relay:
            wait_until(viewer.words, 30, "a message")
            assert relay.stop()["sent"] == 1
        whole = template.replace("{_id}", archived(work)[0]["_id"])
        assert viewer.words() == [whole[:60]], "an emoji is one"


@pytest.mark.parametrize("fault, reason, dropped, seen", [
    ("401", "credential_refused", 2, 0),
    ("403", "credential_refused", 2, 0),
    ("errors", "graphql_error", 2, 0),
    ("err", "upstream_error", 2, 0),
    ("html", "not_json", 2, 0),
    ("500", "server_error", 0, 2),
    ("reset", "eof", 0, 2),
])
def test_each_layer_of_failure_is_in_the_account_with_its_reason(work, fault, reason, dropped, seen):
    sink = speaking(work)
    with a_platform(api_fault=fault) as platform, tips(2) as stage:
        viewer = Viewer(platform)
        with Tributary(work, configuration(stage.port, dlive(platform), sink)) as relay:
            relay.wait_log("message_failed", reason, count=2 if dropped else 1, seconds=30)
            wait_until(lambda: len(viewer.words()) == seen, 10, "what is seen")
            account = relay.stop(code=1 if dropped else 0)
        assert (account["sent"], account["dropped"]) == (2 - dropped, dropped)
        assert counts(relay).get("dropped.refused", 0) == dropped
        assert archived(work, "room") == [], "what may have arrived is ours when it comes back"
        assert token_for("relaybot") not in relay.output


def test_too_many_requests_wait_and_are_said_then(work):
    sink = speaking(work)
    with a_platform(api_fault="429", api_fault_every=2, retry_after="3s") as platform, tips(3) as stage:
        viewer = Viewer(platform)
        with Tributary(work, configuration(stage.port, dlive(platform), sink)) as relay:
            wait_until(lambda: len(viewer.words()) == 3, 60, lambda: f"3 messages: {viewer.seen}")
            account = relay.stop()
        assert viewer.words() == wanted(work)
        assert (account["sent"], account["dropped"]) == (3, 0)
        assert len(told_of(relay, "rate_limited")) >= 2


def test_a_token_that_changes_is_the_next_messages_token(work):
    sink = speaking(work)
    fresh = token_for("another-bot")
    with a_platform() as platform, tips(2) as stage:
        viewer = Viewer(platform)
        with Tributary(work, configuration(stage.port, dlive(platform), sink)) as relay:
            wait_until(lambda: len(viewer.words()) == 1, 30, "the first")
            (work / "user-token").write_text(fresh)
            wait_until(lambda: len(viewer.words()) == 2, 30, "the second")
            relay.stop()
        assert [message["sender"]["username"] for message in viewer.seen] == ["relaybot", "another-bot"]


def test_a_connection_that_ends_in_the_middle_doubles_nothing(work):
    """The request goes on beside it, and the rest is said once the connector is live again."""
    sink = speaking(work)
    with a_platform(api_delay="300ms") as platform, tips(4) as stage, Tap(platform.port) as tap:
        viewer = Viewer(platform)
        connector = dlive(platform) | {"url": f"ws://127.0.0.1:{tap.port}/"}
        with Tributary(work, configuration(stage.port, connector, sink)) as relay:
            for cuts in (1, 2):
                wait_until(lambda: len(viewer.words()) >= cuts and len(tap.conversations) == cuts, 30, "some messages")
                tap.conversations[-1].cut()
            wait_until(lambda: len(viewer.words()) == 4, 40, lambda: f"4 messages: {viewer.seen}")
            account = relay.stop()
        assert viewer.words() == wanted(work)
        assert len(tap.conversations) >= 3 and (account["sent"], account["dropped"]) == (4, 0)


def test_an_api_that_is_away_costs_only_time(work):
    sink = speaking(work)
    with a_platform() as platform, tips(2) as stage:
        viewer = Viewer(platform)
        connector = dlive(platform) | {"api_url": f"http://127.0.0.1:{free_port()}/"}
        with Tributary(work, configuration(stage.port, connector, sink)) as relay:
            relay.wait_log("message_failed", "connect_refused", seconds=30)
            assert viewer.words() == []
            write_config(work, {"log": {"level": "debug", "format": "json"}, **configuration(stage.port, dlive(platform), sink)})
            relay.signal(signal.SIGHUP)
            wait_until(lambda: len(viewer.words()) == 2, 40, "both")
            account = relay.stop()
        assert viewer.words() == wanted(work) and (account["sent"], account["dropped"]) == (2, 0)
