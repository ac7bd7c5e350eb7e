#!/usr/bin/env python3
"""Measures the relay as a whole process: CPU per event, rate, memory, latency; beside its floor in the same run.

    bench.py BUILD_DIRECTORY [--quick | --full] [--only WORD] [--against BUILD_DIRECTORY] [--json FILE]

CPU is user + system of the relay's process, all threads, from the moment its connectors are live until the broker has
every event. Latency is told twice: by the relay itself, from the moment it read an event's frame off the socket to the
moment it read Kafka's acknowledgement, all events of the run; and by a consumer, from the upstream's write to the record
in the consumer's hands, without the first quarter of the run. The load begins half a second after the connection is
live, when topics are known. Nothing here passes or fails on a speed: a number missed is printed as missed.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import sys
import time

from programs import Failed, Scene, Watcher, free_address, memory_kib

PARTITIONS = 6


class Table:
    """The rows, printed as they come."""

    def __init__(self):
        self.rows = []

    def row(self, name, value, unit, target=None, at_least=False, floor=None):
        """One number; `target` is what it should be at most (`at_least`: at least)."""
        met = None if target is None else (value >= target if at_least else value <= target)
        self.rows.append({"name": name, "value": round(value, 3), "unit": unit, "target": target,
                          "at_least": at_least, "floor": None if floor is None else round(floor, 3), "met": met})
        sign = ">=" if at_least else "<="
        print(f"{name:<66} {value:>10.2f} {unit:<8} {'' if target is None else f'{sign} {target:g}':<10} "
              f"{'' if floor is None else f'floor {floor:.2f}':<13} {'missed' if met is False else ''}".rstrip(),
              flush=True)


class Bench:
    """`programs`: where they were built; each method measures a few rows."""

    def __init__(self, build, quick, full, only="", other=None):
        self.build, self.only, self.other = build, only, other
        self.table = Table()
        self.flat_out = 100_000 if quick else 400_000
        self.rounds = 1 if quick else 3
        self.pairs = 2 if quick else 40 if full else 12
        self.seconds = 4 if quick else 10
        self.idle = 10_000 if full else 1_000
        self.ratio = None

    def scene(self, **kwargs):
        return Scene(self.build, PARTITIONS, **kwargs)

    def whole(self, events, rate=0, connections=1, routes=1, tls=False, where=False, spool=False, delay=0, of=None):
        """One run, of the program of the build `of`: (CPU seconds, wall seconds, peak KiB)."""
        with self.scene(tls=tls, measured=of) as scene:
            load = scene.load(events, rate, connections, delay=delay)
            relay = scene.relay(load.port, connections, routes, where=where, spool=spool)
            measured = scene.measure(relay, load, events)
            peak = memory_kib(relay.pid, "VmHWM")
            account = relay.account()
            if int(account["delivered"]) != events:
                raise Failed(f"{account['delivered']} of {events} delivered")
            return measured + (peak,)

    def floor(self, events, rate=0, of=None):
        """The floor over the same load: (CPU seconds, wall seconds)."""
        with self.scene(measured=of) as scene:
            load = scene.load(events, rate, 1)
            return scene.measure(scene.floor(load.port, events), load, events)

    def flat_out_rows(self):
        events = self.flat_out
        whole, floor = [], []
        for _ in range(self.rounds):
            whole.append(self.whole(events))
            floor.append(self.floor(events))
        cost = statistics.median(run[0] for run in whole) / events * 1e6
        least = statistics.median(run[0] for run in floor) / events * 1e6
        rate, least_rate = (statistics.median(events / run[1] for run in runs) for runs in (whole, floor))
        self.ratio = cost / least
        self.table.row("whole job, flat out, plain: CPU per event", cost, "us", 4.5, floor=least)
        self.table.row("whole job, flat out, plain: rate", rate, "1/s", 250_000, at_least=True, floor=least_rate)
        self.table.row("whole / floor", self.ratio, "", 1.9)
        self.table.row("resident memory, flat out: peak", max(run[2] for run in whole) / 1024, "MiB", 64)
        secure = [self.whole(events, tls=True) for _ in range(self.rounds)]
        self.table.row("whole job, flat out, TLS: CPU per event",
                       statistics.median(run[0] for run in secure) / events * 1e6, "us", 5.0)
        self.table.row("whole job, flat out, TLS: rate", statistics.median(events / run[1] for run in secure), "1/s")

    def paced_rows(self):
        for rate, target in ((20_000, 25), (1_000, 5)):
            events = rate * self.seconds
            share, least = (run[0] / run[1] * 100 for run in (self.whole(events, rate), self.floor(events, rate)))
            self.table.row(f"{rate:,} events/s: part of a core", share, "%", target, floor=least)

    def latency_rows(self):
        rate, warm_up, ages, acknowledged = 1_000, 500, {}, None
        for who in ("relay", "floor"):
            with self.scene() as scene:
                events = rate * self.seconds
                consumer = scene.consumer(events)
                load = scene.load(events, rate, 1, stamp=True, delay=warm_up)
                relay = scene.relay(load.port, log="info") if who == "relay" else scene.floor(load.port, events)
                ages[who] = [float(word) for word in consumer.line("latency", self.seconds + 30).split()]
                if who == "relay":
                    time.sleep(0.2)  # the last acknowledgements
                    relay.account()
                    acknowledged = scene.latency()
        for name, target in (("p50", 6), ("p99", 12), ("worst", None)):
            self.table.row(f"1,000 events/s: frame read -> acknowledgement read, {name}",
                           float(acknowledged[name + "_ms"]), "ms", target)
        for i, name in enumerate(("p50", "p99", "worst", "the first")):
            self.table.row(f"1,000 events/s: socket write -> read by consumer, {name}", ages["relay"][i], "ms",
                           floor=ages["floor"][i])

    def idle_rows(self):
        with self.scene() as scene:
            load = scene.load(0, connections=5)
            relay = scene.relay(load.port, 5)
            load.line("sent", 30)
            time.sleep(2)
            self.table.row("resident memory, five idle connectors", memory_kib(relay.pid, "VmRSS") / 1024, "MiB", 16)
        for tls, target in ((False, 10), (True, 45)):
            self.idle_upstreams(tls, target)

    def idle_upstreams(self, tls, target):
        kind = "TLS" if tls else "plain"
        with self.scene(tls=tls) as scene:
            load = scene.load(0, connections=1)
            relay = scene.relay(load.port, 1)
            load.line("sent", 30)
            time.sleep(1)
            one = memory_kib(relay.pid, "VmRSS")
        with self.scene(tls=tls) as scene:
            load = scene.load(0, connections=self.idle)
            relay = scene.relay(load.port, self.idle)
            begin = time.monotonic()
            load.line("sent", 60 + self.idle / 100)
            up = time.monotonic() - begin
            time.sleep(2)
            cpu, begin = relay.cpu(), time.monotonic()
            time.sleep(self.seconds)
            share = (relay.cpu() - cpu) / (time.monotonic() - begin) * 100
            each = (memory_kib(relay.pid, "VmRSS") - one) / (self.idle - 1)
        self.table.row(f"{self.idle:,} idle upstreams, {kind}: memory each", each, "KiB", target)
        self.table.row(f"{self.idle:,} idle upstreams, {kind}: part of a core", share, "%", 3)
        self.table.row(f"{self.idle:,} idle upstreams, {kind}: all live after (1,000 dials/s)", up, "s",
                       self.idle / 1000 + 1)

    def growth_rows(self):
        shapes = [(1, 1), (10, 1), (100, 1), (1_000, 1), (1, 10)]
        events = self.flat_out // 2
        costs = {shape: [] for shape in shapes}
        for _ in range(self.rounds):
            for connections, routes in shapes:
                cpu = self.whole(events, connections=connections, routes=routes)[0]
                costs[connections, routes].append(cpu / events * 1e6)
        base = statistics.median(costs[shapes[0]])
        self.table.row("growth: 1 connector, 1 route", base, "us")
        for connections, routes in shapes[1:]:
            cost = statistics.median(costs[connections, routes])
            self.table.row(f"growth: connectors {connections:,}, routes {routes}, against that one", cost / base, "x",
                           1.15)

    def where_rows(self):
        """In turns, so that a machine that slows down meanwhile slows both."""
        events = self.flat_out
        none, ten = [], []
        for _ in range(self.rounds):
            none.append(self.whole(events)[0])
            ten.append(self.whole(events, where=True)[0])
        self.table.row("flat out, ten `where` routes against none: CPU per event",
                       statistics.median(ten) / statistics.median(none), "x", 1.15)

    def spool_rows(self):
        """While Kafka keeps up, and flat out, where an event waits for longer than its exposure. In turns. The load begins
        once Kafka is reached: before that every event waits for longer, too."""
        for rate, words, target in ((20_000, "at 20,000 events/s", 1.10), (0, "flat out", None)):
            events = rate * self.seconds if rate else self.flat_out
            without, spooled = [], []
            for _ in range(self.rounds):
                without.append(self.whole(events, rate, delay=1_500)[0])
                spooled.append(self.whole(events, rate, spool=True, delay=1_500)[0])
            self.table.row(f"{words}, a spool against none: CPU per event",
                           statistics.median(spooled) / statistics.median(without), "x", target)

    def watched(self, events, scraped, tap=False):
        """CPU seconds of one run flat out: with the admin port closed, or scraped every second, perhaps with a tap."""
        with self.scene() as scene:
            address = free_address() if scraped else ""
            load = scene.load(events, delay=1_500)
            relay = scene.relay(load.port, admin=address)
            if not scraped:
                return scene.measure(relay, load, events)[0]
            with Watcher(address, tap) as watcher:
                cpu = scene.measure(relay, load, events)[0]
            if watcher.fault or not watcher.scrapes or (tap and watcher.tapped < events):
                raise Failed(f"{watcher.scrapes} scrapes, {watcher.tapped} bytes of events: {watcher.fault}")
            return cpu

    def admin_rows(self):
        """In turns, and longer than other rows: a scrape comes every second."""
        events = self.flat_out * 2
        closed, scraped, tapped = [], [], []
        for _ in range(self.rounds):
            closed.append(self.watched(events, False))
            scraped.append(self.watched(events, True))
            tapped.append(self.watched(events, True, tap=True))
        least = statistics.median(closed)
        self.table.row("flat out, admin port closed: CPU per event", least / events * 1e6, "us")
        self.table.row("flat out, scraped every second, against closed: CPU per event",
                       statistics.median(scraped) / least, "x", 1.05)
        self.table.row("flat out, scraped and with one tap, against closed: CPU per event",
                       statistics.median(tapped) / least, "x")

    def against_rows(self):
        """This version and another in turn: each relay and its own floor, so that a machine that slows down meanwhile
        slows all four. Each round gives one ratio of each kind; what is told is their median, and the least and the most."""
        if self.other is None:
            return
        events, names = self.flat_out, {"this version": self.build, "the other": self.other}
        ratios, costs, floors = ({name: [] for name in names} for _ in range(3))
        for turn in range(self.pairs):
            for name in sorted(names, reverse=bool(turn % 2)):  # neither is always the first
                cost, least = self.whole(events, of=names[name])[0], self.floor(events, of=names[name])[0]
                costs[name].append(cost / events * 1e6)
                floors[name].append(least / events * 1e6)
                ratios[name].append(cost / least)
        for name in names:
            self.table.row(f"{name}, flat out: CPU per event", statistics.median(costs[name]), "us",
                           floor=statistics.median(floors[name]))
            self.table.row(f"{name}: whole / floor, median of {self.pairs}", statistics.median(ratios[name]), "")
            self.table.row(f"{name}: whole / floor, least", min(ratios[name]), "")
            self.table.row(f"{name}: whole / floor, most", max(ratios[name]), "")
        for words, of in (("whole", costs), ("whole / floor", ratios)):
            both = [mine / theirs for mine, theirs in zip(of["this version"], of["the other"])]
            self.table.row(f"{words}, this version against the other, median of {self.pairs}", statistics.median(both), "x")

    def start_and_stop_rows(self):
        starts, stops = [], []
        for _ in range(5):
            with self.scene() as scene:
                load = scene.load(0, connections=1)
                begin = time.monotonic()
                relay = scene.relay(load.port)
                load.line("connected", 30)
                starts.append((time.monotonic() - begin) * 1000)
                load.line("sent", 30)
                time.sleep(0.5)
                begin = time.monotonic()
                relay.end()
                stops.append((time.monotonic() - begin) * 1000)
        self.table.row("start to first dial", statistics.median(starts), "ms", 50)
        self.table.row("stop when idle", statistics.median(stops), "ms", 100)

    def run(self):
        for part in (self.flat_out_rows, self.paced_rows, self.latency_rows, self.idle_rows, self.growth_rows,
                     self.where_rows, self.spool_rows, self.admin_rows, self.against_rows, self.start_and_stop_rows):
            if self.only not in part.__name__:
                continue
            try:
                part()
            except Failed as failed:  # the other parts still tell something
                self.table.rows.append({"name": part.__name__, "failed": str(failed)})
                print(f"{part.__name__}: could not be measured: {failed}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("build")
    parser.add_argument("--quick", action="store_true", help="short runs, once each")
    parser.add_argument("--full", action="store_true", help="10,000 idle upstreams instead of 1,000, 40 pairs instead of 12")
    parser.add_argument("--only", metavar="WORD", default="", help="the parts with this in their name: where, flat_out")
    parser.add_argument("--against", metavar="BUILD", help="another version, built with its benchmarks: whole and floor in turn with this one's")
    parser.add_argument("--json", default="build/bench.json", help="where the rows go as JSON")
    arguments = parser.parse_args()
    if arguments.only and arguments.only in "against" and not arguments.against:
        parser.error("--only against wants --against BUILD")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    bench = Bench(arguments.build, arguments.quick, arguments.full, arguments.only, arguments.against)
    load_before = os.getloadavg()
    print(f"{os.cpu_count()} cores, load average before: {load_before[0]:.2f}", flush=True)
    begin = time.monotonic()
    bench.run()
    if bench.ratio is not None:
        print(f"ratio whole/floor: {bench.ratio:.2f}")
    missed = [row["name"] for row in bench.table.rows if row.get("met") is False]
    failed = [row["name"] for row in bench.table.rows if "failed" in row]
    print(f"{len(bench.table.rows)} rows, {len(missed)} missed, {len(failed)} not measured, "
          f"{time.monotonic() - begin:.0f} s")
    with open(arguments.json, "w", encoding="utf-8") as file:
        json.dump({"machine": platform.machine(), "cores": os.cpu_count(), "load_average_before": load_before[0],
                   "rows": bench.table.rows}, file, indent=1)
        file.write("\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
