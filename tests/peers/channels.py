"""Runs the real Django Channels chat of channels_app/ on Daphne, and orders about it."""

import json
import os
import pathlib
import re
import subprocess
import sys
import urllib.request

from peers import mapping
from peers.mapping_others import of_oha
from peers.place import PATIENCE, wait_until

TESTS = pathlib.Path(__file__).resolve().parents[1]
CONTROL = ("auth", "error")


class Channels:
    """`port` 0: a free one. `daphne`: its own options, as ping_interval=1. Its log and its output hold the streams' keys."""

    def __init__(self, folder, streams, port=0, ill=False, **daphne):
        self.port = port
        self.output = pathlib.Path(folder) / "daphne.log"
        self._describe(folder, streams, ill)
        self.options = [f"--{name.replace('_', '-') if name != 'websocket_timeout' else name}={value}"
                        for name, value in daphne.items()]
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()

    def _describe(self, folder, streams, ill):
        self.said = pathlib.Path(folder) / "channels.jsonl"
        self.site = {"streams": list(streams), "ill": ill, "log": str(self.said)}

    def begin(self, folder, streams, ill=False):
        """The same server; all that has been is forgotten."""
        self._describe(folder, streams, ill)
        self.order("begin", **self.site)
        return self

    def start(self):
        """Daphne says in its log where it listens."""
        environment = {**os.environ, "PYTHONPATH": str(TESTS), "PYTHONDONTWRITEBYTECODE": "1",
                       "SITE": json.dumps(self.site)}
        before = self.output.stat().st_size if self.output.exists() else 0
        with open(self.output, "ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "daphne", "-e", f"tcp:port={self.port}:interface=127.0.0.1", *self.options,
                 "peers.channels_app.asgi:application"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, cwd=self.output.parent)

        def port():
            log = self.output.read_text(errors="replace")[before:]
            assert self.process.poll() is None, log
            return re.search(r"Listening on TCP address 127\.0\.0\.1:(\d+)", log)
        self.port = int(wait_until(port, 30, lambda: "Daphne: " + self.output.read_text(errors="replace"))[1])

    def kill(self):
        self._end(subprocess.Popen.kill)

    def terminate(self):
        self._end(subprocess.Popen.terminate)

    def _end(self, how):
        if self.process is not None:
            how(self.process)
            try:
                self.process.wait(20 * PATIENCE)
            finally:
                self.process.kill()
                self.process.wait()
                self.process = None

    def order(self, what, **details):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/control",
                                         json.dumps({"order": what, **details}).encode())
        with urllib.request.urlopen(request, timeout=30 * PATIENCE) as answer:
            return json.load(answer)

    def stats(self):
        return self.order("stats")

    def wait_for(self, count, number=1, seconds=20):
        return wait_until(lambda: self.stats()[count] >= number, seconds, lambda: f"{number} {count}: {self.stats()}",
                          interval=0.05)

    def url(self):
        return f"ws://127.0.0.1:{self.port}/ws"

    def lines(self, what):
        """(connection, what was noted) of each line of the log that has it."""
        noted = [json.loads(line) for line in self.said.read_text(encoding="utf-8").split("\n") if line]
        return [(line["connection"], line[what]) for line in noted if what in line]

    def expected(self, label, broken=()):
        """The events that the frames are which were written so far, mapped; control frames and `broken` ones are none."""
        for _, text in self.lines("wrote"):
            if text not in broken and (frame := mapping.parse(text)).get("type") not in CONTROL:
                yield of_oha(frame, label)
