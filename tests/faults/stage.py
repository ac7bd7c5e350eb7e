"""One steady stream of numbered events through the program onto a topic, with all that the oracle needs to judge it:

    with Stage(work, broker, topics, rate=500) as stage:
        stage.start()
        stage.run(2)
        with stage.fault():
            broker.pause(); stage.run(5); broker.resume()
        stage.run(2)
        verdict = stage.end()

The upstream is the real Socket.IO server; each event has an id of its own and is logged when it is written.
"""

import contextlib
import os
import threading
import time

from faults import results
from faults.oracle import Fault, Found, Promise, Written, check_ledger, judge
from faults.proxy import Proxy
from peers import mapping
from peers.place import PATIENCE, wait_until
from peers.program import Tributary, kafka as kafka_sink, streamelements
from peers.socketio import SocketIO

CHANNELS = [f"{n:024x}" for n in range(1, 9)]
RECONNECT_CAP = 1000  #: ms, of peers.program.streamelements
#: What a dial, a handshake and a token take beside the delay before them, on a busy machine.
RECONNECT = int((RECONNECT_CAP + 15000) * PATIENCE)


def now():
    return int(time.time() * 1000)


class Stage:
    """`connector`, `sink`: settings added to theirs; `config`: more of the file; `behind_proxy`: the broker is reached
    through `stage.broker_proxy`. The upstream is always reached through `stage.upstream_proxy`."""

    def __init__(self, work, broker, topics, rate=300, connector=None, sink=None, behind_proxy=False, env=None, **config):
        self.work, self.broker, self.topics, self.rate, self.env = work, broker, topics, rate, env
        self.faults, self.lives = [], []
        self.connector, self.sink, self.config = connector or {}, sink or {}, config
        self.behind_proxy = behind_proxy
        self._held = contextlib.ExitStack()

    def __enter__(self):
        with contextlib.ExitStack() as held:
            self.topics.create(self.broker)
            self.server = held.enter_context(SocketIO(self.work, 4, channels=CHANNELS))
            self.upstream_proxy = held.enter_context(Proxy(self.server.port))
            bootstrap = self.broker.bootstrap()
            if self.behind_proxy:
                ports = self.broker.ports
                self.broker_proxy = held.enter_context(Proxy(ports["behind_proxy"], ports["proxy"]))
                bootstrap = self.broker_proxy.bootstrap()
            self.settings = {
                "connectors": {"main": streamelements(f"ws://localhost:{self.upstream_proxy.port}/socket.io/",
                                                      self.work / "token", **self.connector)},
                "sinks": {"events": kafka_sink(bootstrap, topics=dict(self.topics), **self.sink)},
                "routes": [{"to": ["events"]}], **self.config}
            self._held = held.pop_all()
        return self

    def __exit__(self, *ending):
        return self._held.__exit__(*ending)

    # ── what a test does ──────────────────────────────────────────────────────────────────────────────────────────

    @property
    def relay(self):
        return self.lives[-1]

    def start(self, **settings):
        """Another life of the program, in a folder of its own; returns when its connection is live."""
        live = self.server.stats()["authenticated"]
        life = Tributary(self.work / f"life-{len(self.lives) + 1}", {**self.settings, **settings}, env=self.env)
        self.lives.append(self._held.enter_context(life))
        wait_until(lambda: self.server.stats()["authenticated"] > live or not life.alive(), 60, lambda: life.output[-3000:],
                   interval=0.02)
        assert life.alive(), life.output[-3000:]
        return life

    def pace(self, rate=None):
        self.server.order("pace", rate=self.rate if rate is None else rate, plain=True)

    def run(self, seconds):
        """The stream goes on for so long: what a test is about happens meanwhile, or has."""
        self.pace()
        time.sleep(seconds)

    @contextlib.contextmanager
    def fault(self, loses=False):
        at = now()
        yield
        self.faults.append(Fault(at, now(), loses))

    def kill(self):
        """kill -9 of the program; the fault lasts until the upstream has noticed."""
        with self.fault(loses=True):
            self.relay.process.kill()
            self.relay.process.wait()
            wait_until(lambda: self.server.stats()["live"] == 0, 20, "the upstream to notice", interval=0.01)

    def written(self):
        """What was written to a connection that stood, as far as the server knew."""
        lines = []
        for text in self.server.emitted_lines():
            line = mapping.parse(text)
            name, *arguments = line["arguments"]
            if name == "event":
                said = arguments[1] if len(arguments) > 1 else {}
                lines.append(Written(int(line["at"]), mapping.canonical(arguments[0], said, "main")))
        return lines

    def found(self):
        return [Found(record.key, record.value) for record in self.broker.read_topic(self.topics["events"])]

    def drain(self, seconds=120):
        """The stream ends, and everything written is on the topic. For faults that lose nothing."""
        self.pace(0)
        wanted = len(self.written())
        wait_until(lambda: self.broker.count(self.topics["events"]) >= wanted, seconds, "everything on Kafka", interval=0.5)

    def quiet(self):
        """The stream ends, and the program has read all of it."""
        self.pace(0)
        self.server.order("sync", seconds=60)

    def end(self, promise=Promise(), row=None, **figures):
        """The stream ends, the program stops in order, and the oracle judges: the verdict."""
        self.quiet()
        account = self.relay.stop(seconds=120)
        found = self.found()
        verdict = judge(self.written(), found, self.faults, promise).check()
        run = self.run_of(self.relay)
        numbered = {event["_id"] for event in (mapping.parse(record.value) for record in found) if event["relay"]["run"] == run}
        check_ledger(account, len(numbered))
        assert account["in_flight"] == account["spooled"] == account["dropped"] == account["dead_lettered"] == 0, dict(account)
        told = {**verdict.figures(), **figures}
        print(f"{told}\n{dict(account)}")
        if row:
            results.tell(row, **told)
        return verdict

    def run_of(self, life):
        """`relay.run` of a life, which its log names."""
        for entry in life.entries():
            if "run" in entry:
                return entry["run"]
        raise AssertionError(f"no run in the log:\n{life.output[:2000]}")


