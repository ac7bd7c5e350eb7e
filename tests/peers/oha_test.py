"""OHA on Django Channels and Daphne: the simulator speaks as they do, and what the program makes of the chat is what
peers/mapping_others.py says, which knows nothing of the program.

Daphne looks at its clients once a second for exceptions, and every other second for pings and timeouts: that is what
these tests wait for.
"""

import base64
import contextlib
import json
import re
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

import pytest

from peers import mapping
from peers.channels import Channels
from peers.channels_app.tokens import token_for
from peers.mapping_others import compare, config, lines
from peers.place import PATIENCE, free_port, wait_until
from peers.program import Tributary, kafka as kafka_sink
from peers.tap import BINARY, PING, PONG, TEXT, Tap
from peers.ws_server import Dialled, Simulated

#: A key may be anything; this one has to be escaped in the URL.
KEY = "uFXHjP-sUukXÜh8gw+S3yw 7&8"
ESCAPED = urllib.parse.quote(KEY, safe="-._~")
PATH = f"/ws/streams/{ESCAPED}/"
LABEL = "maths-101"
WAYS = ["nobody", "header", "message", "query"]
quick = pytest.mark.quick


@pytest.fixture(scope="module")
def daphne(tmp_path_factory):
    """As it is without options, for the tests that can share it."""
    with Channels(tmp_path_factory.mktemp("daphne"), []) as running:
        yield running


@pytest.fixture
def server(daphne, work):
    return daphne.begin(work, [KEY])


@pytest.fixture
def token(work):
    """Of the user `relay`; the program finds it, and the stream's key, in files."""
    text = token_for("relay")
    (work / "token").write_text(text + "\n")
    (work / "stream").write_text(KEY + "\n")
    return text


def oha(server, way="nobody", **more):
    settings = {"type": "oha", "url": f"ws://127.0.0.1:{server.port}/ws", "stream": {"file": "stream"}, "label": LABEL}
    settings |= more
    if way != "nobody":
        settings["auth"] = {"token": {"file": "token"}, **({} if way == "header" else {"in": way})}
    return settings


def chat(message, user="ana"):
    return json.dumps({"type": "chat", "data": {"user": user, "message": message}})


def auth(authenticated):
    return {"type": "auth", "data": {"authenticated": authenticated}}


def assert_kept_secret(relay, work, *secrets, records=()):
    """In nothing that the program wrote; the files that tell them to it, and the server's, are not its own."""
    theirs = {"token", "stream", "channels.jsonl", "daphne.log"}
    written = {path.name: path.read_bytes() for path in work.rglob("*") if path.is_file() and path.name not in theirs}
    assert {"stdout", "stderr"} <= written.keys() and relay.output
    for number, record in enumerate(records):
        written[f"record {number}"] = b"\n".join([record.key or b"", record.value, *(value for _, value in record.headers)])
    for secret in secrets:
        forms = {secret, urllib.parse.quote(secret, safe="-._~"), urllib.parse.quote_plus(secret), json.dumps(secret)[1:-1],
                 base64.b64encode(secret.encode()).decode().rstrip("=")[:-1]}
        for form in forms:
            assert not [name for name, data in written.items() if form.encode() in data], form


# ── the simulator and the real peer pass the same conversation ───────────────────────────────────────────────────────


@pytest.fixture(params=["simulator", "daphne"])
def real(request):
    """None, or a chat on Daphne."""
    return None if request.param == "simulator" else request.getfixturevalue("server")


@contextlib.contextmanager
def a_chat(daphne, **behaviours):
    """`daphne` None: the simulator, with these behaviours."""
    if daphne is None:
        with Simulated("oha", streams=KEY, **behaviours) as server:
            yield server
    else:
        yield daphne


