"""kill -9 of the program at random moments under load: what was safe is delivered by the next life."""

import random

import pytest

from faults import results
from faults.oracle import Promise
from faults.stage import RECONNECT, Fsync, Stage
from peers.place import PATIENCE

AT_MOST = int(250 * PATIENCE)  #: ms: W is never more
LATE = (AT_MOST + 150) / 1000  #: s, each way: what is in flight is up to twice as old


def found_on_disk(relay):
    """How many records an earlier life left, as the log of this one says."""
    return sum(entry["records"] for entry in relay.entries() if entry.get("event") == "spool_found")


def kill_and_judge(work, kafka, topics, exposure, kills, rate, row):
    """`kills` lives that each end by kill -9 and leave something behind, and one more that delivers it.

    Each life first delivers what the one before has left; then the broker answers so late that what is in flight is older
    than what may be lost: without a spool this fails. A kill that left nothing on the disk and nothing unheard proves
    nothing, and is repeated."""
    dice = random.Random()
    with Stage(work, kafka, topics, rate=rate, behind_proxy=True, spool={"directory": str(work / "spool")},
               sink={"spool": {"exposure": f"{exposure}ms"}}) as stage, Fsync(work) as disk:
        done = repeated = most = 0
        relay = stage.start()
        while done < kills:
            stage.run(dice.uniform(1.5, 3))
            stage.broker_proxy.delay(LATE)
            stage.run(dice.uniform(2 * LATE, 2 * LATE + 1))
            at_kill = len(stage.faults)
            stage.kill()
            stage.broker_proxy.flow()
            arrived = stage.on_kafka()  # repeats too: rather too many
            relay = stage.start()
            left = found_on_disk(relay)
            most = max(most, left)
            something = left or stage.written_before(stage.faults[at_kill].at) > arrived
            done, repeated = (done + 1, repeated) if something else (done, repeated + 1)
            assert repeated < 3 * kills, "the kills find nothing in flight and nothing spooled"
        stage.run(1)
        commit = int(disk.worst)
        promise = Promise(exposure=exposure, read_and_commit=AT_MOST, reconnect=RECONNECT, after_crashes=True,
                          holes_in_replays=exposure > 0)
        verdict = stage.end(promise)
        worst = verdict.slowest_read + commit
        figures = {**verdict.figures(), "kills": done, "repeated": repeated, "rate": rate, "most_on_disk": most,
                   "worst_commit": commit, "w": min(worst, AT_MOST)}
        print(figures)
        results.tell(row, **figures)


@pytest.mark.parametrize("exposure", [0, 20])
def test_three_kills(work, kafka, topics, exposure):
    kill_and_judge(work, kafka, topics, exposure, 3, 400, f"kill_short_{exposure}ms")


@pytest.mark.long
@pytest.mark.parametrize("exposure", [0, 20])
def test_twenty_kills_at_2000_events_a_second(work, kafka, topics, exposure):
    kill_and_judge(work, kafka, topics, exposure, 20, 2000, f"kill_{exposure}ms")
