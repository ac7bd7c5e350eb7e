#!/usr/bin/env python3
"""Measures the relay as a whole process: CPU per event, rate, memory, latency; beside its floor in the same run.

    bench.py BUILD_DIRECTORY [--quick] [--json FILE]

Nothing here passes or fails on a speed: a number missed is printed as missed.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time

TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    """user + system of a process, all threads, in seconds (resolution of the kernel's accounting: 10 ms)."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def memory_kib(pid, what="VmHWM"):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        for line in status:
            if line.startswith(what):
                return int(line.split()[1])
    return 0


class Program:
    """A child process of ours; ended by its id."""

    def __init__(self, *command, **kwargs):
        self.process = subprocess.Popen(command, text=True, **kwargs)
        self.pid = self.process.pid

    def first_line(self):
        return self.process.stdout.readline().strip()

    def end(self, number=signal.SIGTERM, timeout=30):
        if self.process.poll() is None:
            self.process.send_signal(number)
        out, _ = self.process.communicate(timeout=timeout)
        return out or ""


class Bench:
    def __init__(self, build):
        self.build = build
        self.programs = os.path.join(build, "tests", "benchmark")
        self.rows = []

    def broker(self, partitions=6):
        program = Program(os.path.join(self.programs, "mock_broker"), str(partitions),
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return program, program.first_line().split()[1]

    def load(self, events, rate=0, connections=1):
        program = Program(os.path.join(self.programs, "load_server"), "--events", str(events), "--rate", str(rate),
                          "--connections", str(connections), stdout=subprocess.PIPE)
        return program, int(program.first_line().split()[1])

    def relay(self, directory, port, broker, connections=1, routes=1):
        lines = ["version: 1", "connectors:"]
        for i in range(connections):
            lines.append(f"  c{i}: {{type: streamelements, url: 'ws://127.0.0.1:{port}/socket.io/', "
                         f"auth: {{method: jwt, token: {{file: token}}}}}}")
        lines += ["sinks:", f"  events: {{type: kafka, brokers: ['{broker}']}}", "routes:"]
        lines += ["  - {to: [events]}"] + ["  - {types: [none-of-these], to: [events]}"] * (routes - 1)
        lines += ["limits: {dials_per_second: 1000}", "log: {level: warn}"]
        with open(os.path.join(directory, "tributary.yaml"), "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        with open(os.path.join(directory, "token"), "w", encoding="utf-8") as file:
            file.write("load-token\n")
        return Program(os.path.join(self.build, "tributary"), "run", "-c", os.path.join(directory, "tributary.yaml"),
                       stdout=subprocess.PIPE)

    def whole(self, events, rate=0, connections=1, routes=1):
        """One run of the relay over so many events: (µs per event, events/s, peak KiB, account)."""
        with tempfile.TemporaryDirectory() as directory:
            broker, address = self.broker()
            load, port = self.load(events, rate, connections)
            relay = self.relay(directory, port, address, connections, routes)
            begin_cpu, begin = cpu_seconds(relay.pid), time.monotonic()
            sent = load.process.stdout.readline()
            cpu, took = self.settled(relay.pid, begin)
            cpu -= begin_cpu
            peak = memory_kib(relay.pid)
            account = relay.end()
            load.end()
            broker.process.stdin.close()
            broker.process.wait(timeout=10)
        fields = dict(part.split("=") for part in account.split() if "=" in part)
        if int(fields["delivered"]) != events:
            raise RuntimeError(f"{fields['delivered']} of {events} delivered: {account}")
        return cpu / events * 1e6, events / took, peak, fields

    @staticmethod
    def settled(pid, begin):
        """(CPU seconds, wall seconds) when the process has had nothing to do for 300 ms."""
        last, since = cpu_seconds(pid), time.monotonic()
        while time.monotonic() - since < 0.3:
            time.sleep(0.02)
            now = cpu_seconds(pid)
            if now - last > 0.011:
                last, since = now, time.monotonic()
        return cpu_seconds(pid), since - begin


if __name__ == "__main__":
    bench = Bench(sys.argv[1])
    n = int(sys.argv[2]) if len(sys.argv) > 2 else 500_000
    for _ in range(3):
        print(bench.whole(n)[:3])
