"""What the workers of one test run have in common: certificates made once, one real Kafka started once."""

import contextlib
import fcntl
import json
import os
import pathlib
import signal

from peers.kafka import RealKafka
from peers.place import Certificates


class Shared:
    """`folder` is the run's own. Whoever comes first makes a thing, whoever goes last ends it."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def certificates(self):
        with self._alone():
            return Certificates(self.folder / "certificates")

    @contextlib.contextmanager
    def kafka(self, certificates, version, users):
        """A broker of which a test may make topics and rights, and not end it: others use it, too."""
        folder = self.folder / "kafka"
        with self._alone():
            state = self._state() or self._started(RealKafka(folder, certificates, version, users))
            self._keep({**state, "workers": state["workers"] + 1})
        try:
            yield RealKafka.of_others(folder, certificates, version, users, state["ports"])
        finally:
            with self._alone():
                state = self._state()
                self._keep({**state, "workers": state["workers"] - 1})
                if state["workers"] == 1:
                    self._end()

    def end(self):
        """At the end of the run: also what a worker left that crashed."""
        with self._alone():
            self._end()

    @contextlib.contextmanager
    def _alone(self):
        with (self.folder / "shared.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @property
    def _file(self):
        return self.folder / "kafka.json"

    def _state(self):
        return json.loads(self._file.read_text()) if self._file.is_file() else None

    def _keep(self, state):
        self._file.write_text(json.dumps(state))

    def _started(self, broker):
        broker.format_and_start()
        return {"pid": broker.process.pid, "ports": broker.ports, "workers": 0}

    def _end(self):
        if state := self._state():
            self._file.unlink()
            with contextlib.suppress(ProcessLookupError):
                os.kill(state["pid"], signal.SIGKILL)
