#!/usr/bin/env python3
"""Reads the relay's events from Kafka and acts once on each of them.

    pip install kafka-python
    python3 consumer.py BROKERS [TOPIC [GROUP]]          e.g. consumer.py localhost:9092 stream.events alerts

Prints a line for each event; a repeat of one is told on standard error and nothing else is done with it.
"""

import collections
import decimal
import json
import signal
import sys

from kafka import KafkaConsumer


class Seen:
    """The last ids that were acted on. In memory: what must hold over a restart belongs into a database."""

    def __init__(self, most=100_000):
        self.ids, self.most = collections.OrderedDict(), most

    def add(self, name):
        """Whether it is new."""
        if name in self.ids:
            return False
        self.ids[name] = True
        if len(self.ids) > self.most:
            self.ids.popitem(last=False)
        return True


def act(event):
    """Here the alert is shown. `amount` is a Decimal and an integer keeps all its digits."""
    data = event["data"]
    words = [event["type"], event["_id"], data.get("displayName", ""), str(data.get("amount", "")), data.get("currency", "")]
    print(" ".join(word for word in words if word), flush=True)


def main(brokers, topic="stream.events", group="alerts"):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    consumer = KafkaConsumer(topic, bootstrap_servers=brokers.split(","), group_id=group,
                             enable_auto_commit=False, auto_offset_reset="earliest")
    seen = Seen()
    try:
        while True:
            for records in consumer.poll(timeout_ms=1000).values():
                for record in records:
                    event = json.loads(record.value, parse_float=decimal.Decimal)
                    if seen.add(event["_id"]):
                        act(event)
                    else:
                        print("repeat", event["_id"], file=sys.stderr, flush=True)
                consumer.commit()  # only after acting: a crash brings a repeat, never a loss
    finally:
        consumer.close()


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
