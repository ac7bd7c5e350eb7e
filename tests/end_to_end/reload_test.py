"""SIGHUP: any change is applied while the relay runs, and what has not changed is not touched."""

import contextlib
import json
import pathlib
import re
import signal
import time

import pytest

from peers.downstreams import Stagecast
from peers.place import PATIENCE, free_port, wait_until
from peers.program import Tributary, kafka as kafka_sink, run_once, streamelements, write_config
from peers.scripted import ScriptedUpstream
from peers.tap import CLOSE
from peers.ws_server import Simulated

from end_to_end.sinks_test import emit

pytestmark = pytest.mark.quick


def configuration(port, streamers, **more):
    return {"log": {"level": "debug", "format": "json"}, "sinks": {"out": {"type": "stdout"}}, "routes": [{"to": ["out"]}],
            "connectors": {"d": {"type": "dlive", "url": f"ws://127.0.0.1:{port}/", "streamers": streamers}}, **more}


def reload(relay, config, *words, count=1):
    write_config(relay.folder, config)
    relay.signal(signal.SIGHUP)
    return relay.wait_log(*words, count=count)


def heard_of(relay):
    """The streamers whose events came, in the order of the first."""
    seen = []
    for entry in relay.entries():
        channel = entry.get("relay", {}).get("upstreamChannel")
        if channel is not None and entry.get("provider") == "dlive" and channel not in seen:
            seen.append(channel)
    return seen


def test_a_changed_list_of_streamers_is_applied_on_the_live_socket(work):
    with Simulated("dlive", options=("--rate", "200"), streamers="ada,bob,cyd") as upstream, \
            Tributary(work, configuration(upstream.port, ["ada", "bob"])) as relay:
        wait_until(lambda: set(heard_of(relay)) == {"ada", "bob"}, 20, lambda: f"events of two: {relay.output[-2000:]}")
        reload(relay, configuration(upstream.port, ["bob", "cyd"]), '"reloaded"', "connectors.d.streamers")
        wait_until(lambda: "cyd" in heard_of(relay), 20, lambda: f"events of the third: {relay.output[-2000:]}")
        # What was underway when `stop` was sent may come; then nothing of the one that was taken away.
        def settled():
            last = [e["relay"]["upstreamChannel"] for e in relay.entries() if e.get("provider") == "dlive"][-200:]
            return len(last) == 200 and set(last) == {"bob", "cyd"}
        wait_until(settled, 20, lambda: "events of the two that are left, and of no other")
        assert len(relay.wait_log('"connector_up"')) == 1, "one connection all along"
        reload(relay, configuration(upstream.port, ["bob", "cyd"]), '"reloaded"', "nothing has changed")
        relay.stop()


def test_how_long_each_streamer_is_silent_is_measured(work):
    """A wrong name is a valid and silent subscription: its silence grows."""
    def silence_of(streamer):
        return [float(entry["seconds"]) for entry in relay.entries()
                if entry.get("event") == "channel_silence" and entry.get("message") == streamer]
    with Simulated("dlive", options=("--rate", "50", "--set", "pace=even"), streamers="ada") as upstream, \
            Tributary(work, configuration(upstream.port, ["ada", "adda"])) as relay:
        wait_until(lambda: silence_of("ada") and silence_of("adda"), 40, lambda: f"a measurement: {relay.output[-2000:]}")
        assert silence_of("adda")[-1] > 5 > silence_of("ada")[-1]
        relay.stop()


@pytest.mark.parametrize("change, key, words", [
    ({"limits": {"nesting": 32}}, "limits.nesting", "connects anew"),
    ({"limits": {"pause": "7s"}}, "limits.pause", "connects anew"),
])
def test_what_every_connector_depends_on_has_it_connect_anew(work, change, key, words):
    with Simulated("dlive", streamers="ada") as upstream, \
            Tributary(work, configuration(upstream.port, ["ada"])) as relay:
        relay.wait_log('"connector_up"')
        reload(relay, configuration(upstream.port, ["ada"], **change), '"reloaded"', words, key)
        relay.wait_log('"connector_up"', count=2)
        relay.stop()


