"""What the workers of one test run have in common: certificates made once, one real Kafka started once."""

import contextlib
import fcntl
import json
import os
import pathlib
import signal

from peers.kafka import RealKafka
from peers.place import Certificates

KAFKA = os.environ.get("TRIBUTARY_KAFKA", "3.9.1")
USERS = {"relay": "relay-test-password", "limited": "limited-test-password"}


class Shared:
    """`folder` is the run's own. Whoever comes first makes a thing; the run itself ends it (`end`)."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def certificates(self):
        folder = self.folder / "certificates"
        with self._alone():
            if not folder.is_dir():  # a worker that is killed meanwhile leaves no half of them
                made = self.folder / f"certificates-{os.getpid()}"
                Certificates(made)
                made.rename(folder)
        return Certificates(folder)

    def kafka(self, certificates, version, users):
        """A broker of which a test may make topics and rights, and not end it: others use it, too."""
        with self._alone():
            state = self._state() or self._started(certificates, version, users)
        return RealKafka.of_others(state["folder"], certificates, version, users, state["ports"])

    def end(self):
        with self._alone():
            state = self._state()
            self._file.unlink(missing_ok=True)
        if state and state["folder"] in _command_of(state["pid"]):
            os.kill(state["pid"], signal.SIGKILL)

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

    def _started(self, certificates, version, users):
        broker = RealKafka(self.folder / f"kafka-{os.getpid()}", certificates, version, users)
        try:
            broker.format_and_start()
        except BaseException:
            broker.kill()
            raise
        state = {"pid": broker.process.pid, "ports": broker.ports, "folder": str(broker.folder)}
        self._file.write_text(json.dumps(state))
        return state


def _command_of(pid):
    """"" when there is no such process any more."""
    with contextlib.suppress(OSError):
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    return ""
