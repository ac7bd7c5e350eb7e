"""`check --connect` asks DLive's GraphQL API whether the streamers are usernames: a wrong one is a silent subscription."""

import contextlib
import http.server
import json
import re
import ssl
import threading

import pytest

from peers.place import free_port
from peers.program import run_once, write_config
from peers.ws_server import Simulated

pytestmark = pytest.mark.quick
TOKEN = "made-up-token-for-tests"


class Api(http.server.BaseHTTPRequestHandler):
    """Knows `ada` (display name Ada) and `dbl-lee` (Lee)."""
    USERS = {"ada": "ada", "Ada": "ada", "Lee": "dbl-lee"}
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.headers.get("authorization"), asked))
        name = asked["variables"]["n"]
        if name == "trouble":
            return self.answer({"errors": [{"message": f"no way with {self.headers.get('authorization')}"}]})
        user = self.USERS.get(name)
        self.answer({"data": {"userByDisplayName": user and {"username": user, "displayname": name}}})

    def answer(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        half = len(body) // 2
        for part in (body[:half], body[half:], b""):
            self.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def api(tls=None):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api) as server:
        server.asked = []
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()


def check(work, port, api_url, streamers, code, **more):
    (work / "token").write_text(TOKEN)
    config = {"connectors": {"d": {"type": "dlive", "url": f"ws://127.0.0.1:{port}/", "api_url": api_url,
                                   "streamers": streamers, "auth": {"token": {"file": "token"}}, **more}}}
    done = run_once("check", "--connect", "-c", write_config(work, config), folder=work, seconds=60)
    output = done.stdout + done.stderr
    assert done.returncode == code, output
    assert TOKEN not in output
    return output


def test_usernames_are_found_with_the_token(work):
    with Simulated("dlive", tokens=TOKEN, streamers="ada") as upstream, api() as server:
        output = check(work, upstream.port, f"http://127.0.0.1:{server.server_port}/", ["ada"], 0)
    assert "streamer ada: is a username" in output
    (authorization, asked), = server.asked
    assert authorization == TOKEN and asked["variables"] == {"n": "ada"} and "userByDisplayName" in asked["query"]


def test_a_display_name_a_stranger_and_an_error_are_faults(work):
    with Simulated("dlive", tokens=TOKEN, streamers="ada") as upstream, api() as server:
        output = check(work, upstream.port, f"http://127.0.0.1:{server.server_port}/", ["ada", "Lee", "nobody", "trouble"], 1)
    assert "streamer ada: is a username" in output
    assert "streamer Lee: is a display name; the username is `dbl-lee`" in output
    assert re.search(r"fault +\S+tributary\.yaml:\d+:\d+: connectors\.d\.streamers\[2\]: streamer nobody: nobody has", output)
    assert "streamer trouble: the API says: no way with <redacted>" in output
    assert len(server.asked) == 4


def test_an_api_that_cannot_be_reached_is_a_fault_with_its_reason(work):
    with Simulated("dlive", tokens=TOKEN, streamers="ada") as upstream:
        output = check(work, upstream.port, f"http://127.0.0.1:{free_port()}/", ["ada"], 1)
    assert "streamer ada: connect_refused" in output and "acknowledged with the token" in output


def test_https_is_verified_with_the_connectors_ca(work, certificates):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificates.server, certificates.server_key)
    with Simulated("dlive", tokens=TOKEN, streamers="ada") as upstream, api(tls) as server:
        url = f"https://127.0.0.1:{server.server_port}/"
        assert "streamer ada: tls_failed" in check(work, upstream.port, url, ["ada"], 1)
        assert "is a username" in check(work, upstream.port, url, ["ada"], 0, tls={"ca_file": str(certificates.ca)})


@pytest.mark.parametrize("connector", ["dlive", "streamelements", "oha", "stagecast", "users"])
def test_the_line_that_simulate_prints_works_as_printed(work, connector):
    """Pasted below `connectors:`, and checked: DLive's asked the real API for the simulated streamer."""
    with Simulated(connector) as upstream:
        words = upstream.process.stderr.readline()
        line = upstream.process.stderr.readline()
        config = "version: 1\nconnectors:\n" + line + "sinks: {out: {type: stdout}}\nroutes: [{to: [out]}]\n"
        done = run_once("check", "--connect", "-c", write_config(work, config), folder=work, seconds=60)
    assert words == "a connector for it, below `connectors:`\n"
    assert done.returncode == 0 and "fault" not in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("connector, settings, words", [
    ("stagecast", {"channel": "livehacks_test"}, "connected without an account, nobody is authenticated"),
    ("dlive", {"streamers": ["ada"], "api_url": ""}, "connected without a token, nobody is authenticated"),
    ("oha", {"stream": {"file": "token"}, "label": "maths"}, "connected without a token, nobody is authenticated"),
])
def test_nobody_who_was_not_authenticated_is_said_to_be(work, connector, settings, words):
    with Simulated(connector) as upstream:
        path = "/ws" if connector == "oha" else ""
        config = {"connectors": {"c": {"type": connector, "url": f"ws://127.0.0.1:{upstream.port}{path}", **settings}},
                  "sinks": {"out": {"type": "stdout"}}, "routes": [{"to": ["out"]}]}
        done = run_once("check", "--connect", "-c", write_config(work, config), folder=work, seconds=60)
    assert done.returncode == 0 and words in done.stdout, done.stdout + done.stderr
    assert "c: authenticated" not in done.stdout


def test_a_token_that_oha_does_not_know_is_a_fault_and_not_authenticated(work):
    (work / "stream").write_text("some-stream-key")
    with Simulated("oha", tokens="the-right-token") as upstream:
        config = {"connectors": {"c": {"type": "oha", "url": f"ws://127.0.0.1:{upstream.port}/ws", "stream": {"file": "stream"},
                                       "label": "maths", "auth": {"token": {"file": "token"}, "in": "header"}}},
                  "sinks": {"out": {"type": "stdout"}}, "routes": [{"to": ["out"]}]}
        done = run_once("check", "--connect", "-c", write_config(work, config), folder=work, seconds=60)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "connected, not authenticated" in done.stdout and "auth_refused" in done.stdout
