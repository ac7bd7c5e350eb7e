"""Two relays between places that know only plain texts, an OHA chat on at least one side: a text has no mark, so nothing but
what was heard a moment ago holds it. Judged from what listeners of both sides heard.

Without the fingerprints of what was said and heard (sinks/channel/fingerprints), the second relay would say each text again
where it came from, the first one would carry that over once more, and so on for ever: each listener would hear each text
again and again, these copies would stand between the sentinels of `settle`, and nothing would be counted as let go.

The fingerprints know a copy only where the text itself was heard before it. So here what relays say is on its way for a
moment; what people say is not."""

import contextlib
import json

import pytest

from peers.channels_app.tokens import token_for
from peers.place import wait_until
from peers.program import Tributary, run_once, write_config
from peers.tap import Tap
from peers.ws_server import Dialled, Simulated

UNLIMITED = {"per_second": 1000, "burst": 1000}
MOMENT = 1.0  # seconds: longer than a busy machine takes from one relay to the next
SOON = {"base": "50ms", "cap": "200ms"}
HALL = "/api/events/hall/ws"
KEYS = {"left": "stream-key-of-the-left", "right": "stream-key-of-the-right"}
WORD_FOR_WORD = "{data.message}"
OVER, BACK = ("left", "right"), ("right", "left")


class Hall:
    """A Stagecast channel with a member who speaks and a listener."""

    kind = "stagecast"

    def __init__(self, port, for_relays):
        self.for_relays = for_relays
        self.member, self.listener = Dialled(port, HALL), Dialled(port, HALL)
        self.member.send({"token": "fake"})
        assert self.member.next() == "ok"
        self.heard = []

    def say(self, text):
        self.member.send(json.dumps(text))

    def hear(self):
        while not self.listener.silent():
            self.heard.append(self.listener.next()["msg"])
        return self.heard

    def connector(self, account):
        return {"type": "stagecast", "url": f"ws://127.0.0.1:{self.for_relays}", "channel": "hall", "backoff": SOON,
                "auth": {"token": {"value": f"fake token of {account}"}}}


class Chat:
    """An OHA stream with somebody who speaks and somebody without a token who reads."""

    kind = "oha"

    def __init__(self, port, for_relays, name):
        self.for_relays, self.name = for_relays, name
        path = f"/ws/streams/{KEYS[name]}/"
        self.ana = Dialled(port, path, Authorization=f"Bearer {token_for('ana')}")
        assert self.ana.next()["data"] == {"authenticated": True}
        self.listener = Dialled(port, path)
        assert self.listener.next()["data"] == {"authenticated": False}
        self.heard = []

    def say(self, text):
        self.ana.send({"type": "chat", "data": {"message": text}})

    def hear(self):
        while not self.listener.silent():
            said = self.listener.next()
            if said["type"] == "chat":
                self.heard.append(said["data"]["message"])
        return self.heard

    def connector(self, account):
        return {"type": "oha", "url": f"ws://127.0.0.1:{self.for_relays}/ws", "stream": {"value": KEYS[self.name]},
                "label": self.name, "backoff": SOON, "auth": {"token": {"value": token_for(account)}}}


@contextlib.contextmanager
def places(right):
    """An OHA stream, and a Stagecast channel or another stream. Relays dial them by `for_relays`."""
    with contextlib.ExitStack() as open_now:
        def enter(kind, side, **behaviours):
            port = open_now.enter_context(Simulated(kind, **behaviours)).port
            tap = open_now.enter_context(Tap(port, late=MOMENT))
            return side(port, tap.port)
        yield (enter("oha", lambda *ports: Chat(*ports, "left"), streams=KEYS["left"]),
               enter("stagecast", Hall) if right == "hall" else
               enter("oha", lambda *ports: Chat(*ports, "right"), streams=KEYS["right"]))


def configuration(name, left, right, directions):
    """Connected to both sides; it carries in each of `directions`, OVER or BACK."""
    def sink(side, connector):
        words = {"format": "text"} if side.kind == "stagecast" else {}
        return {"type": side.kind, "connector": connector, "template": WORD_FOR_WORD, "rate": UNLIMITED, **words}
    return {"instance": name, "connectors": {"left": left.connector(name), "right": right.connector(name)},
            "sinks": {"to-left": sink(left, "left"), "to-right": sink(right, "right")},
            "routes": [{"from": [start], "to": [f"to-{end}"]} for start, end in directions]}