@quick
def test_it_says_who_it_takes_us_for_and_the_group_hears_who_may_speak(token, real):
    with a_chat(real, tokens=token) as server:
        listener = Dialled(server.port, PATH)
        assert listener.status == 101 and listener.next() == auth(False)
        by_header = Dialled(server.port, PATH, Authorization=f"Bearer {token}")
        assert by_header.next() == auth(True)
        by_query = Dialled(server.port, f"{PATH}?token={token}")
        assert by_query.next() == auth(True)
        by_message = Dialled(server.port, PATH)
        by_message.send({"type": "auth", "data": {"token": token}})
        assert [by_message.next(), by_message.next()] == [auth(False), auth(True)]
        forged = token[:-4] + "AAAA"
        refused = Dialled(server.port, PATH, Authorization=f"Bearer {forged}")
        assert refused.next() == auth(False), "and no close"
        refused.send({"type": "auth", "data": {"token": forged}})
        assert refused.next() == auth(False)
        for silent in (listener, refused):
            silent.send({"type": "chat", "data": {"message": "may not"}})
            error = silent.next()
            assert error["type"] == "error" and error["data"].keys() == {"error_code", "message"}
        by_header.send({"type": "chat", "data": {"message": "hola ☃"}})
        for client in (listener, by_header, by_query, by_message, refused):
            assert client.next() == json.loads(chat("hola ☃", "relay")), "the sender hears itself, too"
            assert client.silent() and client.ending != "close"


@quick
def test_it_refuses_before_it_accepts(real):
    with a_chat(real) as server:
        paths = [PATH, "/ws/streams/another/", PATH.rstrip("/"), "/ws/", "/ws/streams/", f"{PATH}more/"]
        with ThreadPoolExecutor(len(paths)) as together:
            accepted, *refused = together.map(lambda path: Dialled(server.port, path), paths)
        assert [accepted.status, *(client.status for client in refused)] == [101, 403, 500, 500, 500, 500]
        assert all(client.gone.wait(15) for client in refused)
    if real is not None:
        real.order("be", streams=[KEY], ill=True)
    with a_chat(real, refuse=500) as server:
        assert Dialled(server.port, PATH).status == 500


NONSENSE = ["{bad", "[1]", "{}", "", b'{"type":"auth"}', b""]


@quick
def test_nonsense_is_an_exception_in_the_server(real):
    with a_chat(real, tokens="none") as server, Tap(server.port) as tap:
        clients = [Dialled(tap.port, PATH) for _ in NONSENSE]
        for client, nonsense in zip(clients, NONSENSE):
            assert client.next() == auth(False)
            if isinstance(nonsense, bytes):
                client.stream.sendall(bytes([0x80 | BINARY, 0x80 | len(nonsense)]) + bytes(4) + nonsense)
            else:
                client.send(nonsense)
        assert all(client.gone.wait(15) and client.ending == "close" for client in clients)
        assert [conversation.ending() for conversation in tap.conversations] == [1011] * len(NONSENSE)
        assert Dialled(server.port, PATH).next() == auth(False), "it lives on"


@quick
def test_the_sender_is_named_as_its_token_says(real):
    token = token_for("ana")
    with a_chat(real, tokens=token) as server:
        sender = Dialled(server.port, PATH, Authorization=f"Bearer {token}")
        assert sender.next() == auth(True)
        sender.send({"type": "chat", "data": {"message": "hola"}})
        assert sender.next() == json.loads(chat("hola", "ana"))


@quick
def test_a_slash_in_a_key_is_a_slash_however_it_is_written(real):
    with a_chat(real) as server:
        assert Dialled(server.port, "/ws/streams/a%2Fb/").status == 500, "no route"


@quick
def test_words_stay_in_their_stream(token, real):
    if real is not None:
        real.order("be", streams=[KEY, "another"])
        here = contextlib.nullcontext(real)
    else:
        here = Simulated("oha", streams=f"{KEY},another", tokens=token)
    with here as server:
        sender = Dialled(server.port, PATH, Authorization=f"Bearer {token}")
        elsewhere = Dialled(server.port, "/ws/streams/another/", Authorization=f"Bearer {token}")
        assert sender.next() == elsewhere.next() == auth(True)
        sender.send({"type": "chat", "data": {"message": "here"}})
        assert sender.next()["data"]["message"] == "here"
        elsewhere.send({"type": "chat", "data": {"message": "there"}})
        assert elsewhere.next()["data"]["message"] == "there", "the first words that are heard there"