def test_routes_are_changed_and_no_connection_is_touched(work):
    with Simulated("dlive", options=("--rate", "100"), streamers="ada") as upstream, \
            Tributary(work, configuration(upstream.port, ["ada"])) as relay:
        wait_until(lambda: heard_of(relay), 20, "an event")
        reload(relay, configuration(upstream.port, ["ada"], routes=[{"to": ["out"], "types": ["no-such-type"]}]),
               '"reloaded"', "routes.0.types")
        relay.wait_log('"event_unrouted"')
        before = len(relay.stdout.splitlines())
        reload(relay, configuration(upstream.port, ["ada"]), '"reloaded"', "routes.0.types", count=2)
        wait_until(lambda: len(relay.stdout.splitlines()) > before + 20, 20, "events again")
        assert len(relay.wait_log('"connector_up"')) == 1 and '"connector_down"' not in relay.output
        assert relay.stop()["unrouted"] > 0


def test_the_log_and_other_keys_are_changed(work):
    with Simulated("dlive", options=("--rate", "50"), streamers="ada") as upstream, \
            Tributary(work, configuration(upstream.port, ["ada"], log={"level": "warn", "format": "json"})) as relay:
        wait_until(lambda: heard_of(relay), 20, "an event: it runs")
        reload(relay, configuration(upstream.port, ["ada"]), '"reloaded"', "changed: log.level")
        relay.wait_log('"debug"', seconds=40)
        reload(relay, configuration(upstream.port, ["ada"], io_threads=2, stop_timeout="9s",
                                    limits={"dials_per_second": 3}, log={"level": "info", "format": "text"}),
               "reloaded", "changed: io_threads, limits.dials_per_second, log.format, log.level, stop_timeout")
        relay.signal(signal.SIGTERM)
        relay.wait_log("program_stopping", "at most 9s")
        relay.ended()
        assert '"connector_down"' not in relay.output


def test_connectors_come_change_and_go(work):
    with Simulated("dlive", options=("--rate", "50"), streamers="ada") as one, \
            Simulated("dlive", options=("--rate", "50"), streamers="bob") as two, \
            Tributary(work, configuration(one.port, ["ada"])) as relay:
        wait_until(lambda: heard_of(relay) == ["ada"], 20, "events of the first")
        config = configuration(one.port, ["ada"])
        config["connectors"]["e"] = {**config["connectors"]["d"], "url": f"ws://127.0.0.1:{two.port}/", "streamers": ["bob"]}
        reload(relay, config, '"reloaded"', '"e"', "started")
        wait_until(lambda: heard_of(relay) == ["ada", "bob"], 20, "events of the second")
        config["connectors"]["e"]["enabled"] = False
        reload(relay, config, '"reloaded"', '"e"', "stopped")
        config["connectors"]["d"]["url"] = f"ws://127.0.0.1:{two.port}/"
        config["connectors"]["d"]["streamers"] = ["bob"]
        reload(relay, config, '"reloaded"', '"d"', "connects anew", "connectors.d.streamers", "connectors.d.url")
        relay.wait_log('"connector_up"', count=3)
        account = relay.stop()
        assert account["accepted"] == account["sent"] > 0
        numbers = [entry["relay"]["sequence"] for entry in relay.entries()
                   if entry.get("relay", {}).get("connector") == "d" and entry.get("provider") == "dlive"]
        assert numbers == list(range(1, len(numbers) + 1)), "the numbers go on over the new connection"


def test_a_sink_that_cannot_be_made_changes_nothing(work):
    with Simulated("dlive", streamers="ada,bob") as upstream, \
            Tributary(work, configuration(upstream.port, ["ada"])) as relay:
        relay.wait_log('"connector_up"')
        sinks = {"out": {"type": "stdout"}, "first": {"type": "file", "path": "first.jsonl"},
                 "lost": {"type": "file", "path": "no-such-folder/x.jsonl"}}
        reload(relay, configuration(upstream.port, ["bob"], sinks=sinks), '"reload_refused"', "sinks.lost")
        assert '"reloaded"' not in relay.output, "all or nothing: the streamers are not changed either"
        reload(relay, configuration(upstream.port, ["ada", "bob"]), '"reloaded"', "connectors.d.streamers")
        assert len(relay.wait_log('"connector_up"')) == 1
        relay.stop()


