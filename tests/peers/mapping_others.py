"""The other upstreams' messages → canonical events, written from the upstreams' pages, in Python.

Nothing here is taken from the program: it is what the program is compared with. Numbers are kept as the text that stood
in the frame. `connector` is always "room".
"""

import hashlib
import time

from peers import mapping
from peers.place import wait_until

Number = mapping.Number


def derived(*fields):
    return hashlib.sha256("\n".join(fields).encode()).hexdigest()[:24]


def event_of(source, connector, channel, kind, data, upstream_type="", upstream_id=None, created=None):
    """What the contract says of one event, less times and ids that the relay alone knows."""
    relay = {"connector": connector, "source": source, "upstreamType": upstream_type, "upstreamChannel": channel}
    event = {"channel": derived(source, channel), "type": kind, "provider": source, "flagged": False, "data": data}
    if upstream_id is not None:
        relay["upstreamId"] = upstream_id
        event["_id"] = derived(source, channel, upstream_type, upstream_id)
    if created is not None:
        event["createdAt"] = event["updatedAt"] = created
    return {**event, "relay": relay}


def compare(expected, found, began):
    assert len(found) == len(expected), found
    for number, (wanted, event) in enumerate(zip(expected, found)):
        relay = dict(event["relay"])
        received = mapping.milliseconds(relay.pop("receivedAt"))
        assert began - 50 <= received <= time.time() * 1000 + 50
        assert relay.pop("run") and relay.pop("sequence") == str(number + 1)
        event = {**event, "relay": relay}
        if "createdAt" not in wanted:
            assert event.pop("createdAt") == event.pop("updatedAt") == found[number]["relay"]["receivedAt"]
        if "_id" not in wanted:
            assert len(event.pop("_id")) == 24
        assert mapping.same(event, wanted), f"{event}\n{wanted}"
    assert len({event["_id"] for event in found}) == len(found)


def config(connector, name="room"):
    return {"connectors": {name: {"backoff": {"base": "100ms", "cap": "1s", "reset_after": "1s"}, **connector}},
            "sinks": {"lines": {"type": "file", "path": "events.jsonl"}}, "routes": [{"to": ["lines"]}]}


def lines(folder, count):
    """The events that were written, at least so many; dead letters lie between them."""
    def events():
        return [line for line in mapping.lines_of(folder / "events.jsonl") if "_id" in line]
    wait_until(lambda: len(events()) >= count, 15, lambda: f"{count} events in {events()}")
    return events()


