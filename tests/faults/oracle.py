"""Says of one run with faults what RELIABILITY promises, from nothing but two logs: what the upstream wrote and when, and
what an independent consumer read from the topic. Pure: no clock, no broker, no program.

All times are milliseconds of the machine's wall clock.
"""

import collections
import dataclasses
import typing

from peers import mapping


class Written(typing.NamedTuple):
    """One event that the upstream wrote to a connection; its place in the list is its number."""

    at: int
    id: str
    event: typing.Callable[[], dict]  #: what must come of it, by peers/mapping.py


class Found(typing.NamedTuple):
    """One record, in the order of its partition; `lane`: its topic and key."""

    lane: object
    value: bytes


class First(typing.NamedTuple):
    """What is known of the record with which an event arrived first."""

    value: bytes
    read: int  #: relay.receivedAt
    run: str


class Fault(typing.NamedTuple):
    """Something was done at `at` and undone at `over`; `loses`: what is promised for a crash of the relay, that nothing
    older than the exposure is lost. For every other fault: nothing at all."""

    at: int
    over: int
    loses: bool = False


@dataclasses.dataclass
class Promise:
    """What the run is held to."""

    exposure: int = 0  #: ms
    read_and_commit: int = 0  #: W, ms: the worst time of reading and committing that was measured in this run
    reconnect: int = 0  #: ms from the end of a fault until a fresh event is read; 0: not judged
    #: The replay after a crash holds what lay on the disk; below this exposure that is everything, without a hole.
    holes_in_replays: bool = False
    after_crashes: bool = False  #: a replay after a crash may end before it has reached the newest record


@dataclasses.dataclass
class Verdict:
    faults: list = dataclasses.field(default_factory=list)
    written: int = 0
    on_topic: int = 0
    repeats: int = 0
    lost: int = 0
    lost_at: list = dataclasses.field(default_factory=list, repr=False)  #: when each of them was written
    oldest_loss: int = 0  #: ms between the oldest event lost and its fault, in ms: the measured worst case
    youngest_loss: int = 0  #: ms between the youngest event lost before a fault and that fault
    back_after: int = 0  #: ms: the worst time from the end of a fault to a fresh event
    slowest_read: int = 0  #: ms: the worst time from an event's being written to its being read
    of_run: dict = dataclasses.field(default_factory=dict, repr=False)  #: relay.run → events that it numbered

    def check(self):
        assert not self.faults, f"{len(self.faults)} broken promises, the first:\n" + "\n".join(self.faults[:12])
        return self

    def figures(self):
        return {name: value for name, value in vars(self).items() if isinstance(value, int)}


def judge(written, found, faults=(), promise=Promise()):
    verdict = Verdict(written=len(written), on_topic=len(found))
    numbers = {line.id: number for number, line in enumerate(written)}
    assert len(numbers) == len(written), "the upstream wrote an id twice: not a stream that this oracle can judge"
    first, lanes = _payloads(written, found, numbers, verdict)
    _losses(written, first, faults, promise, verdict)
    unsafe = _unsafe(written, faults, promise)
    for key, arrived in lanes.items():
        _order(key, [number for number in arrived if number not in unsafe], promise, verdict)
    _freshness(written, first, faults, promise, verdict)
    return verdict


def _payloads(written, found, numbers, verdict):
    """({number: (value, read at, relay.run) of its first record}, {lane: numbers in order}); tells what is invented or
    changed."""
    first, lanes = {}, {}
    for record in found:
        event = mapping.parse(record.value)
        number = numbers.get(event.get("_id"))
        if number is None:
            verdict.faults.append(f"invented: nobody wrote {record.value[:200]!r}")
            continue
        lanes.setdefault(record.lane, []).append(number)
        if number in first:
            verdict.repeats += 1
            if record.value != first[number].value:
                verdict.faults.append(f"event {number}: its repeat differs: {first[number].value!r} then {record.value!r}")
            continue
        relay = event["relay"]
        first[number] = First(record.value, mapping.milliseconds(relay["receivedAt"]), relay["run"])
        verdict.faults += [f"event {number} {fault}" for fault in mapping.differences(written[number].event(), event)]
    verdict.of_run = collections.Counter(arrival.run for arrival in first.values())
    verdict.slowest_read = max((first[number].read - written[number].at for number in first), default=0)
    return first, lanes


