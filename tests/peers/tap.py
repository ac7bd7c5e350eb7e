"""Stands between a client and a server, passes on every byte as it is, and writes down what each of the two said."""

import socket
import struct
import threading
import time

from peers.passing import Passing

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Side:
    """What one of the two has said: the lines of its head, then `frames`, (opcode, payload) of each."""

    def __init__(self):
        self.head = []
        self.frames = []
        self._data = b""

    def headers(self):
        return {name.lower(): value for name, _, value in (line.partition(": ") for line in self.head[1:])}

    def of(self, *opcodes):
        return [payload for opcode, payload in list(self.frames) if opcode in opcodes]

    def feed(self, data):
        self._data += data
        if not self.head:
            head, end, rest = self._data.partition(b"\r\n\r\n")
            if not end:
                return
            self._data = rest
            self.head = head.decode("latin1").split("\r\n")
        while self._frame():
            pass

    def _frame(self):
        data = self._data
        if len(data) < 2:
            return False
        size, at = data[1] & 0x7F, 2
        if size >= 126:
            width = 2 if size == 126 else 8
            if len(data) < 2 + width:
                return False
            size, at = int.from_bytes(data[2:2 + width], "big"), 2 + width
        mask = data[at:at + 4] if data[1] & 0x80 else b""
        at += 4 if data[1] & 0x80 else 0
        if len(data) < at + size:
            return False
        payload = data[at:at + size]
        if mask:
            payload = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        self._data = data[at + size:]
        assert data[0] & 0xF0 == 0x80, "whole and uncompressed frames are what these conversations are made of"
        self.frames.append((data[0] & 15, payload))
        return True


class Conversation:
    """One connection, from the dial on. `over` is set when both sides have ended TCP: nothing more will be said."""

    def __init__(self, ends=()):
        self.client, self.server = Side(), Side()
        self.over = threading.Event()
        self._ends = ends

    def cut(self):
        """Both sides are told by a reset, whatever was on its way."""
        for end in self._ends:
            if end.fileno() < 0:
                continue
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            try:
                end.shutdown(socket.SHUT_RD)
            except OSError:
                pass  # it is over
            end.close()

    def ending(self):
        """The close code the server gave; None: it said nothing, 0: it gave none."""
        closes = self.server.of(CLOSE)
        return None if not closes else struct.unpack("!H", closes[0][:2])[0] if closes[0] else 0


class Tap(Passing):
    """What the client says is on its way for `late` seconds, what the server says for `server_late`."""

    def __init__(self, target, late=0.0, server_late=0.0):
        super().__init__(target)
        self.late, self.server_late = late, server_late
        self.conversations = []

    def passing(self, client, server):
        conversation = Conversation((client, server))
        self.conversations.append(conversation)
        threads = [threading.Thread(target=_pass_on, args=ends, daemon=True)
                   for ends in ((client, server, conversation.client, self.late),
                                (server, client, conversation.server, self.server_late))]
        for thread in threads:
            thread.start()
        threading.Thread(target=_wait_for, args=(threads, conversation.over), daemon=True).start()


def _wait_for(threads, over):
    for thread in threads:
        thread.join()
    over.set()


def _pass_on(source, sink, side, late):
    try:
        while data := source.recv(65536):
            if late:
                time.sleep(late)
            side.feed(data)  # first: who sees that it arrived sees what was said
            sink.sendall(data)
    except OSError:
        pass  # a reset; the other side is told by an end
    try:
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass
