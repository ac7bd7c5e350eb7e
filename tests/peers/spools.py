"""What several tests of the spool begin with: runs on one directory, with Kafka away or there.

Kafka is away where the sink dials a port on which nobody listens; the next run dials the real one.
"""

import json

from peers.mapping import parse
from peers.place import free_port, wait_until
from peers.program import Tributary, kafka as kafka_sink, run_once, streamelements

CREATED = "2026-10-01T12:34:56.789Z"


def nobody():
    return f"localhost:{free_port()}"


def run(work, config):
    """One of several runs on one spool: with a folder of its own for its log, so that each has one account."""
    folder = work / f"run-{len(list(work.glob('run-*')))}"
    config = {"spool": {"directory": str(work / "spool")}, **config}
    return Tributary(folder, config)


def config_for(url, brokers, topics, more=None, **sink):
    return {"connectors": {"main": streamelements(url, "../token")} if url else {},
            "sinks": {"events": kafka_sink(brokers, topics=dict(topics), **sink)},
            "routes": [{"to": ["events"]}] if url else [], **(more or {})}


def spool_of(work):
    return work / "spool" / "events.spool"


def count(work):
    """The events in the spool, as the program says, also while it is written."""
    done = run_once("spool", spool_of(work), "--export")
    assert done.returncode == 0, done
    return sum(1 for line in done.stdout.splitlines() if json.loads(line)["provider"] != "tributary")


def say(connection, tips):
    for one in tips:
        connection.emit("event", one)


def leave_on_disk(work, upstream, topics, tips, **sink):
    """A run without Kafka, and its account."""
    with run(work, config_for(upstream.url(), nobody(), topics, **sink)) as relay:
        say(upstream.live(), tips)
        wait_until(lambda: count(work) == len(tips), 20, lambda: f"all on disk: {relay.output[-2000:]}")
        account = relay.stop()
        return account, relay.entries()


def numbers(records):
    """Of the events on one partition, in their order."""
    return [int(parse(record.value)["_id"], 16) for record in records]


def numbers_of(tips):
    return [int(one["_id"], 16) for one in tips]


def logged(relay, event):
    return [entry for entry in relay.entries() if entry["event"] == event]


def in_book(relay, name):
    return logged(relay, "program_stopped")[-1].get(name, 0)


def listing(folder):
    return {path.name: (path.stat().st_mtime_ns, path.stat().st_size) for path in [folder, *folder.iterdir()]}
