"""Runs the program under test as a user would: a YAML file, a command, signals, its log and its last line."""

import json
import os
import pathlib
import re
import signal
import subprocess

import yaml

from peers.place import PATIENCE, PROGRAM, wait_until

_ACCOUNT = re.compile(r"account: (.*)$", re.MULTILINE)
_CONNECTOR_SIDE = ("frames", "events", "accepted", "unrouted")
_SINK_SIDE = ("offered", "recovered", "delivered", "sent", "dead_lettered", "dropped", "in_flight", "spooled")


class Account(dict):
    """The exit line as numbers; every word of the contract must be there."""

    @classmethod
    def of(cls, text):
        """The last line of the output that is one: the demo shows the account while it runs, too."""
        found = _ACCOUNT.findall(text)
        assert found, f"no account line in:\n{text[-3000:]}"
        left, bar, right = found[-1].partition(" | ")
        assert bar, found[-1]
        sides = [dict(re.findall(r"(\w+)=(\d+)", side)) for side in (left, right)]
        for side, names in zip(sides, (_CONNECTOR_SIDE, _SINK_SIDE)):
            assert tuple(side)[:len(names)] == names, f"the account line says {found[-1]!r}, expected {names}"
        return cls({name: int(count) for side in sides for name, count in side.items()})

    def check(self):
        owed = self["offered"] + self["recovered"]
        booked = sum(self[name] for name in _SINK_SIDE[2:])
        assert owed == booked, f"the sinks' ledgers do not balance: {dict(self)}"
        return self

    def check_connectors(self, counts):
        """`counts`: the log's last line, which leaves out what is 0."""
        ignored = sum(count for name, count in counts.items() if name.startswith("ignored."))
        kinds = [counts.get(name, 0) for name in ("control", "carrying", "malformed")]
        assert sum(kinds) == self["frames"], f"frames are not what they turned out to be: {dict(self)}, {counts}"
        assert counts.get("duplicate", 0) + ignored + self["unrouted"] + self["accepted"] == self["events"], (
            f"events are not what became of them: {dict(self)}, {counts}")


def run_once(*arguments, folder=None, seconds=30, env=None, stdin=subprocess.DEVNULL):
    """A command to its end: CompletedProcess with text."""
    return subprocess.run([str(PROGRAM), *map(str, arguments)], capture_output=True, text=True, cwd=folder, stdin=stdin,
                          timeout=seconds * PATIENCE, env={**os.environ, **(env or {})})


def write_config(folder, config, name="tributary.yaml"):
    """`config`: a dict, or the text itself. What a dict's Kafka sinks keep lies in the folder, not in the machine's, and
    its admin port is a free one."""
    path = pathlib.Path(folder) / name
    if not isinstance(config, str):
        if any(sink.get("type") == "kafka" for sink in (config.get("sinks") or {}).values()):
            config = {"spool": {"directory": "spool"}, **config}
        config = {**config, "admin": config.get("admin", {"listen": "127.0.0.1:0"})}  # many run at once
        config = yaml.safe_dump({"version": 1, **config}, sort_keys=False, allow_unicode=True)
    path.write_text(config)
    return path


class Tributary:
    """`with Tributary(folder, config) as relay:` runs it; leaving the block kills what `stop` has not ended."""

    def __init__(self, folder, config=None, command="run", arguments=(), env=None, stdout=None, limits=None):
        """`stdout`: a descriptor instead of the file; `limits`: called in the child before the program starts."""
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.command = [command, *map(str, arguments)]
        if config is not None:
            if isinstance(config, dict):
                config = {"log": {"level": "debug", "format": "json"}, **config}
            self.command[1:1] = ["-c", str(write_config(folder, config))]
        self.env = env
        self.given_stdout = stdout
        self.limits = limits
        self.process = None
        self.began = 0

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def start(self):
        self.began = len(self.stderr) if (self.folder / "stderr").exists() else 0  #: of its log
        with open(self.folder / "stdout", "ab") as out, open(self.folder / "stderr", "ab") as log:
            self.process = subprocess.Popen([str(PROGRAM), *self.command], cwd=self.folder,
                                            stdout=out if self.given_stdout is None else self.given_stdout, stderr=log,
                                            stdin=subprocess.DEVNULL, env={**os.environ, **self.environment()},
                                            preexec_fn=self.limits)

    def environment(self):
        """Also for commands that ask this program: where its run file is, when it has no state directory."""
        return {"XDG_RUNTIME_DIR": str(self.folder), **(self.env or {})}

    def admin(self):
        """Where its admin port is: host:port."""
        def told():  # by this run: one before it may have written to the same file
            lines = self.stderr[self.began:].split("\n")[:-1]
            assert self.alive(), f"ended with {self.process.returncode}:\n{self.output[-3000:]}"
            return [json.loads(line)["address"] for line in lines if '"event":"admin_listening"' in line]
        return wait_until(told, 15, lambda: f"admin_listening in the log:\n{self.output[-3000:]}")[-1]

    @property
    def stdout(self):
        return (self.folder / "stdout").read_text(errors="replace")

    @property
    def stderr(self):
        return (self.folder / "stderr").read_text(errors="replace")

    @property
    def output(self):
        return self.stdout + self.stderr

    def entries(self):
        """The log as objects; what is not JSON is left out."""
        entries = []
        for line in self.output.split("\n"):
            if line.startswith("{"):
                try:
                    entries.append(json.loads(line))
                except ValueError:
                    pass
        return entries

    def alive(self):
        return self.process.poll() is None

    def wait_log(self, *words, seconds=15, count=1):
        """Waits for a line of the log that holds every one of `words`."""
        def found():
            lines = [line for line in self.output.split("\n") if all(word in line for word in words)]
            if len(lines) >= count:
                return lines
            assert self.alive(), f"ended with {self.process.returncode}, awaiting {words}:\n{self.output[-3000:]}"
            return None
        return wait_until(found, seconds, lambda: f"{words} in the log:\n{self.output[-3000:]}")

    def signal(self, which):
        self.process.send_signal(which)

    def stop(self, seconds=40, code=0):
        """SIGTERM, the end, the account: balanced, or AssertionError."""
        self.process.send_signal(signal.SIGTERM)
        return self.ended(seconds, code)

    def ended(self, seconds=40, code=0):
        try:
            self.process.wait(seconds * PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {seconds * PATIENCE} s:\n{self.output[-3000:]}") from None
        wanted = code if isinstance(code, tuple) else (code,)
        assert self.process.returncode in wanted, f"exit {self.process.returncode}:\n{self.output[-5000:]}"
        assert "demo" in self.command or len(_ACCOUNT.findall(self.output)) == 1, "more than one account"
        account = Account.of(self.output).check()
        for entry in self.entries():
            if entry.get("event") == "program_stopped":
                account.check_connectors(entry)
        return account

    def status(self, field):
        """VmRSS, VmHWM, Threads … of the process; sizes in bytes."""
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        value = re.search(rf"^{field}:\s+(\d+)(?: (kB))?", text, re.MULTILINE)
        return int(value[1]) * (1024 if value[2] else 1)


def streamelements(url, token_file="token", **more):
    """A connector's settings, impatient ones, as tests want them."""
    return {"type": "streamelements", "url": url, "auth": {"method": "jwt", "token": {"file": str(token_file)}},
            "backoff": {"base": "100ms", "cap": "1s", "reset_after": "1s"}, **more}


def kafka(brokers, **more):
    return {"type": "kafka", "brokers": [brokers], **more}
