"""Stagecast and Users on a plain `ws` server: the simulators speak as it does, and what the program makes of its frames
is what a mapping of this file says, which knows nothing of the program."""

import json
import time

import pytest

from peers import mapping, marks
from peers.mapping_others import compare, config, event_of, lines, of_stagecast, of_users
from peers.program import Tributary
from peers.ws_server import Dialled, Simulated, WsServer

ACCOUNTS = {"a@example.org": "secret-of-a", "b@example.org": "secret-of-b"}
PATH = "/api/events/livehacks%20test/ws"
pytestmark = pytest.mark.quick


# ── the simulator and the real peer pass the same conversation ───────────────────────────────────────────────────────


def a_channel(real, **options):
    if real:
        return WsServer("stagecast", accounts=ACCOUNTS, tokens=["good"], binaryOk=options.get("ok") == "binary",
                        refusal=options.get("refusal", "silence"))
    accounts = ",".join(f"{email}:{password}" for email, password in ACCOUNTS.items())
    return Simulated("stagecast", accounts=accounts, tokens="good", **options)


def login(email):
    return {"email": email, "password": ACCOUNTS[email]}


def unwrapped(message):
    assert set(message) == {"from", "msg"} and isinstance(message["from"], str), message
    return message["msg"]


@pytest.mark.parametrize("real", [False, True], ids=["simulator", "ws"])
@pytest.mark.parametrize("ok", ["text", "binary"])
def test_a_channels_members_hear_the_same(real, ok):
    with a_channel(real, ok=ok) as server:
        first, twin, other, listener = (Dialled(server.port, PATH) for _ in range(4))
        elsewhere = Dialled(server.port, "/api/events/another/ws")
        for member, words in ((first, login("a@example.org")), (twin, login("a@example.org")), (other, {"token": "good"})):
            member.send(words)
            assert member.next() == (b"ok" if ok == "binary" else "ok")
        listener.send({"i": "may not send"})
        for said in ({"hello": [1, None]}, "no json {", {"to": "token:good", "message": "psst"}, 7):
            first.send(said)
        # to all others, also to the account's other socket; a direct message to one account
        assert [unwrapped(twin.next()) for _ in range(3)] == [{"hello": [1, None]}, "no json {", 7]
        assert [unwrapped(listener.next()) for _ in range(3)] == [{"hello": [1, None]}, "no json {", 7]
        assert [unwrapped(other.next()) for _ in range(4)] == [{"hello": [1, None]}, "no json {", "psst", 7]
        twin.send("null")
        assert unwrapped(first.next()) is None, "the first thing that the sender hears is another's"
        assert elsewhere.silent()


@pytest.mark.parametrize("real", [False, True], ids=["simulator", "ws"])
@pytest.mark.parametrize("refusal", ["silence", "close"])
def test_a_channel_refuses_the_same(real, refusal):
    with a_channel(real, refusal=refusal) as server:
        bad, good = Dialled(server.port, PATH), Dialled(server.port, PATH)
        bad.send({"email": "a@example.org", "password": "wrong"})
        good.send(login("a@example.org"))
        assert good.next() == "ok"
        if refusal == "close":
            assert bad.gone.wait(15) and bad.ending == "close"
        else:
            good.send("[1]")
            assert unwrapped(bad.next()) == [1], "it still listens, and that is the first it hears"


def a_server(real, deaf=0, origins=("trusted-host",)):
    if real:
        return WsServer("users", origins=[f"^{origin}$" for origin in origins], deaf=deaf)
    return Simulated("users", origins=",".join(origins), deaf=f"{deaf}ms")


def echo(message, **more):
    return {"eventType": 10, "message": message, **more}


def answered(client, message):
    """Asks again and again, as a relay does; how many times it had to."""
    for attempt in range(1, 200):
        client.send(echo(f"{message} {attempt}"))
        try:
            while (said := client.next(0.1))["message"] != f"{message} {attempt}":
                assert said["message"].startswith(message), said  # an earlier one's answer, late
            return attempt
        except Exception as nothing:  # queue.Empty
            assert type(nothing).__name__ == "Empty", nothing
    raise AssertionError("never answered")


@pytest.mark.parametrize("real", [False, True], ids=["simulator", "ws"])
def test_a_refused_origin_gets_101_and_a_drop(real):
    with a_server(real) as server:
        for headers in ({"Origin": "other-host"}, {}):
            refused = Dialled(server.port, **headers)
            assert refused.status == 101
            assert refused.gone.wait(15) and refused.ending == "no close" and refused.silent()


@pytest.mark.parametrize("real", [False, True], ids=["simulator", "ws"])
def test_a_server_is_deaf_at_first(real):
    with a_server(real, deaf=700) as server:
        client = Dialled(server.port, Origin="trusted-host")
        assert client.status == 101
        assert answered(client, "probe") > 2