@pytest.mark.parametrize("real", [False, True], ids=["simulator", "daphne"])
def test_it_pings_only_who_is_silent(work, token, real):
    with (Channels(work, [KEY], ping_interval=1) if real else
          Simulated("oha", streams=KEY, tokens=token, ping_interval="1s")) as server, Tap(server.port) as tap:
        talker = Dialled(tap.port, PATH, Authorization=f"Bearer {token}")
        assert talker.next() == auth(True)
        for _ in range(5):
            pings, pause, began = len(tap.conversations[0].server.of(PING)), 0.0, time.monotonic()
            said = began
            while time.monotonic() - began < 3.5:  # Daphne looks every two seconds
                talker.send({"type": "chat", "data": {"message": "still talking"}})
                while talker.next()["data"].get("message") != "still talking":
                    pass
                pause, said = max(pause, time.monotonic() - said), time.monotonic()
                time.sleep(0.1)
            if pause < 0.6:  # else it was silent, as this machine had no time for it
                break
        else:
            pytest.fail("no time on this machine to talk without a pause")
        assert len(tap.conversations[0].server.of(PING)) == pings


@pytest.mark.parametrize("real", [False, True], ids=["simulator", "daphne"])
def test_it_drops_who_does_not_answer_its_pings(work, real):
    with (Channels(work, [KEY], ping_interval=1, ping_timeout=1) if real else
          Simulated("oha", streams=KEY, ping_interval="1s", pong_timeout="1s")) as server, Tap(server.port) as tap:
        deaf = Dialled(tap.port, PATH)
        assert deaf.gone.wait(15) and deaf.ending == "no close"
        assert len(tap.conversations[0].server.of(PING)) == 1


def the_programs_part(folder, secrets, server, way, end):
    """What the program said in two connections, the first of which the server ended with 1011."""
    folder.mkdir()
    for name, secret in secrets.items():
        (folder / name).write_text(secret)
    with Tap(server.port) as tap, Tributary(folder, config(oha(tap, way))) as relay:
        greetings = 2 if way == "message" else 1
        wait_until(lambda: tap.conversations and len(tap.conversations[0].server.of(TEXT)) >= greetings, 15, "a greeting")
        end()
        wait_until(lambda: len(tap.conversations) > 1, 15, "another connection")
        wait_until(lambda: len(tap.conversations[1].server.of(TEXT)) >= greetings, 15, "a greeting again")
        relay.wait_log("connector_up", count=2)  # the tap sees it before the program does
        relay.stop()
        assert all(conversation.over.wait(15) for conversation in tap.conversations)
        assert [conversation.ending() for conversation in tap.conversations[:1]] == [1011]
        return [conversation.client for conversation in tap.conversations]


@quick
@pytest.mark.parametrize("way", WAYS)
def test_the_program_says_the_same_to_both(work, server, token, way):
    secrets = {"token": token, "stream": KEY}
    # one event a second: the second connection must not come to its exception before it is stopped
    with Simulated("oha", ("--rate", 1), streams=KEY, tokens=token, exception_after=2) as simulator:
        parts = [the_programs_part(work / "1", secrets, simulator, way, lambda: None)]
    parts.append(the_programs_part(work / "2", secrets, server, way, lambda: server.order("fail")))
    first = {"nobody": [], "header": [], "query": [],
             "message": [{"type": "auth", "data": {"token": token}}]}[way]
    for simulated, real in zip(*parts):
        assert simulated.head[0] == real.head[0] == (
            f"GET {PATH}{'?token=' + token if way == 'query' else ''} HTTP/1.1")
        one, other = ({name: value for name, value in side.headers().items() if name not in ("host", "sec-websocket-key")}
                      for side in (simulated, real))
        assert one == other
        assert one.get("authorization") == (f"Bearer {token}" if way == "header" else None)
        assert [json.loads(text) for text in simulated.of(TEXT)] == first
        assert simulated.frames == real.frames, "byte by byte, its close frames, too"
    assert len(parts[0]) == len(parts[1]) == 2


