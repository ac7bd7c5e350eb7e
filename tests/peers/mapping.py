"""StreamElements' activity → canonical event → Kafka record, written from the description of both, in Python.

Nothing here is taken from the program: it is what the program is compared with. Numbers are kept as the text that
stood in the frame, so 4.20 and 19 digits are compared digit by digit.
"""

import datetime
import json
import urllib.parse

import jsonschema

from peers.place import ROOT

SIX = ("tip", "cheer", "follow", "subscriber", "host", "raid")
FILLED = {"message": "", "items": [], "avatar": ""}
OWN = ("activityId", "activityGroup", "expiresAt", "sessionEventsCount", "isMock")


class Number(str):
    """A JSON number by its text."""

    def __repr__(self):
        return f"#{str(self)}"


def parse(text):
    if isinstance(text, bytes):
        text = text.decode("utf-8")  # strictly: what is on Kafka is valid UTF-8
    return json.loads(text, parse_int=Number, parse_float=Number)


def lines_of(path):
    """The JSON lines of a file that may not be there yet, or be in the middle of a line."""
    try:
        return [parse(line) for line in path.read_text().split("\n")[:-1]]
    except FileNotFoundError:
        return []


def same(one, other):
    """JSON equality with numbers by their text."""
    if isinstance(one, Number) or isinstance(other, Number):
        return isinstance(one, Number) and isinstance(other, Number) and str(one) == str(other)
    if isinstance(one, dict):
        return isinstance(other, dict) and one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, list):
        return isinstance(other, list) and len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


def is_numeric(text):
    try:
        return isinstance(parse(text), Number)
    except ValueError:
        return False


def moment(text):
    """A date-time as a time, whatever its zone and digits; None for what is none."""
    try:
        return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except (AttributeError, ValueError):
        return None


def canonical(activity, said, connector, update=False, channel_id=""):
    """The event for one activity, but for relay.receivedAt, run and sequence."""
    data = dict(activity.get("data", {}))
    amount = data.get("amount")
    if isinstance(amount, str) and not isinstance(amount, Number):
        if is_numeric(amount):
            data["amount"] = Number(amount)
        else:
            data["amount"] = Number("0")
            data["details"] = {"amount": amount}
    if activity.get("type") in SIX:
        data.setdefault("username", "")
        data["displayName"] = data.get("displayName") or data["username"]
        data.setdefault("amount", Number("0"))
        for name, value in FILLED.items():
            data.setdefault(name, value)
    channel = activity.get("channel", channel_id)
    event = {
        "_id": activity["_id"],
        "channel": channel,
        "type": activity.get("type", "unknown"),
        "provider": activity.get("provider", "twitch"),
        "flagged": activity.get("flagged", False),
        "data": data,
        "createdAt": activity["createdAt"],
        "updatedAt": activity.get("updatedAt", activity["createdAt"]),
        "relay": {
            "connector": connector,
            "source": "streamelements",
            "upstreamType": activity.get("type", "unknown"),
            "upstreamId": activity["_id"],
            "upstreamChannel": channel,
        },
    }
    event.update({name: activity[name] for name in OWN if name in activity})
    event["relay"].update({name: said[name] for name in ("ts", "nonce") if name in said})
    if update:
        event["relay"]["update"] = True
    return event


