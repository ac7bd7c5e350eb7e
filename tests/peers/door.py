"""Stands between the program and a server, as peers/tap.py does, and ends what goes through it in each way there is."""

import socket
import struct
import threading

from peers.passing import Passing
from peers.tap import Side

GOING_AWAY = b"\x88\x02\x03\xe9"  # a server's close frame with code 1001


class _Passage:
    """One connection; `said` is what the client said, as frames."""

    def __init__(self, client, server):
        self.client, self.server = client, server
        self.said = Side()
        self.silent = False
        self._lock = threading.Lock()
        for ends in ((client, server, self.said), (server, client, None)):
            threading.Thread(target=self._pass_on, args=ends, daemon=True).start()

    def _pass_on(self, source, sink, side):
        try:
            while data := source.recv(65536):
                if side is not None:
                    side.feed(data)
                if self.silent:
                    continue
                with self._lock:
                    sink.sendall(data)
            if self.silent:
                return
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def cut(self):
        """TCP ends in both directions, without a goodbye."""
        for end in (self.client, self.server):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def reset(self):
        self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        for how, end in ((socket.SHUT_RD, self.client), (socket.SHUT_RDWR, self.server)):
            try:
                end.shutdown(how)  # wakes the thread that reads
            except OSError:
                pass
            end.close()

    def close(self):
        with self._lock:
            self.client.sendall(GOING_AWAY)

    def silence(self):
        """The connection stands; nothing goes through any more, in either direction."""
        self.silent = True


class Door(Passing):
    """`passages`: what went through it, in order."""

    def __init__(self, target):
        super().__init__(target)
        self.passages = []

    def __exit__(self, *_):
        super().__exit__()
        for passage in self.passages:
            passage.cut()

    def passing(self, client, server):
        self.passages.append(_Passage(client, server))

    def last(self):
        return self.passages[-1]

    def said(self):
        """Everything that clients said: the heads of their upgrades, their frames."""
        return "\n".join("\n".join(passage.said.head) + "\n" + b"\n".join(passage.said.of(1, 2)).decode(errors="replace")
                         for passage in self.passages)