def _losses(written, first, faults, promise, verdict):
    reach = promise.exposure + promise.read_and_commit
    for number, line in enumerate(written):
        if number in first:
            continue
        verdict.lost += 1
        verdict.lost_at.append(line.at)
        # A crash excuses what was written from shortly before it until the upstream has noticed it.
        ages = [fault.at - line.at for fault in faults if fault.loses and fault.at - reach < line.at <= fault.over]
        if not ages:
            crashes = [fault.at - line.at for fault in faults if fault.loses and fault.at >= line.at]
            when = f"{min(crashes)} ms before a crash, allowed are {reach} ms" if crashes else "no crash followed"
            verdict.faults.append(f"lost: event {number} of {line.at}, {when}")
            continue
        age = max(0, min(ages))
        verdict.oldest_loss = max(verdict.oldest_loss, age)
        if age:
            verdict.youngest_loss = age if not verdict.youngest_loss else min(age, verdict.youngest_loss)


def _unsafe(written, faults, promise):
    """What was sent before it was safe, and may have been on its way when the relay was killed: order is promised for
    safe events. The network may hold such a one until the next life has sent newer ones; nothing is sent unsafe with an
    exposure of 0."""
    if not promise.exposure:
        return set()
    reach = promise.exposure + promise.read_and_commit
    return {number for number, line in enumerate(written)
            if any(fault.loses and fault.at - reach < line.at <= fault.at for fault in faults)}


def _order(key, arrived, promise, verdict):
    """By first arrival each event follows those before it; what comes again goes on without a hole from where it began."""
    place = {number: rank for rank, number in enumerate(sorted(set(arrived)))}
    newest = previous = -1
    for number in arrived:
        at = place[number]
        if at > newest:
            if at != newest + 1:
                verdict.faults.append(f"order: {key}: event {number} came before an older one")
            elif previous != newest and not promise.after_crashes:
                verdict.faults.append(f"replay: {key}: event {number} came before the replay had reached the newest")
            newest = max(newest, at)
        elif at > previous + 1 and not promise.holes_in_replays:
            verdict.faults.append(f"replay: {key}: event {number} came again, but not the one before it")
        previous = at


def _freshness(written, first, faults, promise, verdict):
    if not promise.reconnect:
        return
    ends = min((fault.over for fault in faults), default=0)
    read = sorted((written[number].at, arrival.read) for number, arrival in first.items() if written[number].at >= ends)
    for fault in faults:
        fresh = [at for wrote, at in read if wrote >= fault.over]
        if not fresh:
            verdict.faults.append(f"silence: no event was read after the fault that ended at {fault.over}")
            continue
        late = min(fresh) - fault.over
        verdict.back_after = max(verdict.back_after, late)
        if late > promise.reconnect:
            verdict.faults.append(f"silence: the first event after the fault was read {late} ms later, "
                                  f"promised are {promise.reconnect} ms")


def check_ledger(account, first_of_run, lost=0):
    """The account line of a run that has ended in order: `first_of_run` events are on the topic that this run numbered."""
    wrong = []
    owed = account["offered"] + account["recovered"]
    booked = sum(account[name] for name in ("delivered", "sent", "dead_lettered", "dropped", "in_flight", "spooled"))
    if owed != booked:
        wrong.append(f"offered + recovered = {owed}, but booked are {booked}")
    if account["accepted"] != first_of_run + lost:
        wrong.append(f"accepted are {account['accepted']}, but on the topic are {first_of_run} of this run, and {lost} elsewhere")
    if account["offered"] != account["accepted"]:
        wrong.append(f"accepted are {account['accepted']}, but offered to the one sink were {account['offered']}")
    assert not wrong, f"the ledger is wrong: {'; '.join(wrong)}: {dict(account)}"
