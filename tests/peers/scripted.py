"""An upstream whose every byte the test chooses: what a real Socket.IO server would never send."""

import base64
import hashlib
import json
import queue
import re
import socket
import ssl
import struct
import threading

from peers.place import PATIENCE

CHANNEL = "5eb8a1f0c2d3e4f5a6b7c8d9"
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Gone(Exception):
    """The client has closed its connection."""


class Connection:
    """One client. `heard` holds what it sent (text frames), `gone` is set at its end. Its pings are answered."""

    def __init__(self, stream, request):
        self.stream = stream
        self.request = request
        self.heard = queue.Queue()
        self.gone = threading.Event()
        self.close_code = None
        self.answer_pings = True
        self._ending = socket.SHUT_RDWR
        self.pings = 0  # websocket pings
        self._lock = threading.Lock()

    def raw(self, data):
        with self._lock:
            self.stream.sendall(data)

    def frame(self, opcode, payload, fin=True):
        if len(payload) < 126:
            head = struct.pack("!BB", (0x80 if fin else 0) | opcode, len(payload))
        elif len(payload) < 65536:
            head = struct.pack("!BBH", (0x80 if fin else 0) | opcode, 126, len(payload))
        else:
            head = struct.pack("!BBQ", (0x80 if fin else 0) | opcode, 127, len(payload))
        self.raw(head + payload)

    def text(self, payload):
        self.frame(TEXT, payload.encode() if isinstance(payload, str) else payload)

    def binary(self, payload):
        self.frame(BINARY, payload)

    def emit(self, *arguments):
        self.text("42" + json.dumps(arguments, ensure_ascii=False))

    def wait_read(self):
        """Waits until the client has handled all that was sent so far: it answers an event that wants to be
        acknowledged."""
        self.text('42777["wants an answer"]')
        while not self.next().startswith("43777"):
            pass

    def next(self, seconds=15):
        """The client's next text frame, its own heartbeats apart."""
        while True:
            payload = self.heard.get(timeout=seconds * PATIENCE)
            if payload is None:
                raise Gone
            if payload not in ("2", "3"):
                return payload

    def read_on(self):
        """Reads to the end; runs on the connection's thread."""
        try:
            while True:
                opcode, payload = self._read_frame()
                if opcode == TEXT:
                    said = payload.decode()
                    if said == "2" and self.answer_pings:
                        self.text("3")
                    self.heard.put(said)
                elif opcode == PING:
                    self.pings += 1
                    if self.answer_pings:
                        self.frame(PONG, payload)
                elif opcode == CLOSE:
                    self.close_code = struct.unpack("!H", payload[:2])[0] if len(payload) >= 2 else None
                    self.frame(CLOSE, payload)
                    break
        except (OSError, EOFError, ValueError):
            pass
        self.end()

    def reset(self):
        """TCP is reset (RST)."""
        self.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._ending = socket.SHUT_RD  # wakes the thread that reads, and leaves the rest to the reset
        self.end()

    def end(self):
        """TCP ends, without a goodbye."""
        try:
            self.stream.shutdown(self._ending)
        except OSError:
            pass
        self.stream.close()
        self.gone.set()
        self.heard.put(None)

    def _read(self, count):
        data = b""
        while len(data) < count:
            more = self.stream.recv(count - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def _read_frame(self):
        first, second = self._read(2)
        length = second & 0x7F
        if length == 126:
            length = struct.unpack("!H", self._read(2))[0]
        elif length == 127:
            length = struct.unpack("!Q", self._read(8))[0]
        assert second & 0x80, "a client's frames are masked"
        mask = self._read(4)
        payload = self._read(length)
        return first & 0x0F, bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))


class ScriptedUpstream:
    """Listens on a free port. `live()` gives the next connection that has authenticated; `script`, called with each new
    connection after the upgrade, may do otherwise (return False: no greeting of ours)."""

    def __init__(self, script=None, certificates=None, port=0, refuse=None, tokens=("good",), ping_interval=25000,
                 certificate="server", interim=b""):
        self.script = script
        self.refuse = refuse  # an HTTP answer instead of the 101
        self.interim = interim  # what comes before the 101
        self.tokens = tokens
        self.ping_interval = ping_interval
        self.connections = []
        self.dials = 0
        self._live = queue.Queue()
        self._context = None
        if certificates is not None:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(getattr(certificates, certificate), getattr(certificates, certificate + "_key"))
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._listener.close()
        for connection in self.connections:
            connection.end()

    def url(self, host="localhost"):
        return f"{'wss' if self._context else 'ws'}://{host}:{self.port}/socket.io/"

    def live(self, seconds=15):
        return self._live.get(timeout=seconds * PATIENCE)

    def _accept(self):
        while True:
            try:
                stream, _ = self._listener.accept()
            except OSError:
                return
            self.dials += 1
            threading.Thread(target=self._serve, args=(stream,), daemon=True).start()

    def _serve(self, stream):
        try:
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._context is not None:
                stream = self._context.wrap_socket(stream, server_side=True)
            request = b""
            while not request.endswith(b"\r\n\r\n"):
                more = stream.recv(4096)
                if not more:
                    return stream.close()
                request += more
            connection = Connection(stream, request.decode())
            self.connections.append(connection)
            if self.refuse is not None:
                connection.raw(self.refuse if isinstance(self.refuse, bytes) else self.refuse.encode())
                return connection.end()
            key = re.search(r"Sec-WebSocket-Key: *(\S+)", connection.request, re.IGNORECASE)[1]
            accept = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest())
            connection.raw(self.interim + b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                           b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
            reader = threading.Thread(target=connection.read_on, daemon=True)
            reader.start()
            if self.script is None or self.script(connection) is not False:
                self._greet(connection)
        except (OSError, ssl.SSLError, Gone, queue.Empty):
            pass

    def _greet(self, connection):
        connection.text('0' + json.dumps({"sid": "scripted", "upgrades": [], "pingInterval": self.ping_interval,
                                          "pingTimeout": 5000}))
        connection.text("40")
        said = json.loads(connection.next()[2:])
        assert said[0] == "authenticate", said
        if said[1]["token"] in self.tokens:
            connection.emit("authenticated", {"clientId": "scripted", "channelId": CHANNEL, "project": "realtime",
                                              "message": "You are in a maze of dank memes, all alike."})
            self._live.put(connection)
        else:
            connection.emit("unauthorized", {"message": "Invalid token"})


_count = 0


def tip(created, number=None, channel=CHANNEL, **data):
    """An activity with an id of its own; `created` is its createdAt."""
    global _count
    _count += 1
    identity = f"{number if number is not None else _count:024x}"
    return {"_id": identity, "channel": channel, "type": "tip", "provider": "twitch", "createdAt": created,
            "updatedAt": created, "activityId": identity,
            "data": {"tipId": identity, "username": "viewer_123", "amount": 5, "currency": "USD", "message": "hi",
                     "avatar": "https://cdn.example.org/a.png", **data}}