def iso(milliseconds):
    seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(milliseconds // 1000))
    return f"{seconds}.{milliseconds % 1000:03}Z"


def plausible(number, unit):
    """`number` counts since 1970, so many of `unit` a second by the upstream's page; where that cannot be meant, in
    another of the usual units. In milliseconds; None where none fits."""
    for each in (unit, 1, 1000, 1_000_000, 1_000_000_000):
        milliseconds = int(number) * 1000 // each
        if 1_262_304_000_000 <= milliseconds <= time.time() * 1000 + 86_400_000:
            return milliseconds
    return None


def is_text(value):
    return type(value) is str  # a mapping.Number is a str, too


def of_stagecast(value):
    channel = "simulated-hall"
    if isinstance(value, dict):
        if set(value) == {"from", "msg"} and is_text(value["from"]):
            said = value["msg"]
            data = {"payload": said, "username": value["from"], **({"message": said} if is_text(said) else {})}
            return event_of("stagecast", "room", channel, "broadcast", data)
        if value.get("type") in ("start", "stop") and "id" in value and "event" in value:
            milliseconds = plausible(value["created"], 1000)
            told = ("type", "id", "message") + (("created",) if milliseconds == int(value["created"]) else ())
            rest = {name: of for name, of in value.items() if name not in told}
            kind = {"start": "momentStarted", "stop": "momentStopped"}[value["type"]]
            return event_of("stagecast", "room", channel, kind, {"message": value["message"], "details": rest},
                            value["type"], value["id"], milliseconds and iso(milliseconds))
    data = {"payload": value, **({"message": value} if is_text(value) else {})}
    return event_of("stagecast", "room", channel, "broadcast", data)


KINDS = ["", "userLogin", "userLogout", "userActivated", "userRemoved", "fileUploaded", "fileRemoved", "bucketUploaded",
         "bucketRemoved"]
NAMES = ["", "Login", "Logout", "Activated", "Removed", "FileUploaded", "FileRemoved", "BucketUploaded", "BucketRemoved"]


def of_users(frame):
    upstream_type = str(frame["eventType"]) if "eventType" in frame else frame["type"]
    number = int(upstream_type) if "eventType" in frame else NAMES.index(upstream_type)
    name = "file" if number in (5, 6) else "bucket"
    thing = frame["files"][0] if "files" in frame else frame.get(name)
    details = {key: of for key, of in frame.items() if key not in ("eventType", "type", "username", "files", "file", "bucket")}
    created = upstream_id = None
    data = {"username": frame["username"] if "username" in frame else thing["user"]}
    if thing is not None:
        details[name], upstream_id = thing, thing["_id"]
        if number in (5, 7):
            milliseconds = plausible(thing["created"], 1000)
            created = milliseconds and iso(milliseconds)
    if details:
        data["details"] = details
    return event_of("users", "room", "simulated-accounts", KINDS[number], data, upstream_type, upstream_id, created)


# ── DLive ────────────────────────────────────────────────────────────────────────────────────────────────────────────

DLIVE = {"ChatText": "chat", "ChatGift": "tip", "ChatLive": "live", "ChatOffline": "offline", "ChatFollow": "follow",
         "ChatSubscription": "subscriber", "ChatExtendSub": "subscriber", "ChatSubStreak": "subscriber",
         "ChatGiftSub": "giftSub", "ChatGiftSubReceive": "subscriber", "ChatDelete": "messageDeleted", "ChatHost": "host",
         "ChatChangeMode": "chatMode", "ChatBan": "ban", "ChatModerator": "moderator", "ChatEmoteAdd": "emoteAdded",
         "ChatTimeout": "timeout", "ChatClip": "clip", "ChatTCValueAdd": "chestValueAdded",
         "TreasureChestGiveawayStarted": "chestGiveawayStarted", "TreasureChestGiveawayEnded": "chestGiveawayEnded",
         "TreasureChestValueExpired": "chestValueExpired", "TreasureChestValueUpdated": "chestValueUpdated",
         "TreasureChestReadyToCollect": "chestReadyToCollect"}
LEMONS = {"LEMON": 1, "ICE_CREAM": 10, "DIAMOND": 100, "NINJAGHINI": 1000, "NINJET": 10000}
NAMELESS = ("live", "offline", "messageDeleted")


def of_dlive(message, streamer):
    """One message of the subscription, as the page's table has it."""
    name = message["__typename"]
    kind = DLIVE.get(name, "unknown")
    named = kind not in NAMELESS and not name.startswith("TreasureChest")
    upstream_id = message.get("id") if named else None
    milliseconds = plausible(message["createdAt"], 1_000_000_000) if "createdAt" in message else None
    created = milliseconds and iso(milliseconds)
    if kind == "unknown":
        return event_of("dlive", "room", streamer, kind, {"upstream": message}, name, upstream_id, created)
    data, left = {}, {key: value for key, value in message.items() if key != "__typename"}
    if upstream_id is not None:
        left.pop("id")
    sender = message.get("sender", {})
    for ours, theirs in (("username", "username"), ("displayName", "displayname"), ("avatar", "avatar"), ("providerId", "id")):
        if is_text(sender.get(theirs)):
            data[ours] = sender[theirs]

    def number(theirs, ours="amount"):
        if theirs in left:
            data[ours] = Number(left.pop(theirs))

    if name == "ChatText":
        data["message"] = left.pop("content")
    if name == "ChatGift":
        gift = message["gift"]
        if gift in LEMONS:
            data["amount"], data["currency"] = Number(int(message["amount"]) * LEMONS[gift]), "LEMON"
        elif gift in ("BTT", "TRX"):
            number("amount")
            data["currency"] = gift + "_MICRO"
        data["message"] = left.pop("message")
    if name in ("ChatSubscription", "ChatExtendSub", "ChatSubStreak"):
        number("month")
    if name in ("ChatExtendSub", "ChatSubStreak"):
        number("length", "streak")
    if name == "ChatGiftSub":
        if "receiver" not in message:
            kind = "communityGiftPurchase"
        number("count")
        data["sender"] = sender["username"]
    if name == "ChatGiftSubReceive":
        data["gifted"] = True
        data["sender"] = message["gifter"] if is_text(message["gifter"]) else message["gifter"]["username"]
    if name == "ChatHost":
        number("viewer")
    for chest, field in (("ChatTCValueAdd", "amount"), ("TreasureChestGiveawayStarted", "pricePool"),
                         ("TreasureChestValueExpired", "value"), ("TreasureChestValueUpdated", "value")):
        if name == chest:
            number(field)
            data["currency"] = "LEMON_E5"
    if kind in mapping.SIX:
        data.setdefault("username", "")
        data["displayName"] = data.get("displayName") or data["username"]
        data.setdefault("amount", Number("0"))
        for field, value in mapping.FILLED.items():
            data.setdefault(field, value)
    if left:
        data["details"] = left
    return event_of("dlive", "room", streamer, kind, data, name, upstream_id, created)


# ── OHA ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def of_oha(frame, label):
    if frame.get("type") != "chat":
        return event_of("oha", "room", label, "unknown", {"upstream": frame}, frame.get("type", ""))
    data = {ours: frame["data"][theirs] for ours, theirs in (("username", "user"), ("message", "message"))}
    left = {key: value for key, value in frame["data"].items() if key not in ("user", "message")}
    if left:
        data["details"] = left
    return event_of("oha", "room", label, "chat", data, "chat")
