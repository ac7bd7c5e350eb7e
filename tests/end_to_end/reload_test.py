"""SIGHUP: what a connector can take over on its open connection is changed there; anything else changes nothing."""

import signal

import pytest

from peers.place import wait_until
from peers.program import Tributary, write_config
from peers.ws_server import Simulated

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


@pytest.mark.parametrize("change, key", [
    ({"limits": {"nesting": 32}}, "limits.nesting"),
    ({"routes": [{"to": ["out"], "types": ["tip"]}]}, "routes.0.types"),
    ({"io_threads": 2}, "io_threads"),
])
def test_what_needs_a_restart_is_named_and_nothing_is_changed(work, change, key):
    with Simulated("dlive", streamers="ada,bob") as upstream, \
            Tributary(work, configuration(upstream.port, ["ada"])) as relay:
        relay.wait_log('"connector_up"')
        reload(relay, configuration(upstream.port, ["ada", "bob"], **change), '"reload_refused"', key)
        assert '"reloaded"' not in relay.output, "all or nothing: the streamers are not changed either"
        # the file set right again, the streamers are taken
        reload(relay, configuration(upstream.port, ["ada", "bob"]), '"reloaded"', "connectors.d.streamers")
        assert len(relay.wait_log('"connector_up"')) == 1
        relay.stop()


def test_the_level_of_the_log_is_changed(work):
    with Simulated("dlive", options=("--rate", "50"), streamers="ada") as upstream, \
            Tributary(work, configuration(upstream.port, ["ada"], log={"level": "warn", "format": "json"})) as relay:
        wait_until(lambda: heard_of(relay), 20, "an event: it runs")
        reload(relay, configuration(upstream.port, ["ada"]), '"reloaded"', "changed: log.level")
        relay.wait_log('"debug"', seconds=40)
        reload(relay, configuration(upstream.port, ["ada"], log={"level": "error", "format": "json"}, io_threads=2),
               '"reload_refused"', "io_threads")
        reload(relay, configuration(upstream.port, ["ada"], log={"level": "error", "format": "text"}),
               '"reload_refused"', "log.format")
        relay.stop()


def test_another_address_needs_a_new_connection_and_is_refused(work):
    with Simulated("dlive", streamers="ada") as upstream, \
            Tributary(work, configuration(upstream.port, ["ada"])) as relay:
        relay.wait_log('"connector_up"')
        reload(relay, configuration(upstream.port + 1, ["ada"]), '"reload_refused"', "connectors.d.url")
        config = configuration(upstream.port, ["ada"])
        config["connectors"]["e"] = {**config["connectors"]["d"]}
        reload(relay, config, '"reload_refused"', "connectors.e;")
        config["connectors"] = {}
        reload(relay, config, '"reload_refused"', "connectors.d;")
        assert len(relay.wait_log('"connector_up"')) == 1 and '"connector_down"' not in relay.output
        relay.stop()


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
