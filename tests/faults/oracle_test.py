"""The oracle takes what is right, and finds each fault that is planted. Needs neither program nor broker."""

import pytest

from faults.oracle import Fault, Found, Promise, Written, check_ledger, judge
from peers import mapping
from peers.mapping_test import to_text
from peers.scripted import tip

BEGAN = mapping.milliseconds("2026-10-01T12:00:00.000Z")
COUNT = 40
CRASH = Fault(at=BEGAN + 2050, over=BEGAN + 2500, loses=True)


def stamp(milliseconds):
    return mapping.datetime.datetime.fromtimestamp(milliseconds / 1000, mapping.datetime.timezone.utc).strftime(
        "%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def written(number):
    """One event each 100 ms; two keys in turn."""
    at = BEGAN + 100 * number
    activity = mapping.parse(mapping.json.dumps(tip(stamp(at), number, amount=4.25)))
    activity["channel"] = f"{number % 2:024x}"
    event = mapping.canonical(activity, {}, "main")
    return Written(at, event["_id"], lambda: event)


@pytest.fixture
def lines():
    return [written(number) for number in range(COUNT)]


def record(line, sequence, late=5):
    wanted = line.event()
    event = {**wanted, "relay": {**wanted["relay"], "receivedAt": stamp(line.at + late), "run": "01K9ZB4T",
                                     "sequence": mapping.Number(str(sequence))}}
    return Found(event["channel"].encode(), to_text(event).encode())


def records(lines, order=None):
    return [record(lines[number], number + 1) for number in (range(len(lines)) if order is None else order)]


def broken(lines, found, faults=(), **promise):
    return judge(lines, found, faults, Promise(**promise)).faults


def test_what_is_right_passes(lines):
    verdict = judge(lines, records(lines)).check()
    assert (verdict.written, verdict.on_topic, verdict.repeats, verdict.lost) == (COUNT, COUNT, 0, 0)


def test_a_planted_loss_is_found(lines):
    found = records(lines, [n for n in range(COUNT) if n != 17])
    assert "lost: event 17" in broken(lines, found)[0]
    # nor does a crash excuse what is older than exposure and W, or a fault that is no crash
    assert "lost: event 17" in broken(lines, found, [CRASH], exposure=100, read_and_commit=240)[0]
    assert "lost: event 17" in broken(lines, found, [CRASH._replace(loses=False)], exposure=2000)[0]


def test_a_loss_within_exposure_and_w_is_measured(lines):
    verdict = judge(lines, records(lines, [n for n in range(COUNT) if n not in (18, 19, 20, 22)]), [CRASH],
                    Promise(exposure=20, read_and_commit=250)).check()
    assert (verdict.lost, verdict.oldest_loss, verdict.youngest_loss) == (4, 250, 50)


def test_an_invented_event_is_found(lines):
    assert "invented" in broken(lines[:-1], records(lines))[0]


def test_a_changed_payload_is_found(lines):
    found = records(lines)
    found[5] = found[5]._replace(value=found[5].value.replace(b"4.25", b"4.250"))
    assert "event 5 /data/amount" in broken(lines, found)[0]


def test_a_repeat_that_differs_is_found(lines):
    again = record(lines[COUNT - 1], COUNT, late=6)
    assert "its repeat differs" in broken(lines, records(lines) + [again])[0]


def test_a_reorder_within_a_key_is_found_and_one_across_keys_is_none(lines):
    order = list(range(COUNT))
    order[10], order[12] = order[12], order[10]
    assert any("order:" in fault for fault in broken(lines, records(lines, order)))
    order = list(range(COUNT))
    order[10], order[11] = order[11], order[10]
    assert broken(lines, records(lines, order)) == []


def test_what_was_on_its_way_at_a_crash_and_not_safe_may_come_late(lines):
    order = [*range(18), 20, 22, 18, 19, *range(23, COUNT)]  # 21 is lost; the crash is 50 ms after 20
    late = [*range(18), 20, 21, 22, 18, 19, *range(23, COUNT)]
    assert broken(lines, records(lines, order), [CRASH], exposure=300, read_and_commit=0) == []
    assert any("came before an older one" in fault for fault in broken(lines, records(lines, late), [CRASH]))
    old = [*range(14), 20, 21, 22, *range(14, 20), *range(23, COUNT)]
    assert any("came before an older one" in fault
               for fault in broken(lines, records(lines, old), [CRASH], exposure=300, read_and_commit=0))


def test_a_contiguous_replay_passes(lines):
    order = [*range(0, 30), *range(20, COUNT)]
    assert judge(lines, records(lines, order)).check().repeats == 10


@pytest.mark.parametrize("order", [[*range(0, 30), 20, 24, 26, 28, *range(21, 30, 2), *range(30, COUNT)],  # with a hole
                                   [*range(0, 30), 20, 21, *range(30, COUNT)],  # not to its end
                                   [*range(0, 10), 8, 2, *range(10, COUNT)]])
def test_a_repeat_that_is_no_contiguous_replay_is_found(lines, order):
    assert any("replay:" in fault for fault in broken(lines, records(lines, order)))


def test_after_a_crash_a_replay_may_end_early_but_has_no_hole(lines):
    ends_early = records(lines, [*range(0, 30), *range(20, 25), *range(30, COUNT)])
    assert broken(lines, ends_early, after_crashes=True) == []
    hole = records(lines, [*range(0, 30), 20, 24, *range(30, COUNT)])
    assert any("not the one before it" in fault for fault in broken(lines, hole, after_crashes=True))
    assert broken(lines, hole, after_crashes=True, holes_in_replays=True) == []


def test_silence_after_a_fault_is_found(lines):
    verdict = judge(lines, records(lines), [CRASH], Promise(reconnect=1000)).check()
    assert verdict.back_after == 5
    late = Fault(at=BEGAN + 1000, over=BEGAN + 100 * COUNT)
    assert "silence" in broken(lines, records(lines), [late], reconnect=1000)[0]
    slow = [record(line, number + 1, late=5 if number < 20 else 5000) for number, line in enumerate(lines)]
    assert "silence" in broken(lines, slow, [CRASH], reconnect=1000)[0]


@pytest.mark.parametrize("change", [{}, {"delivered": 39}, {"accepted": 39, "offered": 39, "delivered": 39}, {"dropped": 1}, {"offered": 41, "delivered": 41}])
def test_a_wrong_ledger_is_found(change):
    account = {"accepted": 40, "offered": 40, "recovered": 0, "delivered": 40, "sent": 0, "dead_lettered": 0, "dropped": 0,
               "in_flight": 0, "spooled": 0, **change}
    if not change:
        return check_ledger(account, 40)
    with pytest.raises(AssertionError, match="the ledger is wrong"):
        check_ledger(account, 40)
    return None


def test_an_id_written_twice_cannot_be_judged(lines):
    with pytest.raises(AssertionError, match="an id twice"):
        judge([*lines, lines[3]], records(lines))
