"""How we talk to an upstream: what is said in the upgrade, proxies, frames in pieces, websocket abuse."""

import base64
import json
import socket
import threading

import pytest

from peers.mapping import lines_of
from peers.place import wait_until
from peers.program import Tributary, streamelements
from peers.scripted import BINARY, CLOSE, PING, TEXT, ScriptedUpstream, tip

CREATED = "2026-10-01T12:34:56.789Z"
pytestmark = pytest.mark.quick


def to_file(url, **connector):
    return {"connectors": {"main": streamelements(url, **connector)}, "sinks": {"out": {"type": "file", "path": "out.jsonl"}},
            "routes": [{"to": ["out"]}]}


def written(work):
    """The ids of the events in the file, its dead letters apart."""
    return [line["_id"] for line in lines_of(work / "out.jsonl") if "_id" in line]


def test_the_upgrade_says_what_the_upstream_wants_and_nothing_more(work):
    (work / "extra").write_text("fake-header-secret\n")
    with ScriptedUpstream() as upstream:
        url = upstream.url() + "?cluster=main"
        with Tributary(work, to_file(url, headers={"X-Extra": {"file": "extra"}}, ping_interval="200ms")) as relay:
            connection = upstream.live()
            wait_until(lambda: connection.pings >= 2, 10, "two websocket pings")
            relay.stop()
        assert "fake-header-secret" not in relay.output
    request, *lines = connection.request.split("\r\n")
    headers = {line.split(":")[0].lower(): line.split(":", 1)[1].strip() for line in lines if line}
    method, target, version = request.split(" ")
    path, query = target.split("?")
    assert (method, path, version) == ("GET", "/socket.io/", "HTTP/1.1")
    assert sorted(query.split("&")) == ["EIO=3", "cluster=main", "transport=websocket"]
    assert headers["host"] == f"localhost:{upstream.port}"
    assert headers["x-extra"] == "fake-header-secret"
    assert "origin" not in headers and "sec-websocket-extensions" not in headers


def test_interim_answers_before_the_101_are_passed_over(work):
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"
    activity = tip(CREATED)
    with ScriptedUpstream(interim=hints) as upstream, Tributary(work, to_file(upstream.url())) as relay:
        upstream.live().emit("event", activity)
        wait_until(lambda: written(work) == [activity["_id"]], 10, "the event")
        relay.stop()
        assert upstream.dials == 1


def test_frames_may_come_byte_by_byte_and_in_fragments(work):
    activities = [tip(CREATED, message="på svenska ☃ 😀") for _ in range(3)]
    texts = [("42" + json.dumps(["event", activity], ensure_ascii=False)).encode() for activity in activities]
    with ScriptedUpstream() as upstream, Tributary(work, to_file(upstream.url())) as relay:
        connection = upstream.live()
        head = bytes([0x81, 126]) + len(texts[0]).to_bytes(2, "big")
        for byte in head + texts[0]:
            connection.raw(bytes([byte]))
        snowman = texts[1].index("☃".encode())
        connection.frame(TEXT, texts[1][:snowman + 1], fin=False)  # in the middle of a character
        connection.frame(PING, b"between")
        connection.frame(0, texts[1][snowman + 1:-5], fin=False)
        connection.frame(0, b"", fin=False)
        connection.frame(0, texts[1][-5:])
        connection.text(texts[2])
        wait_until(lambda: len(written(work)) == 3, 10, "three events")
        account = relay.stop()
        assert upstream.dials == 1
    assert written(work) == [activity["_id"] for activity in activities]
    assert account["frames"] == 6


ABUSE = {
    "a masked frame": bytes([0x81, 0x82]) + b"\0\0\0\0" + b"40",
    "a reserved bit": bytes([0xC1, 2]) + b"40",
    "an unknown opcode": bytes([0x83, 0]),
    "a fragmented ping": bytes([0x09, 0]),
    "a long ping": bytes([0x89, 126, 0, 200]) + b"x" * 200,
    "a continuation of nothing": bytes([0x80, 2]) + b"40",
    "a message within a message": bytes([0x01, 1]) + b"4" + bytes([0x81, 1]) + b"2",
    "a close of one byte": bytes([0x88, 1, 3]),
    "a close with a wrong code": bytes([0x88, 2, 0, 5]),
    "a close with bad text": bytes([0x88, 4, 3, 0xE8, 0xFF, 0xFF]),
    "a close": bytes([0x88, 2, 3, 0xE8]),
    "a length of 2^63": bytes([0x81, 127]) + b"\xff" * 8,
    "a length that is too long for what it says": bytes([0x81, 127]) + (5).to_bytes(8, "big") + b"40abc",
    "half a frame and the end": None,
}


