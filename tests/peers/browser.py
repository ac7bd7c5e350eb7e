"""Asks an admin port as a browser, a probe or a scraper does: every header is said, none is added."""

import http.client
import json
import socket

from peers.place import PATIENCE


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read().decode()

    @property
    def json(self):
        return json.loads(self.body)


class Asker:
    """`Asker("127.0.0.1:9464")`: each `ask` is one request with exactly these headers and a Host."""

    def __init__(self, address, **headers):
        self.address = address
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def ask(self, path, method="GET", body=None, host=None, **headers):
        named = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        where, _, port = self.address.rpartition(":")
        connection = http.client.HTTPConnection(where.strip("[]"), int(port), timeout=20 * PATIENCE)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            if host != "":
                connection.putheader("Host", host or self.address)
            for name, value in named.items():
                connection.putheader(name, value)
            if method == "POST":
                connection.putheader("Content-Length", str(len(body or "")))
            connection.endheaders((body or "").encode())
            return Answer(connection.getresponse())
        finally:
            connection.close()


def raw(address, data, seconds=20):
    """What comes back until the server closes."""
    where, _, port = address.rpartition(":")
    with socket.create_connection((where.strip("[]"), int(port)), timeout=seconds * PATIENCE) as connection:
        connection.sendall(data)
        came = b""
        while piece := connection.recv(65536):
            came += piece
    return came.decode()
