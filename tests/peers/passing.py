"""What stands between a client and a server: it listens, dials the server for each client that comes, and hands both on."""

import socket
import threading


class Passing:
    """`port` is to be dialled instead of `target`, which may change: the next connection goes there."""

    def __init__(self, target):
        self.target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def passing(self, client, server):
        """A client has come, and the server was dialled for it."""
        raise NotImplementedError

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                client.close()
                continue
            self.passing(client, server)