# ── the program and the real peer ────────────────────────────────────────────────────────────────────────────────────


@quick
@pytest.mark.parametrize("way", WAYS)
def test_each_way_of_authentication_lets_us_in(work, server, token, way):
    began = time.time() * 1000
    with Tributary(work, config(oha(server, way))) as relay:
        server.wait_for("accepted" if way == "nobody" else "authenticated")
        server.order("emit", count=200)
        greetings = 2 if way == "message" else 1
        wait_until(lambda: server.stats()["written"] >= greetings + 200, 15, "all written")
        expected = list(server.expected(LABEL))
        compare(expected, lines(work, len(expected)), began)
        account = relay.stop()
        assert account["events"] == account["accepted"] == len(expected) == 200
        assert server.stats()["arrived"] == 1
        assert (server.stats()["authenticated"], server.stats()["heard"]) == (way != "nobody", way == "message")
        assert "auth_refused" not in relay.output
        assert_kept_secret(relay, work, KEY, token)


@quick
@pytest.mark.parametrize("way", WAYS[1:])
def test_a_refused_token_leaves_us_listening(work, server, token, way):
    stranger = token[:-4] + "AAAA"
    (work / "token").write_text(stranger)
    with Tributary(work, config(oha(server, way))) as relay:
        relay.wait_log("auth_refused")
        server.order("say", texts=[chat("hola"), chat("hola")])
        assert [event["data"]["message"] for event in lines(work, 2)] == ["hola", "hola"], "equal words are no repetition"
        relay.stop()
        assert (server.stats()["arrived"], server.stats()["authenticated"]) == (1, 0)
        assert len([entry for entry in relay.entries() if "auth_refused" in json.dumps(entry)]) == 1
        assert_kept_secret(relay, work, KEY, stranger)


@quick
def test_the_token_is_read_again_at_every_dial(work, server, token):
    with Tributary(work, config(oha(server, "header"))) as relay:
        server.wait_for("authenticated")
        (work / "token").write_text(token_for("another"))
        server.order("close", code=1000)
        server.wait_for("authenticated", 2)
        relay.stop()
        assert [name for _, name in server.lines("user")] == ["relay", "another"]


@quick
def test_a_token_whose_hour_is_over_is_not_shown_to_anybody(work, server, token):
    (work / "token").write_text(token_for("relay", seconds=-1))
    with Tributary(work, config(oha(server, "message"))) as relay:
        relay.wait_log("credential_expired")
        assert server.stats()["arrived"] == 0
        (work / "token").write_text(token)
        server.wait_for("authenticated")
        relay.stop()
        assert server.stats()["arrived"] == 1


def told_wait(line):
    """Seconds."""
    return float(re.search(r"dialled again in ([0-9.]+) s", line)[1])


@quick
@pytest.mark.parametrize("status", [403, 500])
def test_a_refused_upgrade_is_tried_slowly_and_at_once_when_a_secret_changes(work, server, token, status):
    server.order("be", streams=[KEY] if status == 500 else [], ill=status == 500)
    with Tributary(work, config(oha(server, "header"))) as relay:
        (line, *_) = relay.wait_log("upgrade_refused", f"HTTP {status}")
        assert told_wait(line) >= 60, "not live, or ill: neither goes away in seconds"
        assert server.stats()["arrived"] == 1
        server.order("be", streams=[KEY])
        fresh = token_for("relay", seconds=7200)
        (work / "token").write_text(fresh)
        server.wait_for("authenticated")
        server.order("say", texts=[chat("live at last")])
        assert lines(work, 1)[0]["data"]["message"] == "live at last"
        relay.stop()
        assert server.stats()["arrived"] == 2
        assert_kept_secret(relay, work, KEY, token, fresh)