class Memory(threading.Thread):
    """Looks at a process's resident bytes all along: `with Memory(relay) as memory:`, then `samples` of (seconds, bytes)."""

    def __init__(self, relay, every=0.25):
        super().__init__(daemon=True)
        self.relay, self.every = relay, every
        self.samples = []
        self._end = threading.Event()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self.join(10 * PATIENCE)

    def run(self):
        began = time.monotonic()
        while not self._end.wait(self.every):
            with contextlib.suppress(OSError, AssertionError, TypeError):
                self.samples.append((time.monotonic() - began, self.relay.status("VmRSS")))

    @property
    def peak(self):
        return max(size for _, size in self.samples)

    def slope(self, after):
        """Bytes per hour by least squares, of what was sampled `after` so many seconds."""
        return 3600 * slope([sample for sample in self.samples if sample[0] >= after])


def slope(points):
    """Of the line through points with the least squares."""
    count = len(points)
    middle_x, middle_y = sum(x for x, _ in points) / count, sum(y for _, y in points) / count
    across = sum((x - middle_x) ** 2 for x, _ in points)
    return sum((x - middle_x) * (y - middle_y) for x, y in points) / across


class Fsync(threading.Thread):
    """Measures beside a run how long a commit takes in a folder: writes 64 KiB and asks for them on disk, again and again.
    `worst`: in ms."""

    def __init__(self, folder):
        super().__init__(daemon=True)
        self.folder = folder
        self.worst = 0.0
        self._end = threading.Event()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self.join(30 * PATIENCE)

    def run(self):
        with open(self.folder / "fsync-probe", "wb") as file:
            while not self._end.wait(0.05):
                began = time.monotonic()
                file.write(bytes(1 << 16))
                file.flush()
                os.fsync(file.fileno())
                self.worst = max(self.worst, 1000 * (time.monotonic() - began))
                file.seek(0)
