"""The page of the admin port in headless Chromium: what somebody at a live show sees, on a desk, on a phone, by
keyboard; and what an upstream must not be able to do to it."""

import copy
import re
import time

import pytest

from peers.place import ROOT, wait_until

from dashboard.stand_in import StandIn, connector, event, healthy, one_refused, sink, status

GONE = ("net::ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_EMPTY_RESPONSE", "ERR_CONNECTION_RESET")
WELL = "all is well: 5 upstreams are live, 2 sinks keep up"


@pytest.fixture
def relay():
    with StandIn(healthy()) as made:
        yield made


def test_a_healthy_relay_says_so_at_a_glance(relay, look):
    seen = look(relay.url)
    seen.wait_headline(WELL)
    assert seen.page.title() == f"✔ {WELL} – stage-left"
    assert seen.text("#sign") == "✔" and seen.page.locator("#troubles").is_hidden()
    cards = seen.page.locator("#upstreams > li")
    assert cards.count() == 5
    assert "main-stage" in cards.nth(0).inner_text() and "✔ live" in cards.nth(0).inner_text()
    assert "2 s ago" in cards.nth(0).inner_text() and "3.1/s" in cards.nth(0).inner_text()
    assert "72" in seen.page.locator("#sinks > li").nth(0).inner_text()
    assert len(cards.nth(0).locator("polyline").get_attribute("points").split()) == 7
    assert "at most 2.4 a second" in cards.nth(0).locator("svg").get_attribute("aria-label")


def test_one_refused_upstream_is_named_with_its_reason(relay, look):
    relay.status = one_refused()
    seen = look(relay.url)
    seen.wait_headline("1 of 5 upstreams needs attention: hall (connect_refused)")
    assert seen.text("#sign") == "✖"
    assert seen.text("#troubles") == "hall: connect_refused: connection refused; next attempt in 12 s"
    card = seen.page.locator("#upstreams > li", has_text="hall")
    assert "✖ waiting" in card.inner_text() and "connection refused" in card.inner_text()
    relay.status = healthy()
    seen.wait_headline(WELL)
    assert seen.page.locator("#troubles").is_hidden()


def test_it_says_since_when_the_relay_is_gone_and_goes_on_when_it_is_back(relay, look):
    seen = look(relay.url, allowed=GONE)
    seen.wait_headline(WELL)
    relay.stop()
    seen.wait_headline("connection to the relay lost since ")
    since = seen.text("#headline")
    assert re.fullmatch(r"connection to the relay lost since \d\d:\d\d:\d\d", since)
    assert "it cannot be reached; what is below stands as of" in seen.text("#troubles")
    assert seen.page.locator("#upstreams > li").count() == 5, "what was known stays"
    relay.start()
    seen.wait_headline(WELL)
    relay.tell(event())  # the browser has opened the events again by itself
    seen.page.locator("#events li", has_text="Quiet Fox").wait_for()


def test_live_events_come_newest_first_and_are_bounded(relay, look):
    seen = look(relay.url)
    seen.wait_headline(WELL)
    for number in range(150):
        relay.tell(event(number, message=f"number {number}."))
    seen.page.locator("#events li", has_text="number 149.").wait_for()
    assert seen.page.locator("#events li").count() == 100
    assert "number 149." in seen.page.locator("#events li").first.inner_text()
    relay.tell({"count": 7}, name="dropped")
    seen.page.locator("#events li", has_text="7 events are not shown here").wait_for()
    seen.page.locator("#pause").click()
    assert seen.page.locator("#pause").get_attribute("aria-pressed") == "true"
    assert relay.asked.count("/events") == 1, "one connection"


def test_a_phone_shows_all_of_it_without_sideways_scrolling(relay, look):
    long = "x" * 120
    relay.status = status([connector("hall-" + "n" * 60, channels=[{"channel": long, "silence": 1.0}]),
                           connector("arcade", state="waiting", reason="closed", detail=long, next_attempt_in=3.0)],
                          [sink("events", failing=long, state="failing")], "trouble", "1 of 2 upstreams needs attention: " + long)
    seen = look(relay.url, width=360, height=740)
    seen.wait_headline("needs attention")
    relay.tell(event(message=long, displayName=long))
    seen.page.locator("#events li").first.wait_for()
    assert seen.wide() == 0
    box = seen.page.locator("#theme").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 360


def test_everything_is_reached_by_keyboard_in_order_and_the_focus_is_seen(relay, look):
    seen = look(relay.url)
    seen.wait_headline(WELL)
    order = []
    for _ in range(5):
        seen.page.keyboard.press("Tab")
        order.append(seen.page.evaluate("document.activeElement.id || document.activeElement.className || "
                                        "document.activeElement.tagName"))
        if order[-1] != "BODY":
            assert seen.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid", order
    assert order[:4] == ["skip", "theme", "pause", "events"]
    assert order[4] == "BODY", "the keyboard is not held: after the last one comes the browser itself"
    seen.page.keyboard.press("Tab")
    seen.page.keyboard.press("Enter")
    assert seen.page.evaluate("document.activeElement.id") == "main", "the skip link goes past the header"
    assert seen.page.locator("#headline").get_attribute("aria-live") == "polite"


