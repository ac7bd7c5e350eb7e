"""The page of the program itself: the demo, a relay with one upstream that refuses. TRIBUTARY_SCREENSHOTS=docs/images has
these tests write the pictures of the README there."""

import json
import os
import re
import urllib.request

import pytest

from dashboard.stand_in import one_refused
from peers.place import ROOT, free_port, wait_until
from peers.program import Tributary

PICTURES = os.environ.get("TRIBUTARY_SCREENSHOTS", "")


@pytest.fixture
def demo(work):
    with Tributary(work / "demo", command="demo", arguments=["--rate", "20"]) as running:
        running.page = wait_until(lambda: re.search(r"dashboard +(http://\S+/)", running.output), 20, "its address")[1]
        running.upstreams = dict(reversed(pair) for pair in re.findall(r"upstream +(\S+) +\(a simulated (\w+)\)", running.output))
        yield running


def picture(seen, name):
    """Kept small: a page of little but text."""
    if not PICTURES:
        return
    seen.page.wait_for_timeout(400)
    place = (ROOT / PICTURES / f"{name}.png").resolve()
    place.parent.mkdir(parents=True, exist_ok=True)
    seen.page.screenshot(path=str(place))
    assert place.stat().st_size < 150 * 1024


def status_of(url):
    with urllib.request.urlopen(url + "status", timeout=10) as answer:
        return json.loads(answer.read())


def shape(value):
    """The names of all members, as a test compares them."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()
                if name not in ("dropped", "endings", "log_events", "spool", "reload")}
    return [shape(value[0])] if isinstance(value, list) and value and isinstance(value[0], dict) else None


def booked(status):
    """Both equations, of every ledger of this one answer."""
    for one in status["connectors"]:
        book = one["ledger"]
        assert book["frames"] == book["control"] + book["malformed"] + book["carrying"], one["name"]
        assert book["events"] == book["duplicate"] + sum(book["ignored"].values()) + book["unrouted"] + book["accepted"]
    for one in status["sinks"]:
        book = one["ledger"]
        assert book["offered"] + book["recovered"] == (book["delivered"] + book["sent"] + book["dead_lettered"] +
                                                       sum(book["dropped"].values()) + book["in_flight"] + book["spooled"])


def test_the_demo_is_shown_live(demo, look):
    settle = 40_000 if PICTURES else 0  # for a picture, lines that have something to show
    for name, dark in (("dashboard-light", False), ("dashboard-dark", True)):
        seen = look(demo.page, dark=dark)
        seen.wait_headline("all is well: 5 upstreams are live", seconds=30)
        seen.page.locator("#events li").nth(3).wait_for()
        assert seen.page.locator("#upstreams > li").count() == 5
        assert all("✔ live" in text for text in seen.page.locator("#upstreams > li").all_inner_texts())
        seen.page.wait_for_timeout(settle)
        settle = 0
        picture(seen, name)
    said = status_of(demo.page)
    booked(said)
    assert sum(one["ledger"]["events"] for one in said["connectors"]) > 0
    real, ours = shape(said), shape(one_refused())
    real["troubles"] = ours["troubles"]
    real["connectors"][0]["channels"] = ours["connectors"][0]["channels"]
    real["sinks"][0]["brokers"] = ours["sinks"][0]["brokers"]
    assert real == ours, "the stand-in of these tests is not like the program"


def test_a_relay_with_one_refused_upstream_says_which(demo, work, look):
    secret = {"value": "demo-token"}
    upstreams = {
        "main-stage": {"type": "streamelements", "url": demo.upstreams["streamelements"], "auth": {"method": "jwt", "token": secret}},
        "classroom": {"type": "oha", "url": demo.upstreams["oha"], "stream": {"value": "demo-stream-key"}, "label": "maths-101",
                      "auth": {"token": secret}},
        "hall": {"type": "stagecast", "url": f"ws://127.0.0.1:{free_port()}", "channel": "simulated-hall"},
        "accounts": {"type": "users", "url": demo.upstreams["users"], "origin": "trusted-host", "label": "users"},
    }
    config = {"instance": "stage-left", "connectors": upstreams, "sinks": {"archive": {"type": "file", "path": "events.jsonl"}},
              "routes": [{"to": ["archive"]}]}
    with Tributary(work / "relay", config) as relay:
        settle = 30_000 if PICTURES else 0
        for name, dark in (("dashboard-refused-light", False), ("dashboard-refused-dark", True)):
            seen = look(f"http://{relay.admin()}/", dark=dark)
            seen.wait_headline("1 of 4 upstreams needs attention: hall (connect_refused)", seconds=30)
            card = seen.page.locator("#upstreams > li", has_text="hall")
            assert "connect_refused" in card.inner_text()
            seen.page.locator("#events li").nth(3).wait_for()
            seen.page.wait_for_timeout(settle)
            settle = 0
            if PICTURES:  # not at the moment in which it is dialled
                card.locator("text=✖ waiting").wait_for(timeout=60_000)
            picture(seen, name)
        booked(status_of(f"http://{relay.admin()}/"))
        relay.stop()