@pytest.mark.parametrize("real", [False, True], ids=["simulator", "ws"])
def test_echoes_reach_whom_they_should_with_the_message_alone(real):
    with a_server(real) as server:
        caller, other = (Dialled(server.port, Origin="trusted-host") for _ in range(2))
        for client in (caller, other):
            answered(client, "probe")
        for bad in ("no json", [], {}, {"eventType": 3}, {"eventType": 10}, echo(5)):
            caller.send(bad)
        caller.send(echo("direct", more=1))
        caller.send(echo("to all", broadcast=True, more=1))
        assert [caller.next(), caller.next()] == [echo("direct"), echo("to all")]
        assert other.next() == echo("to all"), "bad input and direct echoes reach nobody else"


@pytest.mark.parametrize("real", [False, True], ids=["simulator", "ws"])
def test_a_server_that_is_not_deaf_hears_what_comes_behind_the_upgrade(real):
    with a_server(real) as server:
        client = Dialled(server.port, behind=[echo("at once"), echo("then")], Origin="trusted-host")
        assert [client.next()["message"] for _ in range(2)] == ["at once", "then"]


@pytest.mark.parametrize("real", [False, True], ids=["simulator", "ws"])
def test_two_matching_origins_answer_twice(real):
    with a_server(real, origins=("trusted-host", "trusted.host" if real else "trusted*")) as server:
        client = Dialled(server.port, Origin="trusted-host")
        client.send(echo("once"))
        client.send(echo("again"))
        assert [client.next()["message"] for _ in range(4)] == ["once", "once", "again", "again"]


# ── the program and the real peer ────────────────────────────────────────────────────────────────────────────────────


def broadcast(value, **more):
    data = {"payload": value, **({"message": value} if isinstance(value, str) and type(value) is str else {}), **more}
    return event_of("stagecast", "room", "livehacks test", "broadcast", data)


NOTICE = ('{"type":"%s","id":"m-1","event":"hall","title":"Vote ☃","name":"poll","message":"go","duration":15000,'
          '"created":1790858096789,"options":[1.50]}')
DETAILS = '{"event":"hall","title":"Vote ☃","name":"poll","duration":15000,"options":[1.50]}'


def moment(kind, upstream_type):
    return event_of("stagecast", "room", "livehacks test", kind, {"message": "go", "details": mapping.parse(DETAILS)},
                    upstream_type, "m-1", "2026-10-01T12:34:56.789Z")


@pytest.mark.parametrize("way", ["password", "token", "nobody"])
def test_every_shape_of_a_channel_comes_out_as_the_mapping_says(work, way):
    (work / "password").write_text("secret-of-a\n")
    auth = {"password": {"email": "a@example.org", "password": {"file": "password"}}, "token": {"token": {"file": "token"}}}
    began = time.time() * 1000
    with a_channel(True, ok="binary") as server:
        connector = {"type": "stagecast", "url": server.url(), "channel": "livehacks test"}
        if way != "nobody":
            connector["auth"] = auth[way]
        with Tributary(work, config(connector)) as relay:
            server.wait_for("open" if way == "nobody" else "recognised")
            values = ['{"alpha":4.20,"n":12345678901234567890}', "[1,[true,null]]", '"text"', "4.20", "true", "null", '""']
            server.order("say", texts=values + ["hello world!", "{\"cut\":"])
            server.order("say", texts=['{"from":"203.0.113.7","msg":"hi"}', '{"from":"203.0.113.7","msg":[1]}',
                                       '{"from":"203.0.113.7","msg":1,"more":2}'])
            server.order("say", texts=[NOTICE % "start", NOTICE % "stop", NOTICE % "stop", '{"type":"start"}'])
            server.order("binary", hex="00ff")
            sender = Dialled(server.port, PATH)
            sender.send({"token": "good"})
            assert sender.next() == b"ok"
            sender.send("from another member")
            expected = [broadcast(mapping.parse(value)) for value in values]
            expected += [broadcast("hello world!"), broadcast("{\"cut\":")]
            expected += [broadcast("hi", username="203.0.113.7"), broadcast(mapping.parse("[1]"), username="203.0.113.7"),
                         broadcast(mapping.parse('{"from":"203.0.113.7","msg":1,"more":2}'))]
            expected += [moment("momentStarted", "start"), moment("momentStopped", "stop"),
                         broadcast(mapping.parse('{"type":"start"}')),
                         broadcast("from another member", username="127.0.0.1")]
            found = lines(work, len(expected))
            account = relay.stop()
        compare(expected, found, began)
        # the second stop has the id of the first; the binary frame is a fault of its own
        assert (account["events"], account["accepted"]) == (len(expected) + 1, len(expected))
        assert "secret-of-a" not in relay.output