@quick
def test_an_error_is_told_by_its_code_and_costs_nothing(work, server, token):
    with Tributary(work, config(oha(server))) as relay:
        server.wait_for("accepted")
        error = {"type": "error", "data": {"error_code": "slow_mode", "message": "wait a bit"}}
        server.order("say", texts=[json.dumps(error), chat("hola")])
        relay.wait_log("upstream_error", "slow_mode", "wait a bit")
        lines(work, 1)
        account = relay.stop()
        assert (account["frames"], account["events"], server.stats()["arrived"]) == (3, 1, 1)


@quick
def test_a_wrong_path_is_a_refused_upgrade(work, server, token):
    with Tributary(work, config(oha(server, url=f"ws://127.0.0.1:{server.port}/elsewhere"))) as relay:
        (line, *_) = relay.wait_log("upgrade_refused", "HTTP 500")
        assert told_wait(line) >= 60
        relay.stop()
    assert server.stats()["arrived"] == 0


@quick
def test_an_exception_in_the_server_is_dialled_again_soon_and_its_last_words_count(work, server, token):
    began = time.time() * 1000
    with Tap(server.port) as tap, Tributary(work, config(oha(tap))) as relay:
        server.wait_for("accepted")
        server.order("say", texts=[chat("before")])
        server.order("fail", last=chat("its last words"))
        (line, *_) = relay.wait_log("1011: an exception in the server")
        assert told_wait(line) <= 1
        server.wait_for("accepted", 2)
        server.order("say", texts=[chat("after")])
        found = lines(work, 3)
        account = relay.stop()
        compare(list(server.expected(LABEL)), found, began)
        assert [event["data"]["message"] for event in found] == ["before", "its last words", "after"]
        assert account["events"] == account["accepted"] == 3
        assert tap.conversations[0].ending() == 1011


@pytest.mark.parametrize("real", [False, True], ids=["simulator", "daphne"])
def test_the_end_of_a_long_day_is_dialled_again_at_once(work, token, real):
    with (Channels(work, [KEY], websocket_timeout=1) if real else
          Simulated("oha", ("--rate", 50), streams=KEY, goodbye_after="2s", goodbye="close")) as server:
        with Tap(server.port) as tap, Tributary(work, config(oha(tap))) as relay:
            relay.wait_log("connector_up")
            if real:
                server.order("say", texts=[chat("evening")])
            lines(work, 1)
            (line, *_) = relay.wait_log("closed: code 1000")
            assert told_wait(line) == 0.1, "it was live for longer than reset_after: once the base of the back-off"
            relay.wait_log("connector_up", count=2)
            before = len(lines(work, 1))
            if real:
                server.order("say", texts=[chat("morning")])
            lines(work, before + 1)
            relay.stop()
        assert tap.conversations[0].ending() == 1000


def test_the_servers_pings_are_answered_for_as_long_as_they_come(work, token):
    with Channels(work, [KEY], ping_interval=1, ping_timeout=1) as server, Tap(server.port) as tap:
        with Tributary(work, config(oha(tap, "header", ping_interval="0s"))) as relay:
            wait_until(lambda: tap.conversations and len(tap.conversations[0].server.of(PING)) >= 3, 30, "three pings")
            server.order("say", texts=[chat("still here")])
            lines(work, 1)
            relay.stop()
        assert len(tap.conversations) == server.stats()["arrived"] == 1
        assert tap.conversations[0].over.wait(15 * PATIENCE)
        asked, answered = tap.conversations[0].server.of(PING), tap.conversations[0].client.of(PONG)
        assert answered[:3] == asked[:3] and len(set(asked)) >= 3


@quick
def test_our_own_pings_are_answered_too(work, server, token):
    with Tap(server.port) as tap:
        settings = oha(tap, ping_interval="100ms", timeouts={"pong": "5s"})
        with Tributary(work, config(settings)) as relay:
            wait_until(lambda: tap.conversations and len(tap.conversations[0].server.of(PONG)) >= 5, 15, "five answers")
            relay.stop()
        asked, answered = tap.conversations[0].client.of(PING), tap.conversations[0].server.of(PONG)
        assert answered[:4] == asked[:4] and server.stats()["arrived"] == 1


