"""The disk that the spool lies on: full, broken, slow, read-only; the file: cut off, with a flipped bit, of a newer version."""

import contextlib
import errno
import pathlib
import random
import subprocess

import pytest

from faults import results
from faults.oracle import Promise
from faults.stage import RECONNECT, Stage
from peers import mapping
from peers.program import Tributary

HERE = pathlib.Path(__file__).resolve().parent


@pytest.fixture(scope="session")
def bad_disk(tmp_path_factory):
    library = tmp_path_factory.mktemp("disk") / "disk.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, HERE / "disk.c"], check=True)
    return library


@pytest.fixture
def small(work):
    """A folder that holds 24 MiB and no more, some logs of SQLite. Mounting needs root, as these tests do: without it this fails."""
    folder = work / "small"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tributary-test", folder], capture_output=True, text=True)
    assert done.returncode == 0, f"a small tmpfs cannot be mounted, the test needs root and CAP_SYS_ADMIN: {done.stderr}"
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def spooled_in(folder, **more):
    return {"spool": {"directory": str(folder)}, "sink": {"memory": "2MiB", **more}}


def test_a_full_disk_costs_nothing(work, kafka, topics, small):
    """The broker is away, and something else fills the disk: memory fills, then connectors stop reading. Nothing is lost,
    nothing ends, and once there is room the disk is used again."""
    with Stage(work, kafka, topics, rate=1000, limits={"pause": "5m"}, behind_proxy=True, **spooled_in(small)) as stage:
        relay = stage.start()
        stage.run(1)
        with stage.fault():
            stage.broker_proxy.stall()
            stage.run(0.5)
            ballast = small / "ballast"
            fill(ballast)
            relay.wait_log('"spool_failing"', seconds=60)
            stage.run(2)
            assert relay.alive()
            ballast.unlink()
            relay.wait_log('"spool_works"', seconds=60)
            stage.broker_proxy.flow()
        stage.run(1)
        stage.drain()
        assert stage.server.stats()["connections"] == 1
        stage.end(Promise(reconnect=RECONNECT), "disk_full")


def fill(path):
    """Writes until the disk is full."""
    with open(path, "wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while file.write(bytes(size)):
                    pass


@pytest.mark.parametrize("code, milliseconds, row", [
    pytest.param(errno.EIO, 0, "disk_broken", id="broken", marks=pytest.mark.long),
    pytest.param(errno.EROFS, 0, "disk_read_only", id="read_only"),
    pytest.param(0, 400, "disk_slow", id="slow", marks=pytest.mark.long)])
def test_a_bad_disk_costs_nothing(work, kafka, topics, bad_disk, code, milliseconds, row):
    """Before, while and after the broker is away."""
    state = work / "disk"
    state.write_text("0 0\n")
    env = {"LD_PRELOAD": str(bad_disk), "TRIBUTARY_DISK": str(state)}
    with Stage(work, kafka, topics, rate=200, env=env, limits={"pause": "5m"}, behind_proxy=True, **spooled_in(work / "spool")) as stage:
        relay = stage.start()
        stage.run(1)
        with stage.fault():
            stage.broker_proxy.stall()
            stage.run(1)
            state.write_text(f"{code} {milliseconds}\n")
            stage.run(3)
            if code:
                relay.wait_log('"spool_failing"', seconds=30)
            stage.broker_proxy.flow()
            stage.run(2)  # Kafka is well, the disk is not: everything flows
            state.write_text("0 0\n")
        stage.run(1)
        if code:
            relay.wait_log('"spool_works"', seconds=60)
        stage.drain()
        assert stage.server.stats()["connections"] == 1
        stage.end(Promise(reconnect=RECONNECT), row)


def left_on_disk(stage):
    """A life that ends while the broker is away: what it could not deliver lies in the file. Returns (file, account)."""
    stage.start()
    stage.run(1)
    stage.broker_proxy.stall()
    stage.run(2)
    with stage.fault(loses=True):
        stage.quiet()
        account = stage.relay.stop(seconds=60)
        stage.wait_gone()
    assert account["spooled"] > 100 and account["dropped"] == account["in_flight"] == 0, dict(account)
    stage.broker_proxy.flow()
    return stage.work / "spool" / "events.spool", account


def cut_off(file, stage):
    del stage
    with open(file, "r+b") as data:
        data.truncate(file.stat().st_size * 2 // 3)


def flip_a_bit(file, stage):
    """In the middle of an event that Kafka does not have: SQLite notices nothing."""
    data = bytearray(file.read_bytes())
    there = {mapping.parse(record.value)["_id"] for record in stage.found()}
    waiting = [f'"_id":"{line.id}"'.encode() for line in stage.written() if line.id not in there]
    places = [data.find(text) for text in waiting if data.count(text) == 1]
    data[random.Random(13).choice(places) + len(waiting[0]) + 20] ^= 1
    file.write_bytes(data)


@pytest.mark.parametrize("damage", [cut_off, flip_a_bit], ids=lambda damage: damage.__name__)
def test_a_damaged_file_gives_back_what_verifies(work, kafka, topics, damage):
    with Stage(work, kafka, topics, rate=300, stop_timeout="1s", behind_proxy=True, **spooled_in(work / "spool")) as stage:
        file, account = left_on_disk(stage)
        damage(file, stage)
        relay = stage.start()
        stage.run(1)
        relay.wait_log('"level":"error"', '"spool_', seconds=30)
        stage.quiet()
        last = relay.stop()
        # The damage excuses what lay in the file, and nothing else; what is there is right and in order.
        began = stage.faults[0].at
        verdict = stage.judge(Promise(exposure=began, after_crashes=True, holes_in_replays=True))
        letters = kafka.count(topics["dead_letter"])
        assert last["recovered"] <= account["spooled"]
        assert 0 < verdict.lost < account["spooled"], f"{verdict.lost} of {account['spooled']} are lost"
        if damage is flip_a_bit:
            assert verdict.lost == letters == 1
        told = {"spooled": account["spooled"], "recovered": last["recovered"], "lost": verdict.lost, "dead_letters": letters}
        print(told)
        results.tell(f"spool_{damage.__name__}", **told)


def test_a_file_of_a_newer_version_is_refused_and_not_touched(work, kafka, topics):
    with Stage(work, kafka, topics, rate=300, stop_timeout="1s", behind_proxy=True, **spooled_in(work / "spool")) as stage:
        file, account = left_on_disk(stage)
        data = bytearray(file.read_bytes())
        data[60:64] = (99).to_bytes(4, "big")  # SQLite's user_version
        file.write_bytes(data)
        with Tributary(work / "refused", stage.settings) as refused:
            assert refused.process.wait(30) == 2, refused.output
        assert "version" in refused.output and str(file) in refused.output
        assert file.read_bytes() == data, "a file that was refused has been changed"
        data[60:64] = (1).to_bytes(4, "big")
        file.write_bytes(data)
        stage.start()
        stage.run(1)
        stage.drain()
        verdict = stage.end(Promise(after_crashes=True))
        assert verdict.lost == 0
        results.tell("spool_newer", **verdict.figures(), spooled=account["spooled"])
