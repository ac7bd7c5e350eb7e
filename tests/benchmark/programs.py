"""The child processes of a measurement: started, waited for with a time limit, ended by their ids."""

import contextlib
import http.client
import json
import os
import select
import signal
import socket
import subprocess
import tempfile
import threading
import time


class Failed(RuntimeError):
    """Something could not be measured, and why."""


def memory_kib(pid, what):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        for line in status:
            if line.startswith(what + ":"):
                return int(line.split()[1])
    raise Failed(f"no {what} of process {pid}")


class Program:
    """One child. Its output is read only here, its errors go to a file: no pipe fills up."""

    def __init__(self, *command, errors, answers=False):
        self.name = os.path.basename(command[0])
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE if answers else subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=errors)
        self.pid = self.process.pid
        self.unread = b""

    def line(self, word, timeout):
        """The rest of the next line that begins with `word`; lines before it are passed over."""
        until = time.monotonic() + timeout
        while True:
            line, found, rest = self.unread.partition(b"\n")
            if found:
                self.unread = rest
                if line.decode().split(" ")[0] == word:
                    return line.decode()[len(word) + 1:]
                continue
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                raise Failed(f"{self.name}: no '{word}' within {timeout:.0f} s")
            more = os.read(self.process.stdout.fileno(), 65536)
            if not more:
                raise Failed(f"{self.name}: ended before '{word}'")
            self.unread += more

    def cpu(self):
        """User + system of all its threads so far, in seconds: the process's CPU clock."""
        return time.clock_gettime((~self.pid << 3) | 2)

    def end(self, number=signal.SIGTERM, timeout=30):
        """Asks it to end; what it had still to say."""
        if self.process.poll() is None:
            self.process.send_signal(number)
            exited = select.poll()  # wait(timeout) of subprocess looks only every 50 ms
            exited.register(descriptor := os.pidfd_open(self.pid), select.POLLIN)
            if not exited.poll(timeout * 1000):
                self.process.kill()
            os.close(descriptor)
        code = self.process.wait(timeout=10)
        said = self.unread + self.process.stdout.read()
        self.process.stdout.close()
        if self.process.stdin:
            self.process.stdin.close()
        if code == -signal.SIGKILL and number != signal.SIGKILL:
            raise Failed(f"{self.name}: did not end within {timeout} s")
        return said.decode()

    def abandon(self):
        if not self.process.stdout.closed:
            self.end(signal.SIGKILL)


class Load(Program):
    """The upstream."""

    def __init__(self, *command, errors):
        super().__init__(*command, errors=errors)
        self.port = int(self.line("listening", 10))


class Broker(Program):
    def __init__(self, *command, errors):
        super().__init__(*command, errors=errors, answers=True)
        self.address = self.line("broker", 10)

    def wait_for(self, events, timeout):
        """Until it holds so many events; the moment."""
        until = time.monotonic() + timeout
        held = 0
        while time.monotonic() < until:
            self.process.stdin.write(b"\n")
            self.process.stdin.flush()
            held = int(self.line("count", 20))
            if held >= events:
                return time.monotonic()
            time.sleep(0.01)
        raise Failed(f"the broker has {held} of {events} events after {timeout:.0f} s")


class Relay(Program):
    def account(self):
        """Ends it; its last line, name by name."""
        line = self.end().strip()
        account = dict(word.split("=", 1) for word in line.split() if "=" in word)
        if "delivered" not in account:
            raise Failed(f"the relay's account has no 'delivered': {line!r}")
        return account


