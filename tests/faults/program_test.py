"""What happens to the program itself: its clock jumps, it is reloaded and its files are moved away under load, it is
stopped under load, its sink takes nothing."""

import pathlib
import signal
import subprocess

import pytest

from faults import results
from faults.oracle import Promise
from faults.stage import RECONNECT, Memory, Stage
from peers import mapping
from peers.program import write_config

MIB = 1 << 20
HERE = pathlib.Path(__file__).resolve().parent


@pytest.fixture(scope="session")
def false_clock(tmp_path_factory):
    library = tmp_path_factory.mktemp("clock") / "clock.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, HERE / "clock.c"], check=True)
    return library


def test_a_clock_that_jumps_costs_nothing_and_no_connection(work, kafka, topics, false_clock):
    offset = work / "offset"
    offset.write_text("0\n")
    env = {"LD_PRELOAD": str(false_clock), "TRIBUTARY_CLOCK_OFFSET": str(offset)}
    jumps = (3000, -7200, -12000, 0)  # seconds; Kafka refuses what is over an hour ahead, we what is over a day
    with Stage(work, kafka, topics, rate=200, env=env) as stage:
        stage.start()
        for jump in jumps:
            stage.run(1)
            offset.write_text(f"{jump}\n")
            stage.run(1.5)
        stage.drain()
        assert stage.server.stats()["connections"] == 1, "a jump of the clock has ended the connection"
        stage.end(row="clock_jumps", jumps=len(jumps))
        received = [mapping.milliseconds(mapping.parse(record.value)["relay"]["receivedAt"]) for record in stage.found()]
        assert max(received) - min(received) > 14_000_000, "the clock has not jumped at all"
        records = kafka.read_topic(topics["events"])
        assert [fault for record in records[::20] for fault in mapping.record_differences(record, topics.partitions)] == []


def test_reloads_and_moved_files_under_load_cost_nothing(work, kafka, topics):
    """A second sink, a file, comes and goes by reloads, and is moved away and opened anew meanwhile."""
    with Stage(work, kafka, topics, rate=500) as stage:
        relay = stage.start()
        both = {**stage.settings, "sinks": {**stage.settings["sinks"], "archive": {"type": "file", "path": "archive.jsonl"}},
                "routes": [{"to": ["events", "archive"]}]}
        for number in range(1, 7):
            write_config(relay.folder, {"log": {"level": "debug", "format": "json"}, **(both if number % 2 else stage.settings)})
            relay.signal(signal.SIGHUP)
            relay.wait_log('"reloaded"', '"changed: ', count=number)
            stage.run(0.3)
            if number % 2:
                (relay.folder / "archive.jsonl").rename(relay.folder / f"archive-{number}.jsonl")
                relay.signal(signal.SIGUSR1)
                stage.run(0.3)
        stage.drain()
        assert stage.server.stats()["connections"] == 1
        stage.quiet()
        account = relay.stop()
        lines = sum(path.read_text().count("\n") for path in relay.folder.glob("archive*.jsonl"))
        assert account["dropped"] == account["dead_lettered"] == account["in_flight"] == 0
        assert account["delivered"] == account["offered"] == account["accepted"] + lines and lines > 300
        stage.judge(row="reload_and_rotation", reloads=6)


@pytest.mark.long
def test_a_stop_under_load_delivers_what_was_accepted(work, kafka, topics):
    """SIGTERM in the midst of the stream, five times: what was read is on the topic, and no life loses or repeats."""
    with Stage(work, kafka, topics, rate=500) as stage:
        for _ in range(5):
            relay = stage.start()
            stage.run(1)
            with stage.fault(loses=True):
                account = relay.stop()
                stage.wait_gone()
            assert account["delivered"] == account["accepted"] > 300
        verdict = stage.judge(Promise(read_and_commit=1000 * 60, after_crashes=True))
        assert verdict.repeats == 0
        accepted = sum(1 for _ in stage.found())
        results.tell("stop_under_load", **verdict.figures(), stops=5, accepted=accepted)


@pytest.mark.long
def test_a_stalled_sink_stays_within_its_memory(work, kafka, topics):
    """The way to the broker is silent for long; `memory: 4MiB`: reading pauses, and goes on."""
    with Stage(work, kafka, topics, rate=1000, behind_proxy=True, sink={"memory": "4MiB"}, limits={"pause": "5m"}) as stage:
        relay = stage.start()
        stage.run(2)
        calm = relay.status("VmRSS")
        with Memory(relay) as memory, stage.fault():
            stage.broker_proxy.stall()
            stage.run(12)
            stage.broker_proxy.flow()
        stage.run(1)
        stage.drain()
        assert memory.peak < calm + 20 * MIB, f"from {calm / MIB:.1f} to {memory.peak / MIB:.1f} MiB for a bound of 4 MiB"
        stage.end(Promise(reconnect=RECONNECT), "stalled_sink", calm_mib=round(calm / MIB, 1), peak_mib=round(memory.peak / MIB, 1),
                  bound_mib=4)
