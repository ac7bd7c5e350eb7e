"""A service manager's end of the notify protocol: a datagram socket that notes what it is told, and when."""

import os
import socket
import threading
import time

from peers.place import wait_until


class ServiceManager:
    """`with ServiceManager(folder) as manager:`; the program is started with `manager.env(…)`."""

    def __init__(self, folder, abstract=False):
        self.address = f"@tributary-test-{os.getpid()}-{id(self)}" if abstract else str(folder / "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.address.replace("@", "\0", 1))
        self.messages = []  #: (seconds, {name: value}), in the order they came
        self.thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.socket.close()

    def env(self, watchdog=None):
        """`watchdog`: seconds without a ping after which it would end the program."""
        return {"NOTIFY_SOCKET": self.address, **({"WATCHDOG_USEC": str(int(watchdog * 1e6))} if watchdog else {})}

    def _read(self):
        while text := self.socket.recv(65536).decode():
            self.messages.append((time.monotonic(), dict(line.split("=", 1) for line in text.splitlines())))

    def told(self, name):
        """[(seconds, value)] of that name."""
        return [(when, message[name]) for when, message in list(self.messages) if name in message]

    def wait(self, name, count=1, seconds=15):
        return wait_until(lambda: len(self.told(name)) >= count and self.told(name), seconds,
                          lambda: f"{count} × {name}; told: {self.messages[-20:]}")

    def order(self):
        """What it was told, pings and status apart: [["READY", …], …]."""
        return [sorted(message) for _, message in list(self.messages) if not message.keys() & {"WATCHDOG", "STATUS"}]
