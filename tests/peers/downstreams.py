"""One case for each type of sink that the program has: what it writes to, what that saw, how it can end, how it stalls.

tests/end_to_end/sinks_test.py goes over the program's own list of types: one without a case here fails.
"""

import os
import re
import threading

from peers.door import Door
from peers.mapping import lines_of
from peers.place import free_port, wait_until
from peers.program import kafka as kafka_sink
from peers.ws_server import Dialled, Simulated

_ID = re.compile(r"[0-9a-f]{24}")
UNLIMITED = {"per_second": 1000, "burst": 1000}
QUICK = {"backoff": {"base": "50ms", "cap": "200ms", "reset_after": "1s"}}


def ids_in(texts):
    """The first `_id` of each text."""
    return [found[0] for text in texts if (found := _ID.search(text))]


class Downstream:
    """`with Case(work, kafka, topics) as case:`; `connectors` and `sink` are its part of the configuration."""

    endings = ()  #: the ways in which its connection can end, methods
    at_most_once = True  #: what it did not hear is booked as sent
    pauses = True  #: full, it has those who feed it wait; no channel ever does
    too_much = 400, 200_000  #: so many events of so many bytes are more than it holds
    secret = None  #: what it is given to keep
    most = 40  #: events of a test
    connector = None  #: the name of the one on whose connection it speaks

    def __init__(self, work, kafka, topics):
        self.work, self.kafka, self.topics = work, kafka, topics
        self.connectors = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def wait_ready(self, relay):
        """Until what is offered is said at once."""

    def heard(self, at_least=0):
        """The `_id` of everything that the other side saw, in order of arrival there."""
        raise NotImplementedError

    def stalled(self):
        """Settings with which it gets nothing out for a while, and a program's standard output, where that is it."""
        raise NotImplementedError


class Kafka(Downstream):
    too_much = 400, 5_000
    at_most_once = False
    endings = ("killed", "silence")
    secret = "relay-test-password"

    def __enter__(self):
        self.topics.partitions = 1
        self.topics.create(self.kafka)
        self.kafka.allow("relay", *(name for name in self.topics.values() if name))
        (self.work / "password").write_text(self.secret)
        self.sink = kafka_sink(self.kafka.bootstrap("sasl"), topics=dict(self.topics), security={
            "protocol": "sasl_plaintext", "sasl_mechanism": "PLAIN", "username": "relay", "password": {"file": "password"}})
        return self

    def heard(self, at_least=0):
        return ids_in(record.value.decode() for record in self.kafka.read_topic(self.topics["events"], at_least))

    def killed(self, relay):
        self.kafka.kill()
        self.kafka.start()

    def silence(self, relay):
        """While more comes, for two seconds."""
        self.kafka.pause()
        threading.Timer(2, self.kafka.resume).start()

    def stalled(self):
        return {**self.sink, "brokers": [f"127.0.0.1:{free_port()}"], "memory": "1MiB",
                "spool": {"enabled": False}}, None

    def used_its_secret(self):
        return bool(self.heard())


class File(Downstream):
    def __enter__(self):
        self.sink = {"type": "file", "path": "out.jsonl"}
        return self

    def heard(self, at_least=0):
        wait_until(lambda: len(lines_of(self.work / "out.jsonl")) >= at_least, 15, f"{at_least} lines")
        return [event["_id"] for event in lines_of(self.work / "out.jsonl")]

    def stalled(self):
        return {"type": "file", "path": "/dev/full"}, None


class Stdout(Downstream):
    def __enter__(self):
        self.sink = {"type": "stdout"}
        self._pipe = None
        return self

    def __exit__(self, *_):
        for end in self._pipe or ():
            os.close(end)

    def heard(self, at_least=0):
        wait_until(lambda: len(lines_of(self.work / "stdout")) >= at_least, 15, f"{at_least} lines")
        return [event["_id"] for event in lines_of(self.work / "stdout") if "_id" in event]

    def stalled(self):
        self._pipe = os.pipe()  # that nobody reads
        return self.sink, self._pipe[1]


