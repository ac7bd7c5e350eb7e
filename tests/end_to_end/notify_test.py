"""systemd's notify protocol, on a real datagram socket: ready, reloading, stopping, one line of status, the watchdog."""

import signal
import time

import pytest

from peers.place import PATIENCE, wait_until
from peers.program import Tributary, write_config
from peers.service_manager import ServiceManager
from peers.ws_server import Simulated

pytestmark = pytest.mark.quick

READY, RELOADING = ["READY"], ["MONOTONIC_USEC", "RELOADING"]
STOPPING = ["EXTEND_TIMEOUT_USEC", "STOPPING"]


def configuration(port, **more):
    return {"connectors": {"d": {"type": "dlive", "url": f"ws://127.0.0.1:{port}/", "streamers": ["ada"]}},
            "sinks": {"out": {"type": "file", "path": "out.jsonl"}}, "routes": [{"to": ["out"]}], **more}


@pytest.mark.parametrize("abstract", [False, True])
def test_ready_reloading_and_stopping_are_told_in_order(work, abstract):
    with ServiceManager(work, abstract) as manager, Simulated("dlive", streamers="ada") as upstream, \
            Tributary(work, configuration(upstream.port), env=manager.env()) as relay:
        manager.wait("READY")
        asked = time.monotonic()
        relay.signal(signal.SIGHUP)
        manager.wait("READY", count=2)
        assert asked <= int(manager.told("MONOTONIC_USEC")[0][1]) / 1e6 <= time.monotonic(), "the machine's steady clock"
        write_config(relay.folder, "version: 1\nconnectors: {d: {type: none}}\n")
        relay.signal(signal.SIGHUP)
        manager.wait("READY", count=3)
        assert '"reload_refused"' in relay.output, "and it is ready again all the same"
        relay.stop()
        assert manager.order() == [READY, RELOADING, READY, RELOADING, READY, STOPPING]
        assert manager.told("EXTEND_TIMEOUT_USEC")[0][1] == "35000000", "stop_timeout and ten seconds"
        assert not manager.told("WATCHDOG"), "nobody asked for pings"


def test_nothing_is_ready_while_the_configuration_is_refused(work):
    with ServiceManager(work) as manager, Tributary(work, "version: 1\nconnectors: {d: {type: none}}\n",
                                                    env=manager.env()) as relay:
        assert relay.process.wait(20 * PATIENCE) == 2
        assert manager.messages == []


def test_ready_comes_after_the_spool_is_open(work):
    config = {"connectors": {}, "sinks": {"k": {"type": "kafka", "brokers": ["127.0.0.1:1"]}},
              "spool": {"directory": "spool"}}
    with ServiceManager(work) as manager, Tributary(work, config, env=manager.env()) as relay:
        manager.wait("READY")
        assert (work / "spool" / "k.spool").is_file()
        relay.stop()
    (work / "other").mkdir()
    (work / "other" / "spool").write_text("a file, where a directory is wanted")
    with ServiceManager(work / "other") as manager, Tributary(work / "other", config, env=manager.env()) as relay:
        assert relay.process.wait(20 * PATIENCE) == 2
        assert manager.messages == []


def test_the_status_is_the_head_of_the_status_line_and_told_when_it_changes(work):
    with ServiceManager(work) as manager, Simulated("dlive", streamers="ada") as upstream:
        with Tributary(work, configuration(upstream.port), env=manager.env()) as relay:
            def last():
                return [words for _, words in manager.told("STATUS")][-1:]
            wait_until(lambda: last() == ["1 of 1 connector is live"], 15, lambda: f"it: {last()}")
            upstream.end()
            wait_until(lambda: last() == ["0 of 1 connector is live"], 15, lambda: f"it: {last()}")
            relay.stop()
        times, words = zip(*manager.told("STATUS"))
        assert words[-1].startswith("stopping: ") and all(a != b for a, b in zip(words, words[1:])), words
        assert all(b - a > 1 for a, b in zip(times[:-1], times[1:-1])), "not more often than every few seconds"


def test_the_watchdog_is_pinged_while_all_goes_well_also_through_a_reload_and_a_stop(work):
    """Two seconds is all that a sink's thread without work needs; three seconds would be a loop that hangs."""
    with ServiceManager(work) as manager, Simulated("dlive", streamers="ada") as upstream, \
            Tributary(work, configuration(upstream.port), env=manager.env(watchdog=1.5)) as relay:
        manager.wait("WATCHDOG", count=12)
        relay.signal(signal.SIGHUP)
        manager.wait("READY", count=2)
        manager.wait("WATCHDOG", count=len(manager.told("WATCHDOG")) + 3)
        relay.stop()
        times = [when for when, _ in manager.told("WATCHDOG")]
        longest = max(b - a for a, b in zip(times, times[1:]))
        assert longest < 1.5 * PATIENCE, f"a gap of {longest:.1f} s"
        assert '"loop_stalled"' not in relay.output


def test_pings_meant_for_another_process_are_not_sent(work):
    with ServiceManager(work) as manager, Simulated("dlive", streamers="ada") as upstream, \
            Tributary(work, configuration(upstream.port), env={**manager.env(watchdog=0.1), "WATCHDOG_PID": "1"}) as relay:
        manager.wait("STATUS")
        relay.stop()
        assert not manager.told("WATCHDOG")


def test_a_socket_that_is_not_there_harms_nothing(work):
    with Simulated("dlive", streamers="ada") as upstream, \
            Tributary(work, configuration(upstream.port),
                      env={"NOTIFY_SOCKET": str(work / "missing"), "WATCHDOG_USEC": "1000000"}) as relay:
        relay.wait_log('"connector_up"')
        relay.stop()
