"""A TCP proxy that spoils what goes through it, byte by byte: cut, stall, delay, drip, and a cut between a request to a
Kafka broker and its answer.

Runs on a thread of its own. `with Proxy(target_port) as proxy:` listens at `proxy.port`; everything that is called from a
test takes effect at once for all connections, those that stand and those to come.
"""

import asyncio
import contextlib
import resource
import socket
import struct
import threading

from peers.place import PATIENCE, free_port

PRODUCE = 0  #: the api key of Kafka's Produce request


class Proxy:
    def __init__(self, target, port=None):
        """`target`, `port`: of 127.0.0.1; `port`: where it listens, a free one by default."""
        self.target = target
        self.port = port or free_port()
        self.connections = 0  #: all that were ever accepted
        self.answers_withheld = 0  #: by `withhold_answers`
        self._pairs = set()
        self._delay = 0.0
        self._drip = None
        self._withhold = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self):
        # Two descriptors for each connection: a thousand connections need more than the usual 1024.
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft < 8192 <= hard:
            resource.setrlimit(resource.RLIMIT_NOFILE, (8192, hard))
        self._thread.start()
        self._call(self._start())
        return self

    def __exit__(self, *_):
        self._call(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10 * PATIENCE)

    def bootstrap(self):
        return f"127.0.0.1:{self.port}"

    # ── what a test does ──────────────────────────────────────────────────────────────────────────────────────────

    def cut(self):
        """Resets every connection; new ones are taken."""
        self._call(self._cut())

    def refuse(self):
        """Resets every connection and refuses new ones."""
        self._call(self._refuse())

    def accept(self):
        """The end of `refuse`."""
        self._call(self._listen())

    def stall(self):
        """No byte passes any more, neither way; connections stand, and new ones are accepted without a word."""
        self._call(self._set_open(False))

    def flow(self):
        """The end of `stall`, `delay` and `drip`: what waited passes."""
        self._delay, self._drip = 0.0, None
        self._call(self._set_open(True))

    def delay(self, seconds):
        """Whatever is read passes so much later."""
        self._delay = seconds

    def drip(self, size, every):
        """Only `size` bytes at once, then a pause of `every` seconds."""
        self._drip = (size, every)

    def withhold_answers(self, times=1):
        """The next `times` Produce requests reach the broker whole; when it answers, the connection is cut instead."""
        self._withhold = times

    # ── on its thread ─────────────────────────────────────────────────────────────────────────────────────────────

    def _call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(20 * PATIENCE)

    async def _start(self):
        self._open = asyncio.Event()
        self._open.set()
        await self._listen()

    async def _listen(self):
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", self.port, backlog=2048)

    async def _set_open(self, is_open):
        self._open.set() if is_open else self._open.clear()

    async def _cut(self):
        for pair in list(self._pairs):
            pair.abort()

    async def _refuse(self):
        self._server.close()
        await self._cut()

    async def _end(self):
        await self._refuse()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accepted(self, reader, writer):
        self.connections += 1
        pair = _Pair(writer)
        self._pairs.add(pair)
        try:
            await self._open.wait()
            there, back = await asyncio.open_connection("127.0.0.1", self.target)
            pair.writers.append(back)
            await asyncio.gather(self._pump(reader, back, pair, up=True), self._pump(there, writer, pair, up=False))
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            pair.abort()
            self._pairs.discard(pair)

    async def _pump(self, reader, writer, pair, up):
        """What was read waits in a queue until it is due, so that a delay takes nothing from what passes in a second."""
        queue = asyncio.Queue(maxsize=256)
        await asyncio.gather(self._read(reader, queue), self._write(queue, writer, pair, up))

    async def _read(self, reader, queue):
        data = b"begin"
        while data:
            data = await reader.read(1 << 16)
            await queue.put((self._loop.time() + self._delay, data))

    async def _write(self, queue, writer, pair, up):
        while True:
            due, data = await queue.get()
            if not data:
                break
            await asyncio.sleep(max(0.0, due - self._loop.time()))
            await self._open.wait()
            if up:
                self._look_at_requests(pair, data)
            elif pair.withheld_from(data):
                self.answers_withheld += 1
                raise ConnectionResetError
            for piece in self._pieces(data):
                writer.write(piece)
                await writer.drain()
                if drip := self._drip:
                    await asyncio.sleep(drip[1])
        with contextlib.suppress(OSError, RuntimeError):
            writer.write_eof()

    def _look_at_requests(self, pair, data):
        for number, api in pair.requests.feed(data):
            if self._withhold and pair.withheld is None and api == PRODUCE:
                self._withhold -= 1
                pair.withheld = number

    def _pieces(self, data):
        """A drip is slow also in the midst of what was read before it began or ended."""
        while data:
            drip = self._drip
            size = drip[0] if drip else len(data)
            yield data[:size]
            data = data[size:]


class _Pair:
    """The two sides of one connection."""

    def __init__(self, writer):
        self.writers = [writer]
        self.requests, self.answers = Frames(with_api=True), Frames()
        self.withheld = None  #: the number of the request whose answer must not pass

    def withheld_from(self, data):
        began = [number for number, _ in self.answers.feed(data)]
        return self.withheld is not None and any(number >= self.withheld for number in began)

    def abort(self):
        for writer in self.writers:
            with contextlib.suppress(OSError, AttributeError):
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()


class Frames:
    """Numbers the frames of Kafka's protocol in a stream of bytes: four bytes of length, then, in a request, the api key.
    On other protocols it numbers nonsense, which nobody asks for."""

    def __init__(self, with_api=False):
        self._head = b""
        self._left = 0
        self._number = 0
        self._size = 6 if with_api else 4

    def feed(self, data):
        """(number, api key or 0) of each frame whose head is complete with `data`; the first is 1."""
        found = []
        while data:
            if self._left:
                taken = min(self._left, len(data))
                self._left -= taken
                data = data[taken:]
                continue
            needed = self._size - len(self._head)
            self._head, data = self._head + data[:needed], data[needed:]
            if len(self._head) == self._size:
                length = struct.unpack("!I", self._head[:4])[0]
                api = struct.unpack("!h", self._head[4:])[0] if self._size == 6 else 0
                self._number += 1
                self._left = max(0, length - (self._size - 4))
                self._head = b""
                found.append((self._number, api))
        return found
