"""The proxy does to bytes what it says. Needs neither program nor broker."""

import contextlib
import socket
import struct
import threading
import time

import pytest

from faults.proxy import Frames, Proxy
from peers.place import PATIENCE


@contextlib.contextmanager
def answering(answer=lambda data: data):
    """A server that answers whatever it reads; yields its port and what it has read."""
    read = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def serve(stream):
            with stream, contextlib.suppress(OSError):
                while data := stream.recv(65536):
                    read.append(data)
                    stream.sendall(answer(data))

        def accept():
            with contextlib.suppress(OSError):
                while True:
                    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1], read
        listener.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def through():
    with answering() as (port, read), Proxy(port) as proxy:
        proxy.read = read
        yield proxy


def dial(proxy):
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=10 * PATIENCE)


def asks(stream, data=b"ping"):
    stream.sendall(data)
    got = b""
    while len(got) < len(data):
        more = stream.recv(65536)
        assert more, "the connection has ended"
        got += more
    return got == data


def test_what_goes_in_comes_out(through):
    with dial(through) as stream:
        assert asks(stream) and asks(stream, bytes(range(256)) * 4096)
    assert through.connections == 1


def test_a_cut_resets_what_stands_and_takes_what_comes(through):
    with dial(through) as stream:
        assert asks(stream)
        through.cut()
        with pytest.raises(ConnectionResetError):
            stream.recv(1)
    with dial(through) as stream:
        assert asks(stream)


def test_while_it_refuses_nobody_is_let_in(through):
    with dial(through) as stream:
        assert asks(stream)
        through.refuse()
        with pytest.raises(ConnectionRefusedError):
            dial(through)
    through.accept()
    with dial(through) as stream:
        assert asks(stream)


def test_a_stall_holds_every_byte_until_it_flows(through):
    with dial(through) as stream:
        assert asks(stream)
        through.stall()
        stream.sendall(b"late")
        with dial(through) as another:
            another.settimeout(0.3)
            stream.settimeout(0.3)
            for one in (stream, another):
                with pytest.raises(TimeoutError):
                    one.recv(1)
            assert b"late" not in through.read
            through.flow()
            stream.settimeout(10 * PATIENCE)
            assert stream.recv(4) == b"late"


def test_delay_and_drip_take_their_time(through):
    with dial(through) as stream:
        through.delay(0.2)
        began = time.monotonic()
        assert asks(stream) and time.monotonic() - began >= 0.4
        through.flow()
        through.drip(10, 0.05)
        began = time.monotonic()
        through.read.clear()
        assert asks(stream, b"x" * 50) and time.monotonic() - began >= 0.2
        assert max(map(len, through.read)) < 50
        through.flow()
        assert asks(stream)


def request(api, size=20):
    return struct.pack("!Ih", 2 + size, api) + bytes(size)


def test_only_the_answer_to_a_produce_request_is_withheld():
    with answering(lambda data: struct.pack("!I", 6) + b"answer") as (port, read), Proxy(port) as proxy:
        with dial(proxy) as stream:
            stream.sendall(request(3))
            assert stream.recv(100) == struct.pack("!I", 6) + b"answer"
            proxy.withhold_answers()
            stream.sendall(request(3))
            assert stream.recv(100)
            stream.sendall(request(0))
            with pytest.raises(ConnectionResetError):
                stream.recv(100)
            assert b"".join(read).endswith(request(0)), "the request has not reached the broker whole"
        assert proxy.answers_withheld == 1
        with dial(proxy) as stream:
            stream.sendall(request(0))
            assert stream.recv(100)


def test_frames_are_numbered_however_they_are_cut():
    data = request(0, 300) + request(18, 0) + request(3, 7)
    for size in (1, 3, 5, 1000):
        frames, found = Frames(with_api=True), []
        for at in range(0, len(data), size):
            found += frames.feed(data[at:at + size])
        assert found == [(1, 0), (2, 18), (3, 3)]