class Show:
    """Three upstreams, a relay, and configurations that follow one another. `topic`: a sink that gets every event, too,
    and never changes."""

    def __init__(self, ports, io_threads=1, topic=None):
        self.ports, self.io_threads, self.topic = ports, io_threads, topic

    def connector(self, upstream, **more):
        name = ("ada", "bob", "cyd")[upstream]
        return {"type": "dlive", "url": f"ws://127.0.0.1:{self.ports[upstream]}/", "streamers": [name], **more}

    def round(self, number):
        """What changes: b connects anew, c comes and goes, one sink is replaced and one comes and goes, and so does a
        route. What does not: a, and the sinks `kept` and `topic`."""
        sinks = {"kept": {"type": "file", "path": "kept.jsonl"},
                 "changed": {"type": "file", "path": "changed.jsonl", "keep": 2 + number % 2}}
        routes = [{"to": ["kept", "changed"]}]
        if self.topic:
            sinks["topic"] = self.topic
            routes.append({"to": ["topic"]})
        connectors = {"a": self.connector(0), "b": self.connector(1, ping_interval=f"{5 + number}s")}
        if number % 2:
            connectors["c"] = self.connector(2)
            sinks["guest"] = {"type": "file", "path": "guest.jsonl"}
            routes.append({"from": ["a"], "to": ["guest"]})
        return {"connectors": connectors, "sinks": sinks, "routes": routes, "io_threads": self.io_threads,
                "log": {"level": "info", "format": "json"}}


class Lines:
    """Counts the lines of a file that grows, without reading one of them twice."""

    def __init__(self, path):
        self.path, self.at, self.counts = path, 0, {}

    def _look(self):
        if self.path.exists():
            with open(self.path, "rb") as file:
                file.seek(self.at)
                new = file.read()
            new = new[:new.rfind(b"\n") + 1]
            self.at += len(new)
            for name in re.findall(rb'"connector":"(\w+)"', new):
                self.counts[name.decode()] = self.counts.get(name.decode(), 0) + 1
        return self.counts

    def of(self, connector):
        return self._look().get(connector, 0)

    def all(self):
        return sum(self._look().values())


def written_by(path, connector):
    lines = [json.loads(line) for line in path.read_text().split("\n")[:-1]]  # the last may not be whole yet
    return [line["relay"]["sequence"] for line in lines if line.get("relay", {}).get("connector") == connector
            and line.get("provider") == "dlive"]


def owed_by(relay, sink):
    """What a sink has not delivered yet, in memory and on disk, as `tributary status` tells it."""
    done = run_once("status", "--json", "-c", relay.folder / "tributary.yaml", env=relay.environment())
    assert done.stdout, done
    book = next(one["ledger"] for one in json.loads(done.stdout)["sinks"] if one["name"] == sink)
    return book["in_flight"] + book["spooled"]


@pytest.mark.parametrize("io_threads, spool", [(1, False), (4, True)])
def test_everything_changes_under_load_and_every_event_is_accounted_for(work, own_kafka, topics, io_threads, spool):
    """1,000 events a second are said in each round by those connectors alone that are in all of them. What must arrive is
    half of that, or less where deadlines are longer: b dials anew in each round, and the machine may be slow."""
    topics.create(own_kafka)
    own_kafka.stop()
    with contextlib.ExitStack() as stack:
        upstreams = [stack.enter_context(Simulated("dlive", options=("--rate", "500", "--set", "pace=even"), streamers=name))
                     for name in ("ada", "bob", "cyd")]
        topic = kafka_sink(own_kafka.bootstrap(), topics=dict(topics), memory="256MiB", spool={"enabled": spool})
        show = Show([upstream.port for upstream in upstreams], io_threads, topic)
        relay = stack.enter_context(Tributary(work, show.round(0)))
        relay.wait_log('"connector_up"', count=2)
        arrived, owed, rates = Lines(work / "kept.jsonl"), [0], []
        for number in range(1, 11):
            began, before, a = time.monotonic(), arrived.all(), arrived.of("a")
            reload(relay, show.round(number), '"reloaded"', '"b"', "connectors.b.ping_interval", count=number)
            wait_until(lambda: arrived.of("a") >= a + 200 and arrived.all() >= before + 400, 20, "events go on")
            rates.append((arrived.all() - before) / (time.monotonic() - began))
            owed.append(owed_by(relay, "topic"))
        assert min(rates) >= 500 / PATIENCE, rates
        # What nobody took from the sink that was never touched is all still there, and then goes out in order, once.
        assert owed == sorted(owed) and owed[1] > 0 and owed[-1] > 4000, owed
        upstreams[0].process.send_signal(signal.SIGTERM)
        said = upstreams[0].process.communicate(timeout=20)[1]
        assert "connections=1 " in said, said
        for upstream in upstreams[1:]:
            upstream.process.kill()
        own_kafka.start()
        wait_until(lambda: owed_by(relay, "topic") == 0, 60, lambda: f"all on the topic: {relay.output[-2000:]}", interval=0.5)
        account = relay.stop()
        assert '"reload_refused"' not in relay.output
        # a was never touched: one connection, and every one of its events in the sink that was never touched
        written = {connector: written_by(work / "kept.jsonl", connector) for connector in "abc"}
        numbers = written["a"]
        assert numbers == list(range(1, len(numbers) + 1)) and len(numbers) > 300
        assert len([line for line in relay.wait_log('"connector_up"') if '"a"' in line]) == 1
        # b connected anew each time and went on with its numbers; the sink that was replaced each time lost nothing
        for connector in "abc":
            numbers = written[connector]
            assert numbers == written_by(work / "changed.jsonl", connector)
            assert numbers == list(range(1, len(numbers) + 1)), connector
        guest = written_by(work / "guest.jsonl", "a")
        assert guest == sorted(set(guest)) and 0 < len(guest) < len(written["a"])
        kept = sum(len(numbers) for numbers in written.values())
        assert account["accepted"] == kept
        assert account["delivered"] == account["offered"] == 3 * kept + len(guest)
        records = [json.loads(record.value)["relay"] for record in own_kafka.read_topic(topics["events"], kept)]
        assert len(records) == kept
        for connector in "abc":
            numbers = [record["sequence"] for record in records if record["connector"] == connector]
            assert numbers == written[connector], connector
        assert account["dropped"] == account["in_flight"] == account["spooled"] == 0