def settle(left, right):
    """Waits until a text has gone over, a later one back, and one over again. Each sink says what it has in order: what was
    going round before has come by once more by then, on either side. Returns the texts that it said."""
    said = []
    for start, end in ((left, right), (right, left), (left, right)):
        said.append(f"sentinel number {len(said)}")
        start.say(said[-1])
        wait_until(lambda: said[-1] in end.hear(), 20, lambda: f"{said[-1]!r} on the other side: {end.heard}")
    return said


def go_on(left, right, count):
    """What people say on either side at once, until all of it and the sentinels after it have gone over: the texts of both
    sides."""
    from_left = [f"{number} from the left" for number in range(count)]
    from_right = [f"{number} from the right" for number in range(count)]
    for one, other in zip(from_left, from_right):
        left.say(one)
        right.say(other)
    wait_until(lambda: set(from_left) <= set(right.hear()) and set(from_right) <= set(left.hear()), 20,
               lambda: f"all on both sides: {left.hear()}, {right.hear()}")
    first, second, third = settle(left, right)
    return [*from_left, first, third], [*from_right, second]


def counts(relay):
    """The log's last account. No breaker has opened: what it counts as dropped by it was known by its fingerprint."""
    assert not [entry for entry in relay.entries() if entry.get("event") == "breaker_opened"]
    return [entry for entry in relay.entries() if entry.get("event") == "program_stopped"][-1]


def wait_live(*relays):
    for each in relays:
        each.wait_log('"connector_up"', count=2)


@pytest.mark.parametrize("right", ["hall", "chat"])
def test_a_text_reaches_the_other_side_once_and_does_not_come_back(work, right):
    with places(right) as (left, right):
        with Tributary(work / "a", configuration("a", left, right, [OVER])) as a, \
                Tributary(work / "b", configuration("b", left, right, [BACK])) as b:
            wait_live(a, b)
            from_left, from_right = go_on(left, right, 6)
            accounts = a.stop(), b.stop()
        everything = sorted(from_left + from_right)
        assert (sorted(left.hear()), sorted(right.hear())) == (everything, everything), "each once on each side"
    assert [account["sent"] for account in accounts] == [len(from_left), len(from_right)]
    assert counts(a)["dropped.breaker"] == len(from_right), "what the other relay had brought is not taken back"
    assert counts(b)["dropped.breaker"] in (len(from_left) - 1, len(from_left)), "the last may come too late"


@pytest.mark.parametrize("right", ["hall", "chat"])
def test_two_relays_that_carry_both_ways_say_a_text_at_most_once_each(work, right):
    """Each takes the same words of the other for an echo of its own. A sink says three texts here, so that its breaker opens
    after the last one at the earliest, and the fingerprints are alone at work."""
    with places(right) as (left, right):
        with Tributary(work / "a", configuration("a", left, right, [OVER, BACK])) as a, \
                Tributary(work / "b", configuration("b", left, right, [OVER, BACK])) as b:
            wait_live(a, b)
            from_left, from_right = go_on(left, right, 1)
            sent = a.stop()["sent"] + b.stop()["sent"]
        wait_until(lambda: len(left.hear()) + len(right.hear()) >= len(from_left + from_right) + sent, 20, "all that was sent")
    assert [left.heard.count(text) for text in from_left] == [1] * len(from_left), f"something came back: {left.heard}"
    assert [right.heard.count(text) for text in from_right] == [1] * len(from_right), f"something came back: {right.heard}"
    over = [right.heard.count(text) for text in from_left] + [left.heard.count(text) for text in from_right]
    assert set(over) <= {1, 2} and sum(over) == sent, f"{left.heard}, {right.heard}"


def test_check_warns_of_texts_that_can_come_round(work):
    with places("hall") as (left, right):
        write_config(work, configuration("a", left, right, [OVER, BACK]))
        both = run_once("check", "-c", work / "tributary.yaml")
        write_config(work, configuration("a", left, right, [OVER]))
        one = run_once("check", "-c", work / "tributary.yaml")
    assert both.returncode == one.returncode == 0
    way = "left -> to-right -> right -> to-left -> left"
    assert f"sinks.to-right: what it says can come round: {way};" in both.stdout, both.stdout
    assert "a text or a bare event has no mark" in both.stdout
    assert "can come round" not in one.stdout
