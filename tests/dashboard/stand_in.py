"""A relay that says what a test wants: the page's own files, served as the admin port does, with a status and events of
the test's choosing. What its status has is what the program's has: dashboard_test.py compares the two."""

import copy
import http.server
import json
import queue
import socketserver
import threading

from peers.place import ROOT, wait_until

PAGE = ROOT / "admin" / "page"
FILES = {"/": ("page.html", "text/html; charset=utf-8"), "/page.css": ("page.css", "text/css; charset=utf-8"),
         "/page.js": ("page.js", "text/javascript; charset=utf-8"), "/icon.svg": ("icon.svg", "image/svg+xml")}
HEADERS = {"Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
                                      "object-src 'none'", "X-Content-Type-Options": "nosniff"}


def connector(name, **more):
    return {"name": name, "type": "dlive", "state": "live", "state_for": 90.0, "reason": None, "detail": None,
            "needs_person": False, "paused": False, "next_attempt_in": None, "upstream": "ws://127.0.0.1:8080",
            "last_frame_age": 0.4, "last_event_age": 2.1, "events_per_second": 3.1,
            "history": {"step": 5, "events": [3, 5, 9, 4, 0, 12, 7]}, "channels": [{"channel": "dbl-lee", "silence": 2.1}],
            "credential_expires": None, "dials": 1, "connections": 1, "endings": {}, "gaps": 0, "unknown": 0, "updates": 0,
            "repaired": 0, "ledger": {"frames": 90, "control": 18, "malformed": 0, "carrying": 72, "events": 72,
                                      "duplicate": 0, "ignored": {"test": 0, "state": 0, "own_echo": 0, "loop": 0},
                                      "unrouted": 0, "accepted": 72}, **more}


def refused(name, **more):
    return connector(name, **{"state": "waiting", "reason": "connect_refused", "detail": "connection refused",
                              "next_attempt_in": 12.0, **more})


def sink(name, **more):
    return {"name": name, "type": "kafka", "state": "ok", "connector": None, "failing": None, "parked": [], "full": False,
            "breaker": None, "waiting": 3, "oldest_age": 0.02, "held": 120_000, "memory": 67_108_864,
            "spool": {"bytes": 0, "size": 4_294_967_296}, "lost": 0, "replayed": 0, "clamped": 0, "dead_letter_failed": 0, "copies": 0,
            "notices": {"offered": 5, "delivered": 5, "dropped": 0},
            "latency": {"count": 72, "mean": 0.008, "p50": 0.005, "p99": 0.05}, "brokers": [],
            "ledger": {"offered": 75, "recovered": 0, "delivered": 72, "sent": 0, "dead_lettered": 0, "dropped": {},
                       "in_flight": 3, "spooled": 0}, **more}


def status(connectors, sinks, level="well", headline="all is well", troubles=()):
    return {"level": level, "headline": headline, "troubles": list(troubles), "taken": "2026-10-01T12:00:00.000Z",
            "started": "2026-10-01T09:00:00.000Z", "uptime": 10_800.0, "version": "0.1.0", "run": "01K9ZB4T",
            "instance": "stage-left", "file": "/etc/tributary/tributary.yaml", "stopping": False, "stalled": [],
            "reload": None, "connectors": connectors, "sinks": sinks, "log_events": {}}


def healthy():
    names = ("main-stage", "arcade", "classroom", "hall", "accounts")
    return status([connector(name) for name in names], [sink("events"), sink("archive", type="file", spool=None)],
                  headline="all is well: 5 upstreams are live, 2 sinks keep up")


def one_refused():
    made = copy.deepcopy(healthy())
    made["connectors"][3] = refused("hall")
    made |= {"level": "trouble", "headline": "1 of 5 upstreams needs attention: hall (connect_refused)",
             "troubles": [{"kind": "connector", "name": "hall", "reason": "connect_refused",
                           "words": "connection refused; next attempt in 12 s", "needs_person": False}]}
    return made


class StandIn:
    """`with StandIn(healthy()) as relay:`; `status` may be set at any time, `tell` writes an event to all readers."""

    def __init__(self, said):
        self.status = said
        self.readers = []
        self.asked = []  #: the path of each request
        self.port = 0
        self._server = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/"

    def start(self):
        owner = self

        class Answers(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.0"

            def do_GET(self):  # noqa: N802, the library's name
                owner.serve(self)

            def log_message(self, *_):
                pass

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self._server = Server(("127.0.0.1", self.port), Answers)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self):
        """The relay is gone: nothing listens, and readers of events lose their connection."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        for reader in self.readers:
            reader.put(None)
        self.readers = []

    def serve(self, client):
        path = client.path.partition("?")[0]
        self.asked.append(path)
        if path == "/events":
            return self._events(client)
        if path == "/status":
            body, kind = json.dumps(self.status).encode(), "application/json"
        elif path in FILES:
            body, kind = (PAGE / FILES[path][0]).read_bytes(), FILES[path][1]
        else:
            client.send_error(404)
            return None
        self._head(client, kind)
        client.wfile.write(body)
        return None

    @staticmethod
    def _head(client, kind):
        client.send_response(200)
        for name, value in {"Content-Type": kind, "Cache-Control": "no-store", **HEADERS}.items():
            client.send_header(name, value)
        client.end_headers()

    def _events(self, client):
        self._head(client, "text/event-stream; charset=utf-8")
        mine = queue.Queue()
        client.wfile.write(b": the events\nretry: 500\n\n")
        self.readers.append(mine)
        while (text := mine.get()) is not None:
            client.wfile.write(text.encode())

    def tell(self, event, name=None, readers=1):
        """To everybody who reads events; to `readers` of them at least."""
        wait_until(lambda: len(self.readers) >= readers, 10, f"{readers} readers of /events")
        text = (f"event: {name}\n" if name else "") + f"data: {json.dumps(event)}\n\n"
        for reader in self.readers:
            reader.put(text)


def event(number=1, **data):
    return {"_id": f"{number:024x}", "type": "tip", "provider": "dlive",
            "data": {"username": "quietfox", "displayName": "Quiet Fox", "amount": 31, "currency": "BRL",
                     "message": "great stream", **data},
            "relay": {"connector": "arcade", "receivedAt": "2026-10-01T12:00:00.000Z", "sequence": number}}
