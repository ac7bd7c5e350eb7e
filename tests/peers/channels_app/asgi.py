"""The chat of a streaming site on Django Channels, as OHA's page has it, and a side door for the tests that run it.

    python -m daphne … peers.channels_app.asgi:application

`/ws/streams/KEY/` is the chat of a stream; whoever is there is in its group. The site is what SITE in the environment
says, and then what `begin` says. `/control` takes orders: POST {"order": NAME, …}, answered with JSON. The log has one
line of JSON for all that was heard from a client, and for each frame that was handed to the server for it.
"""

import asyncio
import itertools
import json
import os
import random
import urllib.parse

from django.conf import settings

settings.configure(SECRET_KEY="of no use here", ALLOWED_HOSTS=["*"], CHANNEL_LAYERS={
    # a group's member that is slow loses nothing
    "default": {"BACKEND": "channels.layers.InMemoryChannelLayer", "CONFIG": {"capacity": 1_000_000}}})

from channels.exceptions import DenyConnection  # noqa: E402  all of these read the settings
from channels.generic.http import AsyncHttpConsumer  # noqa: E402
from channels.generic.websocket import AsyncJsonWebsocketConsumer  # noqa: E402
from channels.layers import get_channel_layer  # noqa: E402
from channels.middleware import BaseMiddleware  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import path  # noqa: E402

from peers.channels_app.show import frames  # noqa: E402
from peers.channels_app.tokens import username_of  # noqa: E402

_numbers = itertools.count(1)


class Site:
    """Which streams are live, how the site is, and what has happened so far. Who comes to one knows nothing of another."""

    def __init__(self, streams, log, ill=False):
        self.number = next(_numbers)
        self.streams = set(streams)
        self.ill = ill  # an exception before a connection is accepted
        self.log = open(log, "a", buffering=1, encoding="utf-8")
        self.stats = {"arrived": 0, "accepted": 0, "authenticated": 0, "heard": 0, "written": 0}

    def note(self, connection, **what):
        self.log.write(json.dumps({"connection": connection, **what}) + "\n")

    def group(self, stream):
        """Groups have plain names; keys are anything."""
        return f"site-{self.number}.{stream.encode().hex()}"


#: It is there before Daphne listens: who dials a site that is not yet there gets a 500, and tries again after a minute.
current = Site(**json.loads(os.environ["SITE"]))


class TokenUser(BaseMiddleware):
    """Puts into the scope whose token came with the upgrade, in its header or its query."""

    async def __call__(self, scope, receive, send):
        header = dict(scope["headers"]).get(b"authorization", b"").decode()
        query = urllib.parse.parse_qs(scope["query_string"].decode())
        token = header.removeprefix("Bearer ") or query.get("token", [""])[0]
        return await super().__call__({**scope, "user": username_of(token)}, receive, send)


class Chat(AsyncJsonWebsocketConsumer):
    async def connect(self):
        self.site = current
        self.site.stats["arrived"] += 1
        self.number = self.site.stats["arrived"]
        self.user = self.scope["user"]
        stream = self.scope["url_route"]["kwargs"]["stream"]
        self.site.note(self.number, arrived=stream, user=self.user)
        if self.site.ill:
            raise RuntimeError("the site is ill")
        if stream not in self.site.streams:
            raise DenyConnection
        self.group = self.site.group(stream)
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()
        self.site.stats["accepted"] += 1
        await self.say_whether_authenticated()

    async def disconnect(self, code):
        self.site.note(self.number, gone=code)
        if hasattr(self, "group"):
            await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive(self, text_data=None, bytes_data=None, **kwargs):
        self.site.stats["heard"] += 1
        self.site.note(self.number, heard=text_data if bytes_data is None else {"hex": bytes_data.hex()})
        await super().receive(text_data, bytes_data, **kwargs)

    async def receive_json(self, content, **kwargs):
        kind = content["type"]
        if kind == "auth":
            self.user = username_of(content["data"]["token"])
            await self.say_whether_authenticated()
        elif kind != "chat":
            await self.say_error("unknown_type", "no such type")
        elif self.user is None:
            await self.say_error("not_authenticated", "who are you?")
        else:
            said = {"type": "chat", "data": {"user": self.user, "message": content["data"]["message"]}}
            await self.channel_layer.group_send(self.group, {"type": "stream.frame", "text": json.dumps(said)})

    async def say_whether_authenticated(self):
        self.site.stats["authenticated"] += self.user is not None
        await self.write(json.dumps({"type": "auth", "data": {"authenticated": self.user is not None}}))

    async def say_error(self, code, message):
        await self.write(json.dumps({"type": "error", "data": {"error_code": code, "message": message}}))

    async def write(self, text):
        self.site.note(self.number, wrote=text)
        await self.send(text_data=text)
        self.site.stats["written"] += 1

    # what comes through the group

    async def stream_frame(self, said):
        await self.write(said["text"])

    async def stream_bytes(self, said):
        await self.send(bytes_data=bytes.fromhex(said["hex"]))

    async def stream_end(self, said):
        await self.close(said["code"])

    async def stream_fail(self, said):
        """What the consumer has begun goes on for a moment."""
        self.last = asyncio.create_task(self.write(said["last"])) if said["last"] else None
        raise RuntimeError("an exception in the chat")


class Control(AsyncHttpConsumer):
    """The tests' own: nothing of it is on the chat's wire but what it makes the chat say."""

    async def handle(self, body):
        order = json.loads(body)
        answer = await getattr(self, order.pop("order"))(**order)
        await self.send_response(200, json.dumps(answer).encode(), headers=[(b"Content-Type", b"application/json")])

    async def to_all(self, **message):
        for stream in current.streams:
            await get_channel_layer().group_send(current.group(stream), message)
        return {}

    async def begin(self, **site):
        global current
        current = Site(**site)
        return {}

    async def be(self, streams, ill=False):
        current.streams, current.ill = set(streams), ill
        return {}

    async def stats(self):
        return current.stats

    async def say(self, texts):
        for text in texts:
            await self.to_all(type="stream.frame", text=text)
        return {}

    async def binary(self, hex):
        return await self.to_all(type="stream.bytes", hex=hex)

    async def emit(self, count, seed=1):
        return await self.say(frames(random.Random(seed), count))

    async def close(self, code=None):
        return await self.to_all(type="stream.end", code=code)

    async def fail(self, last=None):
        return await self.to_all(type="stream.fail", last=last)


application = ProtocolTypeRouter({
    "http": URLRouter([path("control", Control.as_asgi())]),
    "websocket": TokenUser(URLRouter([path("ws/streams/<str:stream>/", Chat.as_asgi())])),
})