class Channel(Downstream):
    """One that speaks on a connection: a simulated upstream behind a door, and somebody else who listens."""

    pauses = False
    too_much = 1_000, 2_000
    endings = ("cut", "reset", "closed", "silence", "refused")
    secret = "canary+fake/credential&=1"
    connector = "there"
    upstream = None  #: the simulator's name
    behaviours = {}
    refusing = {}  #: the behaviours of one that lets nobody in
    settings = {}  #: of the sink

    def __enter__(self):
        (self.work / "credential").write_text(self.secret)
        self.server = Simulated(self.upstream, **self.behaviours).__enter__()
        self.unwilling = Simulated(self.upstream, **self.refusing).__enter__()
        self.door = Door(self.server.port).__enter__()
        self.ears = self.listener()
        self.connectors = {"there": {"type": self.upstream, "ping_interval": "200ms", **QUICK, **self.dials(self.door.port)}}
        self.sink = {"type": self.upstream, "connector": "there", "format": "text", "template": "{_id}", "rate": UNLIMITED,
                     **self.settings}
        return self

    def __exit__(self, *_):
        self.ears.close()
        for each in (self.door, self.server, self.unwilling):
            each.__exit__()

    def wait_ready(self, relay, count=1):
        relay.wait_log('"connector_up"', '"there"', count=count)

    def heard(self, at_least=0):
        wait_until(lambda: len(self.ids()) >= at_least, 30, lambda: f"{at_least} messages, {self.ids()}")
        return self.ids()

    def ids(self):
        return ids_in(payload.decode() for _, payload in list(self.ears.heard.queue))

    def stalled(self):
        """Held back by its rate."""
        return {**self.sink, "rate": {"per_second": 0.05, "burst": 2}, "memory": "64KiB"}, None

    def cut(self, relay):
        self.door.last().cut()
        relay.wait_log('"connector_down"', '"there"')

    def reset(self, relay):
        self.door.last().reset()
        relay.wait_log('"connector_down"', '"there"')

    def closed(self, relay):
        self.door.last().close()
        relay.wait_log('"connector_down"', '"there"')

    def silence(self, relay):
        self.door.last().silence()
        relay.wait_log('"connector_down"', "pong_timeout")

    def refused(self, relay):
        """The next login is refused; another credential is tried at once."""
        self.door.target = self.unwilling.port
        self.door.last().cut()
        relay.wait_log(*self.refusal_words, seconds=30)
        self.door.target = self.server.port
        (self.work / "new").write_text(self.secret)
        (self.work / "new").rename(self.work / "credential")

    refusal_words = ('"connector_waiting"', "credential_refused")

    def used_its_secret(self):
        return self.secret in self.door.said()


class Stagecast(Channel):
    upstream = "stagecast"
    behaviours = {"channel": "hall"}
    refusing = {"tokens": "another", "refusal": "close"}

    def dials(self, port):
        return {"url": f"ws://127.0.0.1:{port}", "channel": "hall", "auth": {"token": {"file": "credential"}},
                "timeouts": {"pong": "500ms"}}

    def listener(self):
        return Dialled(self.server.port, "/api/events/hall/ws")


class Oha(Channel):
    refusal_words = ('"connector_waiting"', "upgrade_refused")
    upstream = "oha"
    refusing = {"refuse": "403"}

    def dials(self, port):
        (self.work / "stream").write_text("maths-key")
        return {"url": f"ws://127.0.0.1:{port}/ws", "stream": {"file": "stream"}, "label": "maths",
                "auth": {"token": {"file": "credential"}}, "timeouts": {"pong": "500ms"}}

    def listener(self):
        return Dialled(self.server.port, "/ws/streams/maths-key/")


class DLive(Channel):
    """One message in two seconds is the upstream's pace."""

    most = 2
    upstream = "dlive"
    refusing = {"tokens": "another"}
    settings = {"streamer": "dbl-lee", "token": {"file": "credential"}}

    def __enter__(self):
        self.behaviours = {"api_port": free_port()}
        return super().__enter__()

    def dials(self, port):
        return {"url": f"ws://127.0.0.1:{port}", "api_url": f"http://127.0.0.1:{self.behaviours['api_port']}",
                "streamers": ["dbl-lee"], "treasure_chest": False, "auth": {"token": {"file": "credential"}},
                "timeouts": {"pong": "500ms"}}

    def listener(self):
        ears = Dialled(self.server.port, Sec_WebSocket_Protocol="graphql-ws")
        ears.send({"type": "connection_init", "payload": {}})
        ears.send({"id": "1", "type": "start", "payload": {
            "query": "subscription($s:String!){streamMessageReceived(streamer:$s){__typename}}", "variables": {"s": "dbl-lee"}}})
        return ears


class Users(Channel):
    """At least once: what has no echo is said again."""

    at_most_once = False
    upstream = "users"
    refusing = {"origins": "nobody"}
    refusal_words = ('"connector_waiting"', '"there"')
    settings = {"confirm_timeout": "1s"}

    def dials(self, port):
        return {"url": f"ws://127.0.0.1:{port}", "origin": "trusted-host", "api_key": {"file": "credential"},
                "probe_interval": "200ms", "timeouts": {"pong": "500ms"}}

    def listener(self):
        return Dialled(self.server.port, Origin="trusted-host")

    def ids(self):
        said = [payload.decode() for _, payload in list(self.ears.heard.queue)]
        return ids_in(text for text in said if "tributary-probe-" not in text)


CASES = {"kafka": Kafka, "file": File, "stdout": Stdout, "stagecast": Stagecast, "oha": Oha, "dlive": DLive, "users": Users}
