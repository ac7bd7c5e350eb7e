"""Runs the plain `ws` server of ws_server/ and the program's own simulators, and dials either as a bare client."""

import base64
import json
import os
import pathlib
import queue
import re
import signal
import socket
import struct
import subprocess
import threading

from peers.place import PATIENCE, PROGRAM, TOOLS, free_port, wait_until

HERE = pathlib.Path(__file__).resolve().parent / "ws_server"
MODULES = TOOLS / "node-ws" / "node_modules"
TEXT, BINARY, CLOSE = 1, 2, 8


class WsServer:
    """`kind`: stagecast or users. Options: see server.js."""

    def __init__(self, kind, **options):
        assert MODULES.is_dir(), "no ws server there: run tests/test-tools node"
        self.options = {"kind": kind, "port": free_port(), **options}
        self.port = self.options["port"]
        self._answers = queue.Queue()
        self._number = 0

    def __enter__(self):
        self.process = subprocess.Popen(
            ["node", str(HERE / "server.js"), json.dumps(self.options)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, env={**os.environ, "TRIBUTARY_NODE_MODULES": str(MODULES)})
        threading.Thread(target=self._read, daemon=True).start()
        self._answer(0)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def _read(self):
        for line in self.process.stdout:
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

    def wait_for(self, count, number=1, seconds=20):
        wait_until(lambda: self.stats()[count] >= number, seconds, f"{number} {count}", interval=0.05)

    def url(self):
        return f"ws://127.0.0.1:{self.port}"


class Simulated:
    """`tributary simulate CONNECTOR --set …`, silent of itself unless `options` say otherwise."""

    def __init__(self, connector, options=("--rate", "0"), **behaviours):
        self.command = [str(PROGRAM), "simulate", connector, *map(str, options)]
        for name, value in behaviours.items():
            self.command += ["--set", f"{name}={value}"]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        said = self.process.stderr.readline()
        found = re.match(r"listening on wss?://127\.0\.0\.1:(\d+)", said)
        assert found, said
        self.port = int(found[1])
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        """Once it has ended its log of written events is whole, and `account` is what it said last."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.account = self.process.communicate(timeout=20 * PATIENCE)[1]


def frame(value):
    """A client's text frame of a text or of a value's JSON."""
    text = value if isinstance(value, str) else json.dumps(value)
    payload, mask = text.encode(), os.urandom(4)
    head = struct.pack("!BB", 0x80 | TEXT, 0x80 | len(payload)) if len(payload) < 126 else \
        struct.pack("!BBH", 0x80 | TEXT, 0x80 | 126, len(payload))
    return head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))


class Dialled:
    """A client of nothing but the standard library: `heard` holds (opcode, payload) of each message; then `ending`, one
    of "close", "no close". `behind`: what it says in the upgrade's own segment."""

    def __init__(self, port, path="/", behind=(), **headers):
        self.stream = socket.create_connection(("127.0.0.1", port), timeout=20 * PATIENCE)
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Upgrade: websocket", "Connection: Upgrade",
                 f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13",
                 *[f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]]
        self.stream.sendall(("\r\n".join(lines) + "\r\n\r\n").encode() + b"".join(map(frame, behind)))
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            more = self.stream.recv(1)
            assert more, f"no answer to the upgrade: {head!r}"
            head += more
        self.status = int(head.split()[1])
        self.heard = queue.Queue()
        self.ending = None
        self.gone = threading.Event()
        threading.Thread(target=self._read_on, daemon=True).start()

    def send(self, value):
        self.stream.sendall(frame(value))

    def next(self, seconds=15):
        """The next message: JSON as its value, else the text or the bytes."""
        opcode, payload = self.heard.get(timeout=seconds * PATIENCE)
        if opcode == BINARY:
            return payload
        try:
            return json.loads(payload)
        except ValueError:
            return payload.decode()

    def silent(self):
        return self.heard.empty()

    def close(self):
        self.stream.close()

    def _read(self, count):
        data = b""
        while len(data) < count:
            more = self.stream.recv(count - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def _read_on(self):
        self.ending = "no close"
        try:
            while True:
                first, size = self._read(2)
                if size == 126:
                    size = struct.unpack("!H", self._read(2))[0]
                payload = self._read(size)
                if first & 15 in (TEXT, BINARY):
                    self.heard.put((first & 15, payload))
                elif first & 15 == CLOSE:
                    self.ending = "close"
                    self.stream.sendall(struct.pack("!BB", 0x80 | CLOSE, 0x80 | len(payload)) + bytes(4) + payload)
        except (OSError, EOFError):
            pass
        self.gone.set()