@pytest.mark.parametrize("name", ABUSE)
def test_websocket_abuse_costs_the_connection_at_most(work, name):
    before, after = tip(CREATED), tip(CREATED)
    with ScriptedUpstream() as upstream, Tributary(work, to_file(upstream.url())) as relay:
        connection = upstream.live()
        connection.emit("event", before)
        if ABUSE[name] is None:
            connection.raw(bytes([0x81, 126, 1, 0]) + b"42[")
            connection.end()
        else:
            connection.raw(ABUSE[name])
        assert connection.gone.wait(15)
        upstream.live().emit("event", after)
        wait_until(lambda: written(work) == [before["_id"], after["_id"]], 15, lambda: f"both events in {written(work)}")
        account = relay.stop()
    assert account["accepted"] == 2


def test_a_reset_in_mid_frame(work):
    after = tip(CREATED)
    with ScriptedUpstream() as upstream, Tributary(work, to_file(upstream.url())) as relay:
        connection = upstream.live()
        connection.raw(bytes([0x81, 126, 4, 0]) + b"42[")
        connection.reset()
        relay.wait_log("reset")
        upstream.live().emit("event", after)
        wait_until(lambda: written(work) == [after["_id"]], 15, "the event after")
        relay.stop()


def test_the_acknowledgement_an_event_wants_is_given(work):
    activity = tip(CREATED)
    with ScriptedUpstream() as upstream, Tributary(work, to_file(upstream.url())) as relay:
        connection = upstream.live()
        connection.text("4217" + json.dumps(["event", activity]))
        assert connection.next().startswith("4317[")
        wait_until(lambda: written(work) == [activity["_id"]], 10, "the event")
        relay.stop()


# ── through a proxy ───────────────────────────────────────────────────────────────────────────────────────────────────


class ConnectProxy:
    """An HTTP CONNECT proxy; `asked` holds the heads of all requests."""

    def __init__(self, answer=b"HTTP/1.1 200 Connection established\r\n\r\n"):
        self.answer = answer
        self.asked = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += client.recv(1)
        self.asked.append(head.decode())
        client.sendall(self.answer)
        if b" 200 " not in self.answer:
            return client.close()
        host, port = head.split()[1].decode().rsplit(":", 1)
        server = socket.create_connection((host, int(port)))
        threading.Thread(target=self._copy, args=(client, server), daemon=True).start()
        self._copy(server, client)

    @staticmethod
    def _copy(one, other):
        try:
            while data := one.recv(65536):
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            pass


@pytest.fixture
def proxy():
    proxy = ConnectProxy()
    yield proxy
    proxy.close()


def test_a_proxy_is_asked_and_tls_goes_through_it_end_to_end(work, proxy, certificates):
    activity = tip(CREATED)
    with ScriptedUpstream(certificates=certificates) as upstream:
        settings = {"proxy": f"http://someone:fake-proxy-password@127.0.0.1:{proxy.port}", "tls": {"ca_file": str(certificates.ca)}}
        with Tributary(work, to_file(upstream.url(), **settings)) as relay:
            upstream.live().emit("event", activity)
            wait_until(lambda: written(work) == [activity["_id"]], 10, "the event")
            relay.stop()
        assert "fake-proxy-password" not in relay.output
    head = proxy.asked[0]
    assert head.startswith(f"CONNECT localhost:{upstream.port} HTTP/1.1\r\n")
    assert "Proxy-Authorization: Basic " + base64.b64encode(b"someone:fake-proxy-password").decode() in head