@pytest.mark.parametrize("refusal", ["silence", "close"])
def test_a_refused_account_is_tried_slowly_and_at_once_when_the_secret_changes(work, refusal):
    (work / "token").write_text("stale-token")
    with a_channel(True, refusal=refusal) as server:
        connector = {"type": "stagecast", "url": server.url(), "channel": "livehacks test",
                     "auth": {"token": {"file": "token"}}, "timeouts": {"handshake": "1s"}}
        with Tributary(work, config(connector)) as relay:
            server.wait_for("refused")
            server.order("say", texts=["1"] if refusal == "silence" else [])
            relay.wait_log("credential_refused")
            (work / "token").write_text("good")
            server.wait_for("recognised")
            assert server.stats()["refused"] == 1
            relay.stop()
        assert "stale-token" not in relay.output


USER_FRAMES = ['{"eventType":1,"username":"Ann ☃"}', '{"eventType":"2","username":"ann","error":"no mail"}',
               '{"eventType":3,"username":"ann"}', '{"eventType":4,"username":"ann"}']
FILE = '{"_id":"%s","name":"a","user":"bob","created":1790858096789,"size":12345678901234567890,"meta":{"r":4.50}}'
CREATED = "2026-10-01T12:34:56.789Z"


def account_event(kind, data, upstream_type, upstream_id=None, created=None):
    return event_of("users", "room", "main accounts", kind, mapping.parse(data), upstream_type, upstream_id, created)


@pytest.mark.parametrize("copies", [1, 2], ids=["one-origin", "two-origins"])
def test_every_event_of_an_account_server_comes_out_as_the_mapping_says(work, copies):
    began = time.time() * 1000
    origins = ("trusted-host", "trusted.host")[:copies]
    with a_server(True, deaf=300, origins=origins) as server:
        connector = {"type": "users", "url": server.url(), "origin": "trusted-host", "label": "main accounts",
                     "probe_interval": "100ms"}
        with Tributary(work, config(connector)) as relay:
            server.wait_for("heard", copies)
            relay.wait_log("live")
            f1, f2, f3 = (FILE % name for name in ("f1", "f2", "f3"))
            frames = USER_FRAMES + [
                f'{{"eventType":5,"username":"ann","files":[{f1},{f2}]}}', f'{{"eventType":5,"username":"ann","file":{f3}}}',
                f'{{"eventType":6,"file":{f1}}}', f'{{"eventType":7,"username":"ann","bucket":{f1}}}',
                f'{{"eventType":8,"bucket":{f1}}}', '{"eventType":9,"val":1}', '{"eventType":10,"message":"hi"}',
                '{"eventType":42,"x":4.20}', f'{{"type":"FileUploaded","username":"ann","file":{f1}}}']
            server.order("say", texts=frames)
            server.order("say", texts=["{\"eventType\":1,\"username\":\"twice\"}"] * 2)
            person = '{"username":"ann"}'
            of_file = '{"username":"%s","details":{"file":%s}}'
            of_bucket = '{"username":"%s","details":{"bucket":%s}}'
            expected = [
                account_event("userLogin", '{"username":"Ann ☃"}', "1"),
                account_event("userLogout", '{"username":"ann","details":{"error":"no mail"}}', "2"),
                account_event("userActivated", person, "3"), account_event("userRemoved", person, "4"),
                account_event("fileUploaded", of_file % ("ann", f1), "5", "f1", CREATED),
                account_event("fileUploaded", of_file % ("ann", f2), "5", "f2", CREATED),
                account_event("fileUploaded", of_file % ("ann", f3), "5", "f3", CREATED),
                account_event("fileRemoved", of_file % ("bob", f1), "6", "f1"),
                account_event("bucketUploaded", of_bucket % ("ann", f1), "7", "f1", CREATED),
                account_event("bucketRemoved", of_bucket % ("bob", f1), "8", "f1"),
                account_event("echo", '{"message":"hi"}', "10"),
                account_event("unknown", '{"upstream":{"eventType":42,"x":4.20}}', "42"),
                account_event("fileUploaded", of_file % ("ann", f1), "FileUploaded", "f1", CREATED),
                account_event("userLogin", '{"username":"twice"}', "1"),
                account_event("userLogin", '{"username":"twice"}', "1")]
            found = lines(work, len(expected))
            account = relay.stop()
        compare(expected, found, began)
        assert account["events"] == account["accepted"] == len(expected), "copies are no events"


def test_a_refused_origin_is_never_up_and_says_why(work):
    with a_server(True) as server:
        connector = {"type": "users", "url": server.url(), "origin": "other-host"}
        with Tributary(work, config(connector)) as relay:
            relay.wait_log("the server dropped the socket after the upgrade: is `origin` approved? does it want an `api_key`?")
            relay.stop()
        assert "connectorUp" not in relay.output
        assert not [entry for entry in relay.entries() if entry.get("state") == "live"]


