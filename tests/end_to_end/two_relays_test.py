"""Two relays between a Stagecast channel and a Users server that says everything three times: what is said on one side is
heard on the other, and never comes round. Judged from what listeners of both sides heard."""

import json
import queue
import shutil
import threading
import time

import pytest

from peers.place import wait_until
from peers.program import Tributary
from peers.ws_server import Dialled, Simulated, WsServer

COPIES = 3
UNLIMITED = {"per_second": 1000, "burst": 1000}
HALL = "/api/events/hall/ws"
FORWARD = {"from": ["hall"], "to": ["clients", "archive"]}
BACK = {"from": ["accounts"], "to": ["screen", "archive"]}


def relay(folder, name, other, hall, accounts, routes, sink=None):
    """Named `name`, it signs with its key and trusts the other's; both sides are configured, `routes` says which it serves."""
    folder.mkdir(exist_ok=True)
    for each in (name, other):
        (folder / f"{each}.key").write_text(f"the fake key of {each}\n")
    backoff = {"base": "100ms", "cap": "500ms"}
    config = {
        "instance": name, "marks": {"signing_key": {"file": f"{name}.key"}, "kid": "1",
                                    "trusted_origins": {f"{other}/1": {"file": f"{other}.key"}}},
        "connectors": {
            "hall": {"type": "stagecast", "url": f"ws://127.0.0.1:{hall}", "channel": "hall", "backoff": backoff,
                     "auth": {"token": {"value": "good"}}},
            "accounts": {"type": "users", "url": f"ws://127.0.0.1:{accounts}", "origin": "trusted-host", "label": "accounts",
                         "probe_interval": "200ms", "backoff": backoff}},
        "sinks": {"archive": {"type": "file", "path": "events.jsonl"},
                  "screen": {"type": "stagecast", "connector": "hall", "rate": UNLIMITED, **(sink or {})},
                  "clients": {"type": "users", "connector": "accounts", "rate": UNLIMITED, **(sink or {})}},
        "routes": routes}
    return Tributary(folder, config)


def sides(real):
    if real:
        return (WsServer("stagecast", tokens=["good"]),
                WsServer("users", origins=["^trusted-host$", "^trusted.host$", "^trusted-h.st$"]))
    return Simulated("stagecast", tokens="good"), Simulated("users", copies=COPIES)


class Sides:
    """A member and a listener of the channel, and a client of the server that both speaks and listens."""

    def __init__(self, hall, accounts):
        self.member, self.listener = Dialled(hall, HALL), Dialled(hall, HALL)
        self.member.send({"token": "good"})
        assert self.member.next() == "ok"
        self.client = Dialled(accounts, Origin="trusted-host")
        self.on_hall, self.on_accounts = [], []

    def say(self, numbers):
        for number in numbers:
            self.member.send(f"from the hall {number}")
            self.client.send({"eventType": 10, "broadcast": True, "message": f"from a client {number}"})

    def listen(self):
        while not self.listener.silent():
            said = self.listener.next()["msg"]
            self.on_hall.append(text_of(said["event"]) if isinstance(said, dict) else said)
        while not self.client.silent():
            said = self.client.next()["message"]
            if not said.startswith("tributary-probe-"):
                self.on_accounts.append(text_of(json.loads(said)["event"]) if said.startswith("{") else said)

    def heard(self, seconds=0.0):
        """Everything until nothing came for so long."""
        last, quiet_since = None, time.monotonic()
        while last is None or time.monotonic() - quiet_since < seconds:
            self.listen()
            if last != (now := (len(self.on_hall), len(self.on_accounts))):
                last, quiet_since = now, time.monotonic()
            time.sleep(0.02)
        return self.on_hall, self.on_accounts


def text_of(event):
    return json.loads(event)["data"]["message"]


def texts(numbers, times=1):
    """What either side is to hear: its own words once (the server's three times), the other side's as often as relays say them."""
    hall = [f"from the hall {number}" for number in numbers]
    client = [f"from a client {number}" for number in numbers]
    return sorted(hall + times * client), sorted(COPIES * (times * hall + client))


class Bot:
    """Says again what relays say, without their mark, at once, as long as it lives."""

    def __init__(self, dialled, heard_in, post):
        self.dialled, self.heard_in, self.post = dialled, heard_in, post
        self.said = 0
        self.done = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while not self.done.is_set():
            try:
                said = self.heard_in(self.dialled.next(0.02))
            except queue.Empty:
                continue
            if isinstance(said, dict) and "tributary" in said:
                self.said += 1
                self.post(text_of(said["event"]))