def test_what_a_replaced_sink_could_not_deliver_goes_to_the_one_that_takes_its_place(work):
    """Nobody is where the sink delivers to; the file is set right, and nothing that waited is lost."""
    sinks = {"events": {"type": "kafka", "brokers": [f"127.0.0.1:{free_port()}"], "spool": {"enabled": False}}}
    with Simulated("dlive", options=("--rate", "200", "--set", "pace=even"), streamers="ada") as upstream, \
            Tributary(work, configuration(upstream.port, ["ada"], sinks=sinks, routes=[{"to": ["events"]}])) as relay:
        relay.wait_log('"connector_up"')
        relay.wait_log('"status"', "waiting", seconds=30)
        sinks = {"events": {"type": "file", "path": "events.jsonl"}}
        reload(relay, configuration(upstream.port, ["ada"], sinks=sinks, routes=[{"to": ["events"]}]),
               '"reloaded"', '"events"', "sinks.events.type")
        wait_until(lambda: (work / "events.jsonl").is_file() and len(written_by(work / "events.jsonl", "d")) > 1000, 30,
                   "what had waited, and more")
        account = relay.stop()
        numbers = written_by(work / "events.jsonl", "d")
        assert numbers == list(range(1, len(numbers) + 1)) and len(numbers) == account["delivered"] == account["offered"]
        assert account["dropped"] == 0


def test_a_sink_that_is_renamed_and_one_that_comes_back_never_write_side_by_side(work):
    with Simulated("dlive", options=("--rate", "500"), streamers="ada") as upstream:
        def of(name):
            return configuration(upstream.port, ["ada"], sinks={name: {"type": "file", "path": "one.jsonl", "rotate": "0B"}},
                                 routes=[{"to": [name]}])
        with Tributary(work, of("one")) as relay:
            relay.wait_log('"connector_up"')
            for number in range(1, 9):
                reload(relay, of("one" if number % 2 == 0 else "other"), '"reloaded"', '"one"', count=number)
                before = len(written_by(work / "one.jsonl", "d"))
                wait_until(lambda: len(written_by(work / "one.jsonl", "d")) > before + 50, 20, "events go on")
            account = relay.stop()
            numbers = written_by(work / "one.jsonl", "d")
            assert numbers == list(range(1, len(numbers) + 1)) and len(numbers) == account["accepted"] == account["delivered"]


def test_a_channel_sink_that_is_taken_out_with_its_connector_says_what_it_has(work):
    """The connector stays connected until then, and leaves."""
    with Stagecast(work, None, None) as hall, ScriptedUpstream() as upstream:
        config = {"log": {"level": "debug", "format": "json"}, "stop_timeout": "60s",
                  "connectors": {"main": streamelements(upstream.url()), **hall.connectors},
                  "sinks": {"out": {"type": "stdout"}, "screen": {**hall.sink, "rate": {"per_second": 5, "burst": 1}}},
                  "routes": [{"from": ["main"], "to": ["out", "screen"]}]}
        with Tributary(work, config) as relay:
            connection = upstream.live()
            hall.wait_ready(relay)
            emitted = emit(connection, 12)
            hall.heard(1)
            del config["connectors"]["there"], config["sinks"]["screen"]
            config["routes"][0]["to"].remove("screen")
            reload(relay, config, '"reloaded"', '"there"', "stops as soon as the sinks that speak on it have said")
            assert len(hall.heard()) < 12, "some waited"
            more = emit(connection, 1)
            assert hall.heard(12) == emitted
            wait_until(lambda: hall.door.last().said.of(CLOSE), 20, "the connector says goodbye")
            wait_until(lambda: more[0] in relay.stdout, 20, "the other sink goes on")
            account = relay.stop()
        assert hall.heard() == emitted, "what came after the reload is not said there"
        assert account["dropped"] == 0 and account["sent"] == 12 + 13