def free_address():
    """Where nobody listens at this moment."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{one.getsockname()[1]}"


class Watcher:
    """Who looks at the admin port meanwhile: a scrape of /metrics every second and, if asked for, a client of /events that
    reads as fast as it can. `scrapes` and `tapped` (bytes) tell whether it did."""

    def __init__(self, address, tap):
        self.address, self.scrapes, self.tapped, self.fault = address, 0, 0, None
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self._guarded, args=(one,)) for one in
                        [self._scrape, *([self._tap] if tap else [])]]

    def __enter__(self):
        until = time.monotonic() + 10
        while True:  # it listens a moment after it has started
            try:
                self._get("/livez", 5).read()
                break
            except OSError:
                if time.monotonic() > until:
                    raise Failed(f"nobody answers at {self.address}") from None
                time.sleep(0.02)
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *ending):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def _get(self, path, timeout):
        connection = http.client.HTTPConnection(self.address, timeout=timeout)
        connection.request("GET", path)
        answer = connection.getresponse()
        if answer.status != 200:
            raise Failed(f"{path}: {answer.status}")
        return answer

    def _guarded(self, work):
        try:
            work()
        except (OSError, Failed, http.client.HTTPException) as fault:
            if not self.over.is_set():
                self.fault = fault

    def _scrape(self):
        while True:
            if b"tributary_build_info" not in self._get("/metrics", 10).read():
                raise Failed("/metrics: no tributary_build_info")
            self.scrapes += 1
            if self.over.wait(1):
                return

    def _tap(self):
        """Who is too slow for all events is let go, and comes again."""
        while not self.over.is_set():
            self._follow()

    def _follow(self):
        host, port = self.address.split(":")
        with socket.create_connection((host, int(port)), timeout=0.2) as stream:
            stream.sendall(f"GET /events HTTP/1.1\r\nHost: {self.address}\r\n\r\n".encode())
            begun = False
            while not self.over.is_set():
                try:
                    piece = stream.recv(1 << 20)
                except TimeoutError:
                    continue
                if not piece:
                    return
                if not begun and not piece.startswith(b"HTTP/1.1 200 "):
                    raise Failed(f"/events: {piece[:100]}")
                begun = True
                self.tapped += len(piece)


#: asked of every event by ten routes; of the load's events only the last holds
CONDITIONS = ["data.amount >= 1000000", "data.currency == 'XTS'", "test == true", "relay.connector == 'none'",
              "data.amount < 0 or data.amount == 0.01", "type == 'raid' and data.amount > 5", "flagged == true",
              "not (data.username != 'none')", "data.tier == '3000'", "data.amount >= 0 and test == false"]


def configuration(port, broker, connections, routes, tls, log="error", where=False,
                  spool=False, admin=""):
    """`spool` and `admin` None: their keys are left out, as a version from before them wants it."""
    scheme, trust = ("wss", ", tls: {ca_file: certificate.pem}") if tls else ("ws", "")
    lines = ["version: 1", "connectors:"]
    for i in range(connections):
        lines.append(f"  c{i}: {{type: streamelements, url: '{scheme}://127.0.0.1:{port}/socket.io/', "
                     f"auth: {{method: jwt, token: {{file: token}}}}{trust}}}")
    kept = "" if spool is None else f", spool: {{enabled: {str(spool).lower()}}}"
    lines += ["sinks:", f"  events: {{type: kafka, brokers: ['{broker}']{kept}}}"]
    lines += [*([] if spool is None else ["spool: {directory: spool}"]), "routes:"]
    if where:
        lines += [f"  - {{where: \"{condition}\", to: [events]}}" for condition in CONDITIONS]
    else:
        lines += ["  - {to: [events]}"] + ["  - {types: [none-of-these], to: [events]}"] * (routes - 1)
    lines += [*([] if admin is None else [f"admin: {{listen: '{admin}'}}"]), "limits: {dials_per_second: 1000}",
              f"log: {{level: {log}, format: json}}", ""]
    return "\n".join(lines)


class Scene(contextlib.ExitStack):
    """A broker, and what is started beside it; everything ends with the scene, in reverse order. `measured`: where the
    relay and the floor were built; the broker, the load and the consumer are always of `build`."""

    def __init__(self, build, partitions, tls=False, measured=None):
        super().__init__()
        self.build, self.partitions, self.tls, self.measured = build, partitions, tls, measured or build

    def __enter__(self):
        super().__enter__()
        try:
            self.directory = self.enter_context(tempfile.TemporaryDirectory(prefix="tributary-bench-"))
            self.errors = self.enter_context(open(self.path("errors.log"), "w+b"))
            if self.tls:
                self.make_certificate()
            self.broker = self.started(Broker, self.program("mock_broker"), str(self.partitions))
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind, error, trace):
        if isinstance(error, Failed):
            self.errors.seek(0)
            error.args = (f"{error} {self.errors.read()[-500:].decode(errors='replace')}".strip(),)
        return super().__exit__(kind, error, trace)

    def path(self, name):
        return os.path.join(self.directory, name)

    def program(self, name, build=None):
        return os.path.join(build or self.build, "tests", "benchmark", name)

    def started(self, kind, *command):
        program = kind(*command, errors=self.errors)
        self.callback(program.abandon)
        return program

    def make_certificate(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                        "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", self.path("key.pem"),
                        "-out", self.path("certificate.pem")], check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)

    def load(self, events, rate=0, connections=1, stamp=False, delay=0):
        extra = ["--delay", str(delay)] + (["--stamp"] if stamp else [])
        if self.tls:
            extra += ["--certificate", self.path("certificate.pem"), "--key", self.path("key.pem")]
        return self.started(Load, self.program("load_server"), "--events", str(events), "--rate", str(rate),
                            "--connections", str(connections), *extra)

    def relay(self, port, connections=1, routes=1, log="error", where=False, spool=False, admin=""):
        file, relay = self.path("tributary.yaml"), os.path.join(self.measured, "tributary")
        with open(self.path("token"), "w", encoding="utf-8") as text:
            text.write("load-token\n")

        def write(spool, admin):
            with open(file, "w", encoding="utf-8") as text:
                text.write(configuration(port, self.broker.address, connections, routes, self.tls, log, where, spool,
                                         admin))

        write(spool, admin)
        if self.measured != self.build and not self.takes(relay, file):  # a version from before spool and admin port
            write(None, None)
            if spool or admin or not self.takes(relay, file):
                raise Failed(f"{relay} refuses its configuration")
        return self.started(Relay, relay, "run", "-c", file)

    @staticmethod
    def takes(relay, file):
        return subprocess.run([relay, "check", "-c", file], stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=60).returncode == 0

    def latency(self):
        """What the relay, ended by now, logged of its sink: {"p50_ms": …, "p99_ms": …, "worst_ms": …}."""
        with open(self.path("errors.log"), encoding="utf-8") as log:
            for line in log:
                if '"sink_latency"' in line:
                    return json.loads(line)
        raise Failed("the relay says nothing of its sink's latency")

    def floor(self, port, events):
        return self.started(Program, self.program("floor", self.measured), f"ws://127.0.0.1:{port}/socket.io/", self.broker.address,
                            str(events))

    def consumer(self, events):
        program = self.started(Program, self.program("consumer"), self.broker.address, str(events),
                               str(self.partitions))
        program.line("consuming", 10)
        return program

    def measure(self, program, load, events):
        """(CPU seconds, wall seconds) of `program` from the begin of the load until the broker has it all."""
        load.line("begin", 60)
        cpu, begin = program.cpu(), time.monotonic()
        load.line("sent", 120)
        end = self.broker.wait_for(events, 60)
        time.sleep(0.2)  # the last acknowledgements and the ledgers
        return program.cpu() - cpu, end - begin