def bots(hall, accounts):
    """One on each side: only two can have a message go round."""
    member, client = Dialled(hall, HALL), Dialled(accounts, Origin="trusted-host")
    member.send({"token": "good"})
    assert member.next() == "ok"

    def in_echo(message):
        return json.loads(message["message"]) if message["message"].startswith("{") else message["message"]
    return (Bot(member, lambda message: message["msg"], lambda text: member.send(json.dumps(text))),
            Bot(client, in_echo, lambda text: client.send({"eventType": 10, "broadcast": True, "message": text})))


def wait_live(*relays, count=2):
    for each in relays:
        each.wait_log('"connector_up"', count=count)


@pytest.mark.quick
@pytest.mark.parametrize("real", [False, True], ids=["simulator", "ws"])
def test_each_event_reaches_the_other_side_once_and_never_returns(work, real):
    hall, accounts = sides(real)
    with hall as hall, accounts as accounts:
        there = Sides(hall.port, accounts.port)
        with relay(work / "a", "a", "b", hall.port, accounts.port, [FORWARD]) as a, \
                relay(work / "b", "b", "a", hall.port, accounts.port, [BACK]) as b:
            wait_live(a, b)
            there.say(range(20))
            wait_until(lambda: sum(map(len, there.heard())) >= 20 * (2 + 2 * COPIES), 20, lambda: str(there.heard()))
            on_hall, on_accounts = there.heard(seconds=2)
            assert (sorted(on_hall), sorted(on_accounts)) == texts(range(20))
            # one of them loses all that it knew
            b.signal(9)
            b.process.wait()
            shutil.rmtree(work / "b")
            with relay(work / "b", "b", "a", hall.port, accounts.port, [BACK]) as again:
                wait_live(again)
                there.say(range(20, 30))
                wait_until(lambda: sum(map(len, there.heard())) >= 30 * (2 + 2 * COPIES), 20, lambda: str(there.heard()))
                on_hall, on_accounts = there.heard(seconds=2)
                assert (sorted(on_hall), sorted(on_accounts)) == texts(range(30))
                assert again.stop()["sent"] == 10
            account = a.stop()
        archived = (work / "a" / "events.jsonl").read_text().splitlines()
        assert len(archived) == 60 and account["delivered"] == 90, "all that it said was confirmed by its echo"


@pytest.mark.parametrize("quiet", [pytest.param(3, marks=pytest.mark.quick), pytest.param(60, marks=pytest.mark.long)])
def test_two_relays_that_both_speak_both_ways_say_it_at_most_once_each(work, quiet):
    hall, accounts = sides(real=False)
    with hall as hall, accounts as accounts:
        there = Sides(hall.port, accounts.port)
        with relay(work / "a", "a", "b", hall.port, accounts.port, [FORWARD, BACK]) as a, \
                relay(work / "b", "b", "a", hall.port, accounts.port, [FORWARD, BACK]) as b:
            wait_live(a, b)
            there.say(range(10))
            wait_until(lambda: sum(map(len, there.heard())) >= 10 * (3 + 3 * COPIES), 20, lambda: str(there.heard()))
            on_hall, on_accounts = there.heard(seconds=quiet)
            a.stop(), b.stop()
        assert (sorted(on_hall), sorted(on_accounts)) == texts(range(10), times=2)


@pytest.mark.quick
def test_bots_on_both_sides_are_held_by_the_breaker(work):
    """The bare words that they re-post are new content to the relay that did not say them: they go round, until the breakers
    open. The one who opens first ends it."""
    hall, accounts = Simulated("stagecast", tokens="good"), Simulated("users")
    with hall as hall, accounts as accounts:
        there = Sides(hall.port, accounts.port)
        sink = {"rate": {"per_second": 5, "burst": 5}, "breaker": {"echo_share": 0.5, "window": "10s", "open_for": "60s"}}
        with relay(work / "a", "a", "b", hall.port, accounts.port, [FORWARD], sink) as a, \
                relay(work / "b", "b", "a", hall.port, accounts.port, [BACK], sink) as b:
            wait_live(a, b)
            both = bots(hall.port, accounts.port)
            there.say(range(2))
            began, last, quiet_since = time.monotonic(), -1, 0.0
            while last < 3 or time.monotonic() - quiet_since < 4:
                assert time.monotonic() - began < 60, f"still going round: {last} re-posted"
                if last != (now := sum(bot.said for bot in both)):
                    last, quiet_since = now, time.monotonic()
                time.sleep(0.02)
            for bot in both:
                bot.done.set()
            account = {name: sum(each[name] for each in (a.stop(), b.stop())) for name in ("dropped", "sent", "delivered")}
        assert 3 <= last <= 30, "they went round, and not for long"
        assert account["dropped"] > 0, "the breaker let go what would have gone on"