@pytest.mark.long
@pytest.mark.races
def test_connectors_come_and_go_for_a_minute_on_four_threads(work):
    """Under ThreadSanitizer a race ends the program with a code of its own."""
    with contextlib.ExitStack() as stack:
        upstreams = [stack.enter_context(Simulated("dlive", options=("--rate", "400"), streamers=name))
                     for name in ("ada", "bob", "cyd")]
        show = Show([upstream.port for upstream in upstreams], io_threads=4)
        relay = stack.enter_context(Tributary(work, show.round(0)))
        relay.wait_log('"connector_up"', count=2)
        end, number = time.monotonic() + 60, 0
        while time.monotonic() < end or number <= 20:
            number += 1
            reload(relay, show.round(number), '"reloaded"', '"b"', "connectors.b.ping_interval", count=number)
            if number % 5 == 0:
                relay.signal(signal.SIGUSR1)
                before = len(written_by(work / "kept.jsonl", "a"))
                wait_until(lambda: len(written_by(work / "kept.jsonl", "a")) > before, 20, "events go on")
        account = relay.stop()
        numbers = written_by(work / "kept.jsonl", "a")
        assert numbers == list(range(1, len(numbers) + 1))
        assert account["dropped"] == account["in_flight"] == 0


def test_two_sinks_that_change_places_never_write_to_one_file(work):
    with Simulated("dlive", options=("--rate", "300"), streamers="ada") as upstream:
        def of(number):
            paths = ["x.jsonl", "y.jsonl"][::1 if number % 2 == 0 else -1]
            sinks = {name: {"type": "file", "path": path, "rotate": "4KiB", "keep": 1000}
                     for name, path in zip(("a", "b"), paths)}
            return configuration(upstream.port, ["ada"], sinks=sinks, routes=[{"to": ["a", "b"]}])
        with Tributary(work, of(0)) as relay:
            relay.wait_log('"connector_up"')
            for number in range(1, 11):
                reload(relay, of(number), '"reloaded"', '"a"', "sinks.a.path", count=number)
            account = relay.stop()
        assert '"error"' not in relay.stderr, relay.stderr[-2000:]
        # What a sink owes goes with its name: an event may be in one file twice, but each of the two has written it once.
        # A line that two wrote at a time would not be read.
        numbers = sum((written_by(path, "d") for path in work.glob("[xy].jsonl*")), [])
        assert sorted(numbers) == sorted(2 * list(range(1, account["accepted"] + 1)))


def test_the_account_is_never_among_the_events_of_standard_output(work):
    with Simulated("dlive", options=("--rate", "100"), streamers="ada") as upstream:
        file = {"f": {"type": "file", "path": "f.jsonl"}}
        with Tributary(work, configuration(upstream.port, ["ada"], sinks=file, routes=[{"to": ["f"]}])) as relay:
            relay.wait_log('"connector_up"')
            both = {**file, "out": {"type": "stdout"}}
            reload(relay, configuration(upstream.port, ["ada"], sinks=both, routes=[{"to": ["f", "out"]}]), '"reloaded"', '"out"')
            wait_until(lambda: relay.stdout, 20, "an event on standard output")
            relay.stop()
            assert all(line.startswith("{") for line in relay.stdout.splitlines())


def test_a_bad_file_changes_nothing_and_says_where(work):
    with Simulated("dlive", streamers="ada") as upstream, \
            Tributary(work, configuration(upstream.port, ["ada"])) as relay:
        relay.wait_log('"connector_up"')
        write_config(work, "version: 1\nconnectors:\n  d: {type: dlive, streamerz: [a]}\n")
        relay.signal(signal.SIGHUP)
        line, *_ = relay.wait_log('"reload_refused"', "tributary.yaml:3:", "streamers")
        assert "the running configuration goes on" in line
        (work / "tributary.yaml").unlink()
        relay.signal(signal.SIGHUP)
        relay.wait_log('"reload_refused"', "cannot be read: No such file")
        assert relay.alive() and '"connector_down"' not in relay.output
        relay.stop()
