"""`where` of routes: what each sink gets of a simulated show is what an independent reader would have picked."""

import decimal
import json
import signal

import pytest

from peers.place import wait_until
from peers.program import Tributary, run_once, streamelements, write_config
from peers.scripted import ScriptedUpstream, tip
from peers.ws_server import Simulated

pytestmark = pytest.mark.quick

EVENTS = 400
CREATED = "2026-10-01T12:34:56.789Z"


def config_for(url, routes):
    """A file for each route, named as its sink, and one for everything."""
    return {"connectors": {"main": streamelements(url)},
            "sinks": {name: {"type": "file", "path": f"{name}.jsonl"} for name in ["all", *routes]},
            "routes": [{"to": ["all"]}, *({"where": where, "to": [name]} for name, where in routes.items())]}


def written(relay, name):
    path = relay.folder / f"{name}.jsonl"
    if not path.exists():
        return []
    return [json.loads(line, parse_float=decimal.Decimal, parse_int=decimal.Decimal) for line in path.read_text().splitlines()]


def ids(events):
    return [event["_id"] for event in events]


def test_each_sink_gets_exactly_the_events_for_which_its_condition_holds(work):
    """Of a show with all types of event, some of them tests."""
    routes = {"large": "data.amount >= 50 and type == 'tip'",
              "others": "not (type == 'tip' or type == 'cheer') or data.currency != \"USD\"",
              "nobody": "data.there_is_none != 5"}
    with Simulated("streamelements", ("--rate", "400", "--events", str(EVENTS)), pace="even") as simulator:
        url = f"ws://127.0.0.1:{simulator.port}/socket.io/"
        with Tributary(work, config_for(url, routes)) as relay:
            wait_until(lambda: len(written(relay, "all")) == EVENTS, 30, "every event in the file of all")
            account = relay.stop()
    everything = written(relay, "all")
    large = [event for event in everything if event["type"] == "tip" and event["data"]["amount"] >= 50]
    others = [event for event in everything if event["type"] not in ("tip", "cheer")
              or event["data"].get("currency", "USD") != "USD"]
    assert 0 < len(large) < EVENTS and 0 < len(others) < EVENTS, "the show has nothing to choose from"
    assert ids(written(relay, "large")) == ids(large)
    assert ids(written(relay, "others")) == ids(others)
    assert written(relay, "nobody") == []
    assert account["accepted"] == EVENTS and account["unrouted"] == 0
    assert account["offered"] == account["delivered"] == EVENTS + len(large) + len(others)


def test_amounts_are_compared_as_they_were_sent_and_what_no_route_takes_keeps_no_number(work):
    amounts = ["4.99", "5", "5.00", "5e0", "5.0000000000000000001", "4.9999999999999999999", "12345678901234567890123",
               '"gift"', "0"]
    config = config_for("", {"five": "data.amount >= 5 and test == false"})
    config["sinks"].pop("all")
    config["routes"].pop(0)
    with ScriptedUpstream() as upstream:
        config["connectors"]["main"]["url"] = upstream.url()
        with Tributary(work, config) as relay:
            connection = upstream.live()
            for number, amount in enumerate(amounts, 1):
                text = json.dumps(tip(CREATED, number, amount="AMOUNT")).replace('"AMOUNT"', amount)
                connection.text(f'42["event",{text}]')
            connection.wait_read()
            wait_until(lambda: len(written(relay, "five")) == 5, 15, "five tips of at least 5")
            account = relay.stop()
    events = written(relay, "five")
    assert [str(event["data"]["amount"]) for event in events] == ["5", "5.00", "5", "5.0000000000000000001",
                                                                 "12345678901234567890123"]
    assert [int(event["relay"]["sequence"]) for event in events] == [1, 2, 3, 4, 5]
    assert (account["accepted"], account["unrouted"], account["delivered"]) == (5, 4, 5)


@pytest.mark.parametrize("where, told", [
    ("data.amount => 5", "routes[1].where: at character 13: found `=>`, expected one of == != < <= > >=; did you mean `>=`?"),
    ("amount >= 5", "routes[1].where: at character 1: no event has a field `amount`; did you mean `data.amount`?"),
    ("test", "routes[1].where: at character 1: `relay.test` stands alone, expected a comparison such as relay.test == true"),
])
def test_check_refuses_a_condition_with_its_place(work, where, told):
    text = (f"version: 1\nconnectors: {{}}\nsinks: {{all: {{type: file, path: all.jsonl}}}}\nroutes:\n"
            f"  - {{to: [all]}}\n  - {{to: [all], where: \"{where}\"}}\n")
    done = run_once("check", "-c", write_config(work, text), folder=work)
    assert done.returncode == 2, done
    assert f"tributary.yaml:6:24: {told}" in done.stdout + done.stderr


def test_a_reload_changes_the_condition_for_the_events_after_it(work):
    config = config_for("", {"some": "data.amount >= 5"})
    with ScriptedUpstream() as upstream:
        config["connectors"]["main"]["url"] = upstream.url()
        with Tributary(work, config) as relay:
            connection = upstream.live()
            connection.emit("event", tip(CREATED, 1, amount=5))
            connection.emit("event", tip(CREATED, 2, amount=4))
            wait_until(lambda: len(written(relay, "all")) == 2, 15, "both tips")
            config["routes"][1]["where"] = "data.amount < 5"
            write_config(work, {"log": {"level": "debug", "format": "json"}, **config})
            relay.signal(signal.SIGHUP)
            relay.wait_log('"reloaded"', "routes.1.where")
            connection.emit("event", tip(CREATED, 3, amount=5))
            connection.emit("event", tip(CREATED, 4, amount=4))
            wait_until(lambda: len(written(relay, "all")) == 4, 15, "all tips")
            relay.stop()
    assert [event["_id"][-1] for event in written(relay, "some")] == ["1", "4"]
