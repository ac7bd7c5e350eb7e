"""Runs and orders about the real Socket.IO servers of socketio_server/."""

import json
import os
import pathlib
import queue
import subprocess
import threading

from peers.place import PATIENCE, TOOLS, free_port, wait_until

HERE = pathlib.Path(__file__).resolve().parent / "socketio_server"
MODULES = TOOLS / "node" / "node_modules"
CHANNEL = "5eb8a1f0c2d3e4f5a6b7c8d9"


class SocketIO:
    """StreamElements on socket.io@2.2.0 (version=2) or socket.io@4 (version=4). Options: see server.js."""

    def __init__(self, folder, version=2, **options):
        assert MODULES.is_dir(), "no Socket.IO servers there: run tests/test-tools node"
        self.log = pathlib.Path(folder) / "emitted.jsonl"
        self.options = {"version": version, "channels": [CHANNEL], "log": str(self.log), **options}
        self._answers = queue.Queue()
        self._number = 0
        self.process = None
        self.port = self.options.get("port") or free_port()  # it is dialled again and again while the server is away

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()

    def start(self):
        self.options["port"] = self.port
        self.process = subprocess.Popen(
            ["node", str(HERE / "server.js"), json.dumps(self.options)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, env={**os.environ, "TRIBUTARY_NODE_MODULES": str(MODULES)})
        threading.Thread(target=self._read, args=(self.process,), daemon=True).start()
        self.port = self._answer(0, 30)["port"]

    def kill(self):
        """The process dies; `start` brings it back on the same port."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def _read(self, process):
        for line in process.stdout:
            self._answers.put(json.loads(line))

    def _answer(self, number, seconds):
        while True:
            answer = self._answers.get(timeout=seconds * PATIENCE)
            assert "fault" not in answer, answer
            if answer["id"] == number:
                return answer

    def order(self, what, seconds=60, **details):
        self._number += 1
        self.process.stdin.write(json.dumps({"id": self._number, "order": what, **details}) + "\n")
        self.process.stdin.flush()
        return self._answer(self._number, seconds)

    def stats(self):
        return self.order("stats")

    def wait_live(self, seconds=20, count=1):
        wait_until(lambda: self.stats()["live"] >= count, seconds, f"{count} authenticated connection(s)", interval=0.05)

    def url(self, host="localhost"):
        scheme = "wss" if "tls" in self.options else "ws"
        return f"{scheme}://{host}:{self.port}/socket.io/"

    def emitted_lines(self):
        """What was emitted while somebody was there to hear it, as text: one JSON object a line."""
        return [line for line in self.log.read_text().split("\n") if line and '"sockets":[]' not in line]