class Upstream:
    """What must come of a list of emissions `[name, argument…]`, and how many of each kind there are."""

    def __init__(self, connector):
        self.connector = connector
        self.expected = []  # canonical events in order
        self.events = self.duplicate = self.test = self.state = 0
        self._seen = {}

    def hear(self, emission):
        name, arguments = emission[0], emission[1:]
        if name == "event:test":
            self.events += 1
            self.test += 1
        elif name in ("event:update", "event:reset"):
            self.events += 1
            self.state += 1
        elif name == "event":
            self.events += 1
            self._activity(arguments[0], arguments[1] if len(arguments) > 1 else {})
        return self

    def _activity(self, activity, said):
        if activity.get("isMock") is True:
            self.test += 1
            return
        time = moment(activity.get("updatedAt")) or moment(activity.get("createdAt"))
        flagged = activity.get("flagged")
        last = self._seen.get(activity["_id"])
        if last is not None:
            newer = time is not None and last[0] is not None and time > last[0]
            older = time is None or (last[0] is not None and time < last[0])
            if older or not (newer or flagged not in (None, last[1])):
                self.duplicate += 1
                if last[0] is None:
                    self._seen[activity["_id"]] = (time, last[1])
                return
        self._seen[activity["_id"]] = (time, flagged is True)
        self.expected.append(canonical(activity, said, self.connector, update=last is not None))


def hear_all(lines, connector):
    """`lines`: the log of socketio_server."""
    upstream = Upstream(connector)
    for line in lines:
        upstream.hear(parse(line)["arguments"])
    return upstream


# ── the record ────────────────────────────────────────────────────────────────────────────────────────────────────────


def murmur2(key):
    """Kafka's own hash, as its Java clients compute it."""
    def mul(value):
        return value * 0x5BD1E995 & 0xFFFFFFFF

    hashed = (0x9747B28C ^ len(key)) & 0xFFFFFFFF
    whole = len(key) // 4 * 4
    for at in range(0, whole, 4):
        word = mul(int.from_bytes(key[at:at + 4], "little"))
        hashed = mul(hashed) ^ mul(word ^ word >> 24)
    rest = key[whole:]
    for at in reversed(range(len(rest))):
        hashed ^= rest[at] << 8 * at
    if rest:
        hashed = mul(hashed)
    hashed = mul(hashed ^ hashed >> 13)
    return hashed ^ hashed >> 15


def partition(key, partitions):
    return (murmur2(key) & 0x7FFFFFFF) % partitions


def milliseconds(text):
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return int(moment.timestamp() * 1000 + 0.5)


def timestamp(event):
    received = milliseconds(event["relay"]["receivedAt"])
    return min(max(milliseconds(event["createdAt"]), received - 86_400_000), received + 300_000)


_THEIRS = None


def passes_streamelements(text):
    """By PyPI's jsonschema on StreamElements' own schema."""
    global _THEIRS
    if _THEIRS is None:
        schema = json.loads((ROOT / "schema" / "documents" / "streamelements.schema.json").read_text())
        formats = jsonschema.FormatChecker(formats=("date-time", "uri"))
        _THEIRS = jsonschema.Draft7Validator(schema, format_checker=formats)
    return _THEIRS.is_valid(json.loads(text))


def headers(event, text):
    relay = event["relay"]
    place = "/".join(urllib.parse.quote(part, safe="") for part in ("", relay["source"], relay["upstreamChannel"]))
    return {
        "ce_specversion": "1.0",
        "ce_id": event["_id"],
        "ce_source": place,
        "ce_type": f"tributary.{event['type']}",
        "ce_time": event["createdAt"],
        "ce_dataschema": "urn:tributary:schema:event:1",
        "ce_streamelements": "true" if passes_streamelements(text) else "false",
        "content-type": "application/json",
    }


# ── the comparison ────────────────────────────────────────────────────────────────────────────────────────────────────


def without_own_words(event):
    """`event` less what the relay alone knows."""
    relay = {k: v for k, v in event["relay"].items() if k not in ("receivedAt", "run", "sequence")}
    return {**event, "relay": relay}


def differences(expected, found):
    """Field by field, as words. For types beyond the six, a default written out counts as the default left out."""
    found = without_own_words(found)
    if expected["type"] not in SIX:
        data = dict(found["data"])
        defaults = {"username": "", "displayName": expected["data"].get("username", ""), "amount": Number("0"), **FILLED}
        for name, value in defaults.items():
            if name not in expected["data"] and name in data and same(data[name], value):
                del data[name]
        found = {**found, "data": data}
    return list(_differences("", expected, found))