@quick
@pytest.mark.parametrize("how", ["terminate", "kill"])
def test_it_comes_back_after_the_server_went(work, token, how):
    # not a port of the system's choice: it is dialled while nobody listens
    with Channels(work, [KEY], port=free_port()) as server, Tributary(work, config(oha(server, "message"))) as relay:
        server.wait_for("authenticated")
        server.order("say", texts=[chat("before")])
        lines(work, 1)
        getattr(server, how)()
        relay.wait_log("connect_refused")
        server.start()
        server.wait_for("authenticated")
        server.order("say", texts=[chat("after")])
        assert [event["data"]["message"] for event in lines(work, 2)] == ["before", "after"]
        account = relay.stop()
        assert account["events"] == account["accepted"] == 2


# ── all the way to Kafka ─────────────────────────────────────────────────────────────────────────────────────────────


def hidden(value, *secrets):
    if isinstance(value, dict):
        return {name: hidden(of, *secrets) for name, of in value.items()}
    if isinstance(value, list):
        return [hidden(of, *secrets) for of in value]
    if type(value) is str:
        for secret in secrets:
            value = value.replace(secret, "<redacted>")
    return value


def repeating(token):
    """A server may repeat what it was told: in chat, in what nobody knows, in an error; and in what is not understood."""
    leaks = [json.dumps({"type": "chat", "data": {"user": KEY, "message": f"our key is {KEY}!", "token": token}}),
             json.dumps({"type": "stream", "data": {"path": ["a", PATH, KEY, 4], "key": KEY}}, ensure_ascii=False),
             json.dumps({"type": "error", "data": {"error_code": KEY, "message": f"{token} and {KEY}"}})]
    broken = [f'{{"type":"chat","data":{{"message":"{KEY} {token}"', f'["{KEY}"]', f'{{"type":"auth","data":"{token}"}}']
    return leaks, broken


def test_thousands_of_events_come_out_as_the_mapping_says_and_no_secret_does(work, kafka, topics, server, token):
    topics.create(kafka)
    began, count = time.time() * 1000, 1500
    settings = config(oha(server, "message"))
    settings["sinks"] = {"events": kafka_sink(kafka.bootstrap(), topics=dict(topics))}
    settings["routes"] = [{"to": ["events"]}]
    with Tributary(work, settings) as relay:
        server.wait_for("authenticated")
        server.order("emit", count=count)
        leaks, broken = repeating(token)
        server.order("say", texts=leaks)
        server.order("say", texts=broken)
        server.order("binary", hex=f"{KEY} {token}".encode().hex())
        server.wait_for("written", 2 + count + len(leaks) + len(broken))
        server.order("close", code=1000)
        server.wait_for("authenticated", 2)
        server.order("emit", count=count, seed=2)
        server.wait_for("written", 4 + 2 * count + len(leaks) + len(broken))
        total = 2 * count + 2
        wait_until(lambda: kafka.count(topics["events"]) >= total, 60, "all events on Kafka", interval=0.2)
        account = relay.stop()
    expected = [hidden(event, ESCAPED, KEY, token) for event in server.expected(LABEL, broken)]
    records = kafka.read_topic(topics["events"], total)
    letters = kafka.read_topic(topics["dead_letter"], len(broken) + 1)
    notices = kafka.read_topic(topics["relay"], 1)
    found = sorted((mapping.parse(record.value) for record in records), key=lambda event: int(event["relay"]["sequence"]))
    compare(expected, found, began)
    assert not [fault for record in records for fault in mapping.record_differences(record, topics.partitions)]
    assert mapping.check_order(records) == 0
    assert len(letters) == len(broken) + 1
    assert account["frames"] == len(server.lines("wrote")) + 1, "the binary one"
    assert account["events"] == account["accepted"] == account["delivered"] == total
    assert (account["dead_lettered"], account["dropped"], account["in_flight"]) == (len(letters), 0, 0)
    assert_kept_secret(relay, work, KEY, token, records=[*records, *letters, *notices])