@pytest.mark.parametrize("answer", [b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", b"nonsense\r\n\r\n", b""])
def test_a_proxy_that_refuses(work, answer):
    proxy = ConnectProxy(answer)
    with ScriptedUpstream() as upstream:
        with Tributary(work, to_file(upstream.url(), proxy=f"http://127.0.0.1:{proxy.port}")) as relay:
            relay.wait_log("proxy_refused")
            wait_until(lambda: len(proxy.asked) >= 2, 10, "another try")
            relay.stop()
        assert upstream.dials == 0
    proxy.close()


def test_a_client_certificate_is_shown(work, certificates):
    import ssl
    with ScriptedUpstream(certificates=certificates) as upstream:
        upstream._context.load_verify_locations(certificates.ca)
        upstream._context.verify_mode = ssl.CERT_REQUIRED
        tls = {"ca_file": str(certificates.ca), "certificate": str(certificates.client), "key": str(certificates.client_key)}
        with Tributary(work, to_file(upstream.url(), tls=tls)) as relay:
            upstream.live()
            relay.stop()
        (work / "second").mkdir()
        (work / "second" / "token").write_text("good")
        with Tributary(work / "second", to_file(upstream.url(), tls={"ca_file": str(certificates.ca)})) as relay:
            relay.wait_log("tls_failed")
            relay.stop()


def test_a_binary_flood_and_a_flood_of_nonsense_do_not_stop_the_other_connector(work):
    """One connector's trouble is its own."""
    with ScriptedUpstream() as bad, ScriptedUpstream() as good:
        config = to_file(good.url())
        config["connectors"]["bad"] = streamelements(bad.url())
        with Tributary(work, config) as relay:
            noisy, calm = bad.live(), good.live()
            for _ in range(2000):
                noisy.frame(BINARY, b"\x04" * 200)
                noisy.text('42["event",{"_id":')
            activity = tip(CREATED)
            calm.emit("event", activity)
            wait_until(lambda: written(work) == [activity["_id"]], 10, "the calm one's event")
            noisy.frame(CLOSE, b"")
            bad.live()
            relay.stop()


def test_only_the_upstreams_own_time_tells_an_update_from_a_repeat(work):
    """Without a time of the upstream's a repeat is a duplicate; a stale state is never the last word."""
    timeless, numbered, moderated = tip(CREATED), tip(CREATED), tip(CREATED)
    del timeless["createdAt"], timeless["updatedAt"]
    numbered["createdAt"] = numbered["updatedAt"] = 7
    states = [("43", True), ("50", False), ("43", True), ("50", True), ("50.000", True)]
    with ScriptedUpstream() as upstream, Tributary(work, to_file(upstream.url())) as relay:
        connection = upstream.live()
        for activity in (timeless, numbered):
            connection.emit("event", activity)
            connection.wait_read()  # so that the second one is received later
            connection.emit("event", activity)
        for seconds, flagged in states:
            connection.emit("event", {**moderated, "updatedAt": f"2026-10-01T12:34:{seconds}Z", "flagged": flagged})
        wait_until(lambda: len(written(work)) >= 5, 10, "five events")
        connection.wait_read()
        account = relay.stop()
    events = [line for line in lines_of(work / "out.jsonl") if "_id" in line]
    assert [(event["_id"], event["flagged"], event["relay"].get("update")) for event in events] == [
        (timeless["_id"], False, None), (numbered["_id"], False, None), (moderated["_id"], True, None),
        (moderated["_id"], False, True), (moderated["_id"], True, True)]
    assert account["events"] - account["accepted"] == 4  # duplicates


def test_times_that_cannot_be_meant_are_not_published_as_such(work):
    with ScriptedUpstream() as upstream, Tributary(work, to_file(upstream.url())) as relay:
        connection = upstream.live()
        connection.emit("event", {**tip(CREATED), "createdAt": 1790858096, "updatedAt": "1790858096789"})
        connection.emit("event", {**tip(CREATED), "createdAt": "1970-01-01T00:26:04.059Z"})
        wait_until(lambda: len(written(work)) == 2, 10, "two events")
        relay.stop()
    read, implausible = [line for line in lines_of(work / "out.jsonl") if "_id" in line]
    assert (read["createdAt"], read["updatedAt"]) == ("2026-10-01T12:34:56.000Z", CREATED)
    assert implausible["createdAt"] == implausible["relay"]["receivedAt"]
    assert implausible["data"]["details"]["createdAt"] == "1970-01-01T00:26:04.059Z"