def _differences(path, expected, found):
    if isinstance(expected, dict) and isinstance(found, dict):
        for name in expected.keys() | found.keys():
            if name not in found:
                yield f"{path}/{name}: missing, expected {expected[name]!r}"
            elif name not in expected:
                yield f"{path}/{name}: not expected, found {found[name]!r}"
            else:
                yield from _differences(f"{path}/{name}", expected[name], found[name])
    elif not same(expected, found):
        yield f"{path}: expected {expected!r}, found {found!r}"


def record_differences(record, partitions):
    """Key, headers, timestamp and partition of a consumed record against its own value."""
    event = parse(record.value)
    key = f"{event['relay']['source']}:{event['relay']['upstreamChannel']}".encode()
    wanted = {
        "key": key,
        "timestamp": timestamp(event),
        "partition": partition(key, partitions),
    }
    names = [name for name, _ in record.headers]
    found = {
        "key": record.key,
        "timestamp": record.timestamp,
        "partition": record.partition,
    }
    wanted.update(headers(event, record.value))
    found.update((name, value.decode()) for name, value in record.headers)
    faults = [f"{part}: expected {wanted.get(part)!r}, found {found.get(part)!r}"
              for part in {**wanted, **found} if wanted.get(part) != found.get(part)]
    if len(set(names)) != len(names):
        faults.append(f"headers: a name twice in {names}")
    return faults


def compare(expected, records, partitions, began, ended):
    """Every expected event, once and in order per key, nothing else; raises AssertionError with the first faults.

    `began`, `ended`: milliseconds; receivedAt lies between. Returns the events as read, in sequence.
    """
    events = [(parse(record.value), record) for record in records]
    faults = []
    for event, record in events:
        faults += [f"{event['_id']} record {fault}" for fault in record_differences(record, partitions)]
        received = milliseconds(event["relay"]["receivedAt"])
        if not began <= received <= ended:
            faults.append(f"{event['_id']} receivedAt {event['relay']['receivedAt']} is outside the run")
    by_sequence = sorted((event for event, _ in events), key=lambda event: int(event["relay"]["sequence"]))
    runs = {event["relay"]["run"] for event in by_sequence}
    if len(runs) != 1:
        faults.append(f"relay.run: {runs}")
    sequences = [int(event["relay"]["sequence"]) for event in by_sequence]
    if sequences and sequences != list(range(sequences[0], sequences[0] + len(sequences))):
        faults.append("relay.sequence is not dense")
    if len(by_sequence) != len(expected):
        ids = {event["_id"] for event in by_sequence}
        lost = [event["_id"] for event in expected if event["_id"] not in ids]
        faults.append(f"expected {len(expected)} events, found {len(by_sequence)}; missing {lost[:5]}")
    for wanted, found in zip(expected, by_sequence):
        faults += [f"{wanted['_id']} {wanted['type']} {fault}" for fault in differences(wanted, found)]
    assert not faults, f"{len(faults)} differences, the first:\n" + "\n".join(faults[:12])
    check_order(records)
    return by_sequence


def check_order(records, replays=False):
    """Per key and in the order of the partition, each record follows its predecessor; with `replays`, a replay may go
    back to any place, and then goes on without a hole (RELIABILITY, lanes). Returns how many were repeats."""
    by_key = {}
    for record in records:
        by_key.setdefault(record.key, []).append(int(parse(record.value)["relay"]["sequence"]))
    repeats = 0
    for key, sequences in by_key.items():
        place = {sequence: number for number, sequence in enumerate(sorted(set(sequences)))}
        newest = previous = -1
        for sequence in sequences:
            at = place[sequence]
            if at <= newest:
                repeats += 1
                assert replays, f"{key}: sequence {sequence} came again or late"
            assert at == previous + 1 or at <= previous, f"{key}: sequence {sequence} came before its predecessor"
            previous, newest = at, max(newest, at)
    return repeats