def test_a_newer_server_has_a_key_and_no_echo(work):
    (work / "key").write_text("a-key-that-is-fake\n")
    with WsServer("users", key="a-key-that-is-fake", echo=False) as server:
        connector = {"type": "users", "url": server.url(), "origin": "trusted-host", "api_key": {"file": "key"},
                     "timeouts": {"handshake": "1s"}, "probe_interval": "100ms"}
        with Tributary(work, config(connector)) as relay:
            server.wait_for("recognised")
            server.order("say", texts=['{"type":"Login","username":"early"}'])
            relay.wait_log("listen_only")
            server.order("say", texts=['{"type":"Login","username":"late"}'])
            found = lines(work, 2)
            relay.stop()
        assert [event["data"]["username"] for event in found] == ["early", "late"]
        assert "a-key-that-is-fake" not in relay.output


@pytest.mark.parametrize("kind", ["stagecast", "users"])
def test_what_another_relay_signed_is_the_event_and_what_is_forged_is_not(work, kind):
    began = time.time() * 1000
    (work / "their-key").write_text("a key that is fake\n")
    real = marks.tip()
    signed = marks.envelope("far", real, "a key that is fake")
    forged = [marks.envelope("stranger", marks.tip(amount="1000000"), "their own"), marks.envelope("far", marks.tip(amount="1000000")),
              signed.replace("4.20", "9999"), marks.envelope("far", real, "a key that is fake", at=marks.text_of(shift=-310)),
              marks.envelope("far", real, "a key that is fake", kid="new", hops=-1)]
    ours = [marks.envelope("hall", marks.tip()), marks.envelope("far", marks.tip(origin="hall"), "a key that is fake", hops=2)]
    rounds = marks.envelope("far", real, "a key that is fake", hops=4)
    twice = marks.envelope("far", marks.tip("5f1c3d6b9a1b2c3d4e5f6a7c", origin="first"), "a key that is fake", hops=2)
    said = [*forged, *ours, rounds, signed, signed, twice]
    texts, content = (said, broadcast) if kind == "stagecast" else ([json.dumps(echo(text)) for text in said], None)
    expected = [event_of("users", "room", "main accounts", "echo", {"message": text}, "10") if content is None
                else content(mapping.parse(text)) for text in forged]
    expected += [marks.unwrapped(real, "far", 1), marks.unwrapped(marks.tip("5f1c3d6b9a1b2c3d4e5f6a7c"), "first", 2)]
    with a_channel(True) if kind == "stagecast" else a_server(True) as server:
        connector = {"type": kind, "url": server.url()}
        connector |= {"channel": "livehacks test"} if kind == "stagecast" else {"origin": "trusted-host", "label": "main accounts"}
        settings = {**config(connector), "instance": "hall", "marks": {"trusted_origins": {"far": {"file": "their-key"}}}}
        with Tributary(work, settings) as relay:
            server.wait_for("open")
            relay.wait_log("live")
            server.order("say", texts=texts)
            found = lines(work, len(expected))
            account = relay.stop()
    compare(expected, found, began)
    assert account["accepted"] == len(expected)
    assert account["events"] == len(said), "ours and what came twice are counted"
    assert "mark_refused" in relay.output and "a key that is fake" not in relay.output


# ── the program and its simulators: what they note as written, mapped here ───────────────────────────────────────────


@pytest.mark.parametrize("connector, behaviours", [("stagecast", {}), ("users", {"form": "lists"}),
                                                   ("users", {"form": "single"}), ("users", {"form": "newer"})],
                         ids=["stagecast", "users-lists", "users-single", "users-newer"])
def test_what_a_simulator_notes_maps_to_what_comes_out(work, connector, behaviours):
    began = time.time() * 1000
    noted, count = work / "written.jsonl", 1500
    with Simulated(connector, ("--rate", 3000, "--events", count, "--written", noted), **behaviours) as server:
        settings = {"type": connector, "url": f"ws://127.0.0.1:{server.port}", "timeouts": {"handshake": "2s"}}
        settings |= {"channel": "simulated-hall"} if connector == "stagecast" else {
            "origin": "trusted-host", "label": "simulated-accounts", "probe_interval": "100ms"}
        with Tributary(work, config(settings)) as relay:
            lines(work, count)
            server.end()
            account = relay.stop()
    written = mapping.lines_of(noted)
    assert len(written) == account["accepted"] >= count
    found = lines(work, len(written))
    compare([(of_stagecast if connector == "stagecast" else of_users)(line["event"]) for line in written], found, began)
    for line, event in zip(written, found):
        assert line["id"] in ("", event["_id"])
