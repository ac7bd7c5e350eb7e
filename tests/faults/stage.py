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
import functools
import os
import re
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


_LOGGED = re.compile(r'\{"at":(\d+),"sockets":\[[^]]*\],"arguments":\["event",')
_ID = re.compile(r'"_id":"([0-9a-f]{24})"')


def expected_of(text):
    """The canonical event of a line of the server's log."""
    _, activity, *more = mapping.parse(text)["arguments"]
    return mapping.canonical(activity, more[0] if more else {}, "main")


def now():
    return int(time.time() * 1000)


class Stage:
    """`connector`, `sink`: settings added to theirs; `config`: more of the file; `behind_proxy`: the broker is reached
    through `stage.broker_proxy`. The upstream is always reached through `stage.upstream_proxy`."""

    def __init__(self, work, broker, topics, rate=300, connector=None, sink=None, behind_proxy=False, listener="plaintext",
                 env=None, **config):
        self.work, self.broker, self.topics, self.rate, self.env = work, broker, topics, rate, env
        self.faults, self.lives = [], []
        self.connector, self.sink, self.config = connector or {}, sink or {}, config
        self.behind_proxy, self.listener = behind_proxy, listener
        self.events_topics = [topics["events"]]
        self._held = contextlib.ExitStack()

    def __enter__(self):
        with contextlib.ExitStack() as held:
            self.topics.create(self.broker)
            self.server = held.enter_context(SocketIO(self.work, 4, channels=CHANNELS))
            self.upstream_proxy = held.enter_context(Proxy(self.server.port))
            bootstrap = self.broker.bootstrap(self.listener)
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
            self.wait_gone()

    def wait_gone(self):
        wait_until(lambda: self.server.stats()["live"] == 0, 20, "the upstream to notice", interval=0.01)

    def written(self):
        """What was written to a connection that stood, as far as the server knew."""
        lines = []
        with open(self.server.log, encoding="utf-8") as log:  # by lines: a long run has hundreds of megabytes
            for text in log:
                head = _LOGGED.match(text)
                if head and '"sockets":[]' not in head[0]:
                    lines.append(Written(int(head[1]), _ID.search(text)[1], functools.partial(expected_of, text)))
        return lines

    def found(self):
        return [Found((topic, record.key), record.value)
                for topic in self.events_topics for record in self.broker.read_topic(topic)]

    def written_before(self, at):
        return sum(1 for line in self.written() if line.at <= at)

    def on_kafka(self):
        return sum(self.broker.count(topic) for topic in self.events_topics)

    def drain(self, seconds=120):
        """The stream ends, and everything written is on the topic. For faults that lose nothing."""
        self.pace(0)
        wanted = len(self.written())
        wait_until(lambda: self.on_kafka() >= wanted, seconds,
                   lambda: f"{wanted} events on Kafka, {self.on_kafka()} are there", interval=0.5)

    def quiet(self):
        """The stream ends, and the program has read all of it."""
        self.pace(0)
        self.server.order("sync", seconds=60)

    def end(self, promise=Promise(), row=None, **figures):
        """The stream ends, the program stops in order, and further lives deliver what the stop has left on the disk; then
        the oracle judges: the verdict."""
        self.quiet()
        there = self.on_kafka()
        ended = [(self.run_of(self.relay), self.relay.stop(seconds=120))]
        while owed := ended[-1][1]["spooled"]:
            assert len(ended) < 10, "each stop leaves something on the disk"
            self.start()
            wait_until(lambda: self.on_kafka() >= there + owed, 120, "what lay on the disk")
            there = self.on_kafka()
            ended.append((self.run_of(self.relay), self.relay.stop(seconds=120)))
            assert ended[-1][1]["recovered"] == owed, f"{owed} events lay on the disk: {ended[-1][1]}"
        verdict = self.judge(promise, row, **figures)
        for run, account in ended:
            print(dict(account))
            check_ledger(account, verdict.of_run.get(run, 0))
            assert account["in_flight"] == account["dropped"] == account["dead_lettered"] == 0, dict(account)
        return verdict

    def judge(self, promise=Promise(), row=None, **figures):
        """The oracle alone, of a program that has ended; `row`: of the table that the figures are for."""
        verdict = judge(self.written(), self.found(), self.faults, promise).check()
        told = {**verdict.figures(), **figures}
        print(told)
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
