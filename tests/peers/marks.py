"""The marks of relays, written from their contract with Python's hmac: what the program is compared with."""

import datetime
import hashlib
import hmac
import json

from peers import mapping


def text_of(moment=None, shift=0.0):
    """A time as relays write it; `shift` in seconds."""
    moment = (moment or datetime.datetime.now(datetime.timezone.utc)) + datetime.timedelta(seconds=shift)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def signature(key, origin, identity, hops, at, event):
    said = "\n".join(["1", origin, identity, str(hops), at, hashlib.sha256(event.encode()).hexdigest()])
    return hmac.new(key.encode(), said.encode(), hashlib.sha256).hexdigest()


def envelope(origin, event, key=None, kid=None, hops=1, at=None, identity=None):
    """The text of an envelope around the text of an event."""
    at = at or text_of()
    mark = {"v": 1, "origin": origin, "id": identity or json.loads(event)["_id"], "hops": hops, "at": at}
    if kid:
        mark["kid"] = kid
    if key:
        mark["signature"] = signature(key, origin, mark["id"], hops, at, event)
    return json.dumps({"tributary": mark, "event": event}, ensure_ascii=False)


def tip(identity="5f1c3d6b9a1b2c3d4e5f6a7b", amount="4.20", **relay):
    """The text of a tip as another relay publishes it."""
    more = "".join(f',"{key}":{json.dumps(value)}' for key, value in relay.items())
    at = "2026-10-01T12:34:56.789Z"
    return (f'{{"_id":"{identity}","channel":"c1","type":"tip","provider":"twitch","flagged":false,"data":{{"username":"ann",'
            f'"displayName":"Ann ☃","amount":{amount},"message":"hi \\"all\\"","items":[],"avatar":"","tipId":12345678901234567890}},'
            f'"createdAt":"{at}","updatedAt":"{at}","relay":{{"connector":"theirs","source":"streamelements","upstreamType":"tip",'
            f'"upstreamId":"{identity}","upstreamChannel":"c1"{more},"receivedAt":"2026-10-01T12:34:57.001Z","run":"01K9ZB4T",'
            f'"sequence":7}}}}')


def unwrapped(event, origin, hops, connector="room"):
    """What comes out of it here, less what the relay alone knows."""
    value = mapping.parse(event)
    relay = {key: value["relay"][key] for key in ("source", "upstreamType", "upstreamId", "upstreamChannel")}
    return {**value, "relay": {"connector": connector, **relay, "origin": origin, "hops": mapping.Number(str(hops))}}