def test_texts_of_upstreams_are_only_text(relay, look):
    hostile = "<script>document.title='owned'</script><img src=http://elsewhere.invalid/x onerror=alert(1)>\u202etxet"
    said = copy.deepcopy(one_refused())
    said["connectors"][3] |= {"detail": hostile, "channels": [{"channel": hostile, "silence": 1.0}]}
    said["troubles"][0]["words"] = said["headline"] = hostile
    said["instance"] = hostile
    relay.status = said
    seen = look(relay.url)
    seen.wait_headline("<script>")
    relay.tell({**event(displayName=hostile, message=hostile), "type": hostile})
    seen.page.locator("#events li").first.wait_for()
    for place in ("#headline", "#troubles", "#upstreams", "#events"):
        assert "<script>document.title='owned'</script>" in seen.text(place)
        assert "\u202e" not in seen.text(place), "nothing turns the direction of what stands beside it"
    assert seen.page.locator("main script, main img, header script, header img").count() == 0
    assert "owned'" in seen.page.title() and seen.page.title() != "owned"


def test_dark_follows_the_system_and_the_switch_is_remembered(relay, look):
    def ground(seen):
        return sum(map(int, re.findall(r"\d+", seen.page.evaluate("getComputedStyle(document.body).backgroundColor"))[:3]))

    seen = look(relay.url, dark=True)
    seen.wait_headline(WELL)
    assert ground(seen) < 150
    seen.page.locator("#theme").click()
    assert ground(seen) > 600
    seen.page.reload()
    seen.wait_headline(WELL)
    assert ground(seen) > 600 and seen.text("#theme") == "Dark"
    assert ground(look(relay.url)) > 600


@pytest.mark.parametrize("dark", [False, True])
def test_what_is_written_can_be_read(relay, look, dark):
    """The contrast of all text against what is behind it is at least 4.5 (WCAG AA)."""
    relay.status = one_refused()
    seen = look(relay.url, dark=dark, still=True)
    seen.wait_headline("needs attention")
    relay.tell(event())
    seen.page.locator("#events li").first.wait_for()
    poor = seen.page.evaluate("""() => {
      const rgb = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
      const light = ([r, g, b]) => [r, g, b].map((c) => (c /= 255) <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
      const behind = (element) => {
        for (let e = element; e; e = e.parentElement) {
          const colour = rgb(getComputedStyle(e).backgroundColor);
          if (colour.length === 3 || colour[3] > 0) return colour;
        }
        return [255, 255, 255];
      };
      const poor = [];
      for (const e of document.querySelectorAll('body *')) {
        if (![...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()) || !e.checkVisibility()) continue;
        const [a, b] = [light(rgb(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
        const contrast = (a + .05) / (b + .05);
        if (contrast < 4.5) poor.push(`${e.tagName}.${e.className} ${e.textContent.slice(0, 30)}: ${contrast.toFixed(2)}`);
      }
      return poor;
    }""")
    assert poor == []


def test_whoever_wants_less_motion_gets_none(relay, look):
    for pages, still, expected in ((1, True, "none"), (2, False, "fresh")):
        seen = look(relay.url, still=still)
        seen.wait_headline(WELL)
        relay.tell(event(), readers=pages)
        row = seen.page.locator("#events li").first
        row.wait_for()
        assert row.evaluate("e => getComputedStyle(e).animationName") == expected


def test_it_asks_for_one_status_every_two_seconds(relay, look):
    seen = look(relay.url)
    seen.wait_headline(WELL)
    began, before = time.monotonic(), relay.asked.count("/status")
    wait_until(lambda: relay.asked.count("/status") >= before + 3, 20, "three more questions")
    assert time.monotonic() - began > 3.5, "twice two seconds lie between them"
    assert set(relay.asked) - {"/icon.svg"} == {"/", "/page.css", "/page.js", "/status", "/events"}


def test_every_field_of_the_status_is_documented():
    text = (ROOT / "docs" / "ADMIN.md").read_text()
    words = set(re.findall(r"`([a-z_0-9]+)(?:\[\])?(?:\.[a-z_]+)?`", text))
    said = one_refused()
    parts = [said, said["troubles"][0], *said["connectors"], *said["sinks"], said["sinks"][0]["latency"],
             said["connectors"][0]["channels"][0], said["sinks"][0]["notices"], said["sinks"][0]["spool"]]
    missing = {name for part in parts for name in part} - words
    assert not missing, f"docs/ADMIN.md does not say what these are: {sorted(missing)}"
