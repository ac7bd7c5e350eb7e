"""Runs and orders about the real graphql-ws server of subscriptions_server/."""

import json
import os
import pathlib
import queue
import subprocess
import threading

from peers.place import PATIENCE, TOOLS, free_port, wait_until

HERE = pathlib.Path(__file__).resolve().parent / "subscriptions_server"
MODULES = TOOLS / "node-subscriptions" / "node_modules"


class Subscriptions:
    """DLive on subscriptions-transport-ws. Options: see server.js."""

    def __init__(self, folder, **options):
        assert MODULES.is_dir(), "no graphql-ws server there: run tests/test-tools node"
        self.log = pathlib.Path(folder) / "emitted.jsonl"
        self.port = free_port()  # it is dialled again while the server is away
        self.options = {"port": self.port, "log": str(self.log), **options}
        self._answers = queue.Queue()
        self._number = 0
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()

    def start(self):
        self.process = subprocess.Popen(
            ["node", str(HERE / "server.js"), json.dumps(self.options)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, env={**os.environ, "TRIBUTARY_NODE_MODULES": str(MODULES)})
        threading.Thread(target=self._read, args=(self.process,), daemon=True).start()
        self._answer(0)

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def _read(self, process):
        for line in process.stdout:
            self._answers.put(json.loads(line))

    def _answer(self, number):
        answer = self._answers.get(timeout=30 * PATIENCE)
        assert answer.get("id") == number and "fault" not in answer, answer
        return answer

    def order(self, what, **details):
        self._number += 1
        self.process.stdin.write(json.dumps({"id": self._number, "order": what, **details}) + "\n")
        self.process.stdin.flush()
        return self._answer(self._number)

    def stats(self):
        return self.order("stats")

    def wait_subscribed(self, count, seconds=20):
        wait_until(lambda: self.stats()["live"] >= count, seconds, f"{count} subscriptions", interval=0.05)

    def url(self):
        return f"ws://127.0.0.1:{self.port}"
