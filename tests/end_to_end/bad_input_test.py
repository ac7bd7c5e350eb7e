"""Nonsense and trouble while running: the process lives, the ledgers are exact, the log says the right reason."""

import base64
import datetime
import hashlib
import json
import socket
import time

import pytest

from peers import mapping
from peers.place import free_port, wait_until
from peers.program import Tributary, kafka as kafka_sink, streamelements
from peers.scripted import ScriptedUpstream, tip

CREATED = "2026-10-01T12:34:56.789Z"
pytestmark = pytest.mark.quick


def config_for(url, broker, topics, connector=None, listener="plaintext", **sink):
    return {"connectors": {"main": streamelements(url, **(connector or {}))},
            "sinks": {"events": kafka_sink(broker.bootstrap(listener), topics=dict(topics), **sink)},
            "routes": [{"to": ["events"]}]}


def ids(records):
    return {mapping.parse(record.value)["_id"] for record in records}


BAD_FRAMES = {
    "not JSON": '42["event",{"_id":',
    "not JSON after the name": '42["event",nonsense]',
    "an object for an array": '42{"event":1}',
    "an empty array": "42[]",
    "no name": "42[5,{}]",
    "a number for an activity": '42["event",5]',
    "nothing for an activity": '42["event"]',
    "null for an activity": '42["event",null]',
    "deep nesting": '42["event",' + '{"a":' * 5000 + "1" + "}" * 5000 + "]",
    "deep arrays": '42["event",{"_id":"5f1c3d6b9a1b2c3d4e5f6a7b","data":' + "[" * 100 + "]" * 100 + "}]",
    "trailing bytes": '42["event",{}]]]]',
}


@pytest.mark.parametrize("name", BAD_FRAMES)
def test_a_frame_that_makes_no_sense_is_a_dead_letter(work, kafka, topics, name):
    topics.create(kafka)
    good = [tip(CREATED), tip(CREATED)]
    with ScriptedUpstream() as upstream, Tributary(work, config_for(upstream.url(), kafka, topics)) as relay:
        connection = upstream.live()
        connection.emit("event", good[0])
        connection.text(BAD_FRAMES[name])
        connection.emit("event", good[1])
        records = kafka.read_topic(topics["events"], 2)
        letters = kafka.read_topic(topics["dead_letter"], 1)
        account = relay.stop()
        assert upstream.dials == 1, "the connection stood it"
    assert ids(records) == {activity["_id"] for activity in good}
    assert len(letters) == 1 and letters[0].key == b"main"
    letter = json.loads(letters[0].value)
    frame = BAD_FRAMES[name].encode()
    assert letter["frame"] == BAD_FRAMES[name]
    assert (letter["frameSize"], letter["frameSha256"]) == (len(frame), hashlib.sha256(frame).hexdigest())
    assert (letter["connector"], letter["source"]) == ("main", "streamelements")
    assert letter["reason"] and {"violations", "receivedAt"} <= letter.keys()
    assert letter["reason"] == "too_deep" if name.startswith("deep") else letter["reason"] in ("not_json", "wrong_shape")
    assert (account["accepted"], account["offered"], account["dead_lettered"], account["delivered"]) == (2, 3, 1, 2)


@pytest.mark.parametrize("frame", ["6", "9nonsense", "49[]", "4", "hello", "", "43[1]", "7",
                                   '42/other,["event",{}]', "\u00e9", '42["unheard of",{}]'])
def test_an_unknown_packet_is_counted_and_nothing_else(work, kafka, topics, frame):
    topics.create(kafka)
    activity = tip(CREATED)
    with ScriptedUpstream() as upstream, Tributary(work, config_for(upstream.url(), kafka, topics)) as relay:
        connection = upstream.live()
        connection.text(frame)
        connection.emit("event", activity)
        assert ids(kafka.read_topic(topics["events"], 1)) == {activity["_id"]}
        account = relay.stop()
    assert account["accepted"] == account["delivered"] == 1
    assert account["offered"] == 1 + account["dead_lettered"]
    assert account["frames"] == 5  # open, connect, authenticated, this, the event


@pytest.mark.parametrize("frame", ['44{"message":"x"}', "44", "41", "1"])
def test_a_server_that_says_no_or_goodbye_is_left_and_dialled_again(work, kafka, topics, frame):
    topics.create(kafka)
    activity = tip(CREATED)
    with ScriptedUpstream() as upstream, Tributary(work, config_for(upstream.url(), kafka, topics)) as relay:
        upstream.live().text(frame)
        relay.wait_log("disconnected")
        upstream.live().emit("event", activity)
        assert ids(kafka.read_topic(topics["events"], 1)) == {activity["_id"]}
        account = relay.stop()
    assert account["accepted"] == account["delivered"] == 1


def test_binary_frames_do_not_break_the_session(work, kafka, topics):
    topics.create(kafka)
    activity = tip(CREATED)
    with ScriptedUpstream() as upstream, Tributary(work, config_for(upstream.url(), kafka, topics)) as relay:
        connection = upstream.live()
        connection.text('451-["bin",{"raw":{"_placeholder":true,"num":0}}]')
        connection.binary(b"\x04\x01\x02\x03\xfa")
        connection.binary(b"\xff\x00nonsense")
        connection.emit("event", activity)
        assert ids(kafka.read_topic(topics["events"], 1)) == {activity["_id"]}
        account = relay.stop()
        assert upstream.dials == 1
    assert account["accepted"] == 1


def test_a_frame_of_5_mib_costs_the_connection_and_no_more(work, kafka, topics):
    topics.create(kafka)
    activity = tip(CREATED)
    with ScriptedUpstream() as upstream, Tributary(work, config_for(upstream.url(), kafka, topics)) as relay:
        connection = upstream.live()
        try:
            connection.emit("event", tip(CREATED, message="x" * (5 << 20)))
        except OSError:
            pass  # it hangs up in the middle
        relay.wait_log("frame_too_large")
        upstream.live().emit("event", activity)
        assert ids(kafka.read_topic(topics["events"], 1)) == {activity["_id"]}
        account = relay.stop()
    assert (account["events"], account["accepted"], account["delivered"], account["dead_lettered"]) == (1, 1, 1, 0)


def test_invalid_utf8_never_reaches_kafka(work, kafka, topics):
    topics.create(kafka)
    after = tip(CREATED)
    with ScriptedUpstream() as upstream, Tributary(work, config_for(upstream.url(), kafka, topics)) as relay:
        connection = upstream.live()
        connection.text(('42["event",' + json.dumps(tip(CREATED, 0xabc, message="BAD")) + "]").encode().replace(b"BAD", b"a\xff\xc3(b"))

        def another():
            newest = upstream.connections[-1]
            try:
                newest.emit("event", after)
            except OSError:
                return False
            return kafka.count(topics["events"]) and after["_id"] in ids(kafka.read_topic(topics["events"]))

        wait_until(another, 15, "the next event", interval=0.3)
        account = relay.stop()
    events = [mapping.parse(record.value) for record in kafka.read_topic(topics["events"])]  # decodes strictly
    repaired = [event["data"]["message"] for event in events if event["_id"] != after["_id"]]
    assert repaired in (["a\ufffd\ufffd(b"], ["a\ufffd(b"])
    assert account["accepted"] == account["delivered"] == 2
    assert relay.entries()[-1]["repaired"] == 2


def test_a_lone_surrogate_becomes_the_replacement_character(work, kafka, topics):
    topics.create(kafka)
    with ScriptedUpstream() as upstream, Tributary(work, config_for(upstream.url(), kafka, topics)) as relay:
        upstream.live().text('42["event",' + json.dumps(tip(CREATED, message="BAD")).replace("BAD", "a\\ud800b\\udc00") + "]")
        record = kafka.read_topic(topics["events"], 1)[0]
        relay.stop()
    assert mapping.parse(record.value)["data"]["message"] == "a\ufffdb\ufffd"


def limited_topics(work, kafka, topics):
    """Topics that take 20,000 bytes, and the `security` of a user who may write there but not read that limit."""
    kafka.create_topic(topics["events"], max_message_bytes=20000)
    kafka.create_topic(topics["dead_letter"])
    kafka.create_topic(topics["relay"])
    kafka.allow("limited", *[topic for topic in topics.values() if topic])
    (work / "kafka-password").write_text("limited-test-password")
    return {"protocol": "sasl_plaintext", "sasl_mechanism": "PLAIN", "username": "limited",
            "password": {"file": "kafka-password"}}


@pytest.mark.parametrize("known", [True, False], ids=["limit known", "limit found out by the refusal"])
def test_an_event_over_the_topics_limit_is_a_clipped_dead_letter(work, kafka, topics, known):
    """Without the right to read the topic's settings the broker refuses a whole batch for one record: the guilty one is
    found, the others arrive, in order."""
    security = limited_topics(work, kafka, topics)
    big, small = tip(CREATED, message="x" * 100000), [tip(CREATED) for _ in range(20)]
    with ScriptedUpstream() as upstream:
        config = config_for(upstream.url(), kafka, topics) if known else config_for(
            upstream.url(), kafka, topics, listener="sasl", security=security)
        with Tributary(work, config) as relay:
            connection = upstream.live()
            for activity in small[:10] + [big] + small[10:]:
                connection.emit("event", activity)
            records = kafka.read_topic(topics["events"], 20)
            letter = json.loads(kafka.read_topic(topics["dead_letter"], 1)[0].value)
            account = relay.stop()
    assert ids(records) == {activity["_id"] for activity in small}
    mapping.check_order(records, replays=True)
    assert letter["reason"] == "too_large"
    assert letter["frameSize"] > 100000 and len(letter["frame"].encode()) <= 64 * 1024
    assert len(letter["frameSha256"]) == 64
    assert (account["dead_lettered"], account["delivered"]) == (1, 20)


@pytest.mark.parametrize("before", [0, 10], ids=["nothing delivered before", "in mid-stream"])
def test_nothing_overtakes_a_batch_that_is_refused(work, kafka, topics, before):
    """Several requests of one key are on their way when the broker refuses the first for one of its records. A broker
    that has nothing of a producer yet takes its second request without the first; and librdkafka sends what comes
    after a refused batch by itself."""
    security = limited_topics(work, kafka, topics)
    small = [tip(CREATED) for _ in range(before + 40)]
    big = [tip(CREATED, message="x" * 100000) for _ in range(2)]
    burst = small[before:before + 2] + big[:1] + small[before + 2:before + 20] + big[1:] + small[before + 20:]
    with ScriptedUpstream() as upstream:
        config = config_for(upstream.url(), kafka, topics, listener="sasl", security=security,
                            librdkafka={"batch.num.messages": "3"})
        with Tributary(work, config) as relay:
            connection = upstream.live()
            for activity in small[:before]:
                connection.emit("event", activity)
            kafka.read_topic(topics["events"], before)
            for activity in burst:
                connection.emit("event", activity)
            kafka.read_topic(topics["dead_letter"], 2)
            kafka.read_topic(topics["events"], len(small))
            account = relay.stop()
    records = kafka.read_topic(topics["events"])
    assert ids(records) == {activity["_id"] for activity in small}
    mapping.check_order(records, replays=True)
    assert (account["dead_lettered"], account["delivered"]) == (2, len(small))


def ahead(hours):
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=hours)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@pytest.mark.parametrize("created", ["2012-01-01T00:00:00.000Z", "ahead"])
def test_a_time_far_away_is_kept_in_the_event_and_clamped_on_the_record(work, kafka, topics, created):
    """Years ago, and further ahead than a broker takes; what cannot be meant at all is not published as a time."""
    topics.create(kafka)
    created = ahead(20) if created == "ahead" else created
    activities = [tip(created), tip(CREATED)]
    with ScriptedUpstream() as upstream, Tributary(work, config_for(upstream.url(), kafka, topics)) as relay:
        connection = upstream.live()
        for activity in activities:
            connection.emit("event", activity)
        records = kafka.read_topic(topics["events"], 2)
        account = relay.stop()
    for record in records:
        assert mapping.record_differences(record, topics.partitions) == []
    assert {mapping.parse(record.value)["createdAt"] for record in records} == {created, CREATED}
    assert account["dead_lettered"] == 0


@pytest.mark.parametrize("created", ["yesterday", "", "2026-13-45T99:00:00Z", 5, None, "2026-10-01"])
def test_a_time_that_is_none_does_not_lose_the_event(work, kafka, topics, created):
    topics.create(kafka)
    activity = {**tip(CREATED), "createdAt": created}
    with ScriptedUpstream() as upstream, Tributary(work, config_for(upstream.url(), kafka, topics)) as relay:
        upstream.live().emit("event", activity)
        wait_until(lambda: kafka.count(topics["events"]) + kafka.count(topics["dead_letter"]), 15, "a record", interval=0.2)
        account = relay.stop()
    assert kafka.count(topics["events"]) == 1, [json.loads(r.value) for r in kafka.read_topic(topics["dead_letter"])]
    assert account["delivered"] == 1


# ── reaching the upstream ─────────────────────────────────────────────────────────────────────────────────────────────


def test_an_unreadable_secret_parks_the_connector_until_it_can_be_read(work, kafka, topics):
    topics.create(kafka)
    (work / "token").unlink()
    activity = tip(CREATED)
    with ScriptedUpstream() as upstream, ScriptedUpstream() as other:
        config = config_for(upstream.url(), kafka, topics)
        (work / "other").write_text("good")
        config["connectors"]["other"] = streamelements(other.url(), token_file="other")
        with Tributary(work, config) as relay:
            relay.wait_log("credential_unreadable")
            other.live().emit("event", activity)
            assert ids(kafka.read_topic(topics["events"], 1)) == {activity["_id"]}, "the other connector's events flow"
            assert upstream.dials == 0, "it does not dial without a token"
            (work / "token").write_text("good\n")
            upstream.live().emit("event", tip(CREATED))
            kafka.read_topic(topics["events"], 2)
            relay.stop()


def test_an_unresolvable_host(work, kafka, topics):
    topics.create(kafka)
    with Tributary(work, config_for("ws://no-such-host.invalid/socket.io/", kafka, topics)) as relay:
        relay.wait_log("unresolved_host")
        account = relay.stop()
    assert account["frames"] == 0


def test_a_refused_port_and_the_way_back(work, kafka, topics):
    topics.create(kafka)
    port = free_port()
    with Tributary(work, config_for(f"ws://localhost:{port}/socket.io/", kafka, topics)) as relay:
        relay.wait_log("connect_refused")
        with ScriptedUpstream(port=port) as upstream:
            upstream.live()
            relay.stop()


@pytest.mark.parametrize("certificate, server_name", [("server", None), ("wrong_host", "ca"), ("expired", "ca")])
def test_a_bad_certificate_is_refused(work, kafka, topics, certificates, certificate, server_name):
    """One of an unknown authority, one for another host, one out of date."""
    topics.create(kafka)
    ca = certificates.ca if server_name == "ca" else certificates.other_ca
    with ScriptedUpstream(certificates=certificates, certificate=certificate) as upstream:
        with Tributary(work, config_for(upstream.url(), kafka, topics, {"tls": {"ca_file": str(ca)}})) as relay:
            relay.wait_log("tls_failed")
            assert upstream.connections == [], "it said something before it knew to whom"
            relay.stop()


def test_insecure_is_possible_and_warned_of_at_every_dial(work, kafka, topics, certificates):
    topics.create(kafka)
    with ScriptedUpstream(certificates=certificates, certificate="wrong_host") as upstream:
        with Tributary(work, config_for(upstream.url(), kafka, topics, {"tls": {"insecure": True}})) as relay:
            upstream.live()
            relay.wait_log("insecure")
            relay.stop()


@pytest.mark.parametrize("refusal", ["HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\nforbidden",
                                     "HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n",
                                     "HTTP/1.1 302 Found\r\nLocation: http://elsewhere.invalid/\r\nContent-Length: 0\r\n\r\n"],
                         ids=["403", "503", "302"])
def test_a_refused_upgrade(work, kafka, topics, refusal):
    topics.create(kafka)
    with ScriptedUpstream(refuse=refusal) as upstream:
        with Tributary(work, config_for(upstream.url(), kafka, topics)) as relay:
            relay.wait_log("upgrade_refused")
            wait_until(lambda: upstream.dials >= 2, 15, "another try")
            relay.stop()


@pytest.mark.parametrize("garbage", [b"\x00\xff" * 2000, b"HTTP/1.1 101 Switching Protocols\r\n\r\n", b"A: " + b"x" * 200000],
                         ids=["bytes", "an empty upgrade", "an endless header"])
def test_a_server_that_is_no_websocket(work, kafka, topics, garbage):
    topics.create(kafka)
    with ScriptedUpstream(refuse=garbage) as upstream:
        with Tributary(work, config_for(upstream.url(), kafka, topics)) as relay:
            wait_until(lambda: upstream.dials >= 2, 15, "another try")
            relay.stop()


def test_silence_after_accept_and_after_the_handshake_ends_with_its_own_reason(work, kafka, topics):
    topics.create(kafka)
    mute = socket.create_server(("127.0.0.1", 0))
    with ScriptedUpstream(script=lambda connection: False) as upstream:
        timeouts = {"timeouts": {"dial": "500ms", "handshake": "500ms"}}
        config = config_for(upstream.url(), kafka, topics, timeouts)
        config["connectors"]["mute"] = streamelements(f"ws://127.0.0.1:{mute.getsockname()[1]}/socket.io/", **timeouts)
        with Tributary(work, config) as relay:
            relay.wait_log("handshake_timeout", "main")
            relay.wait_log("dial_timeout", "mute")
            relay.stop()
    mute.close()


def test_a_heartbeat_that_stops_is_noticed(work, kafka, topics):
    topics.create(kafka)
    with ScriptedUpstream(ping_interval=300) as upstream:
        config = config_for(upstream.url(), kafka, topics, {"timeouts": {"heartbeat": "600ms"}, "ping_interval": "0s"})
        with Tributary(work, config) as relay:
            upstream.live().answer_pings = False
            relay.wait_log("heartbeat_timeout")
            upstream.live()
            relay.stop()


def test_a_pong_that_does_not_come_is_noticed(work, kafka, topics):
    topics.create(kafka)
    with ScriptedUpstream() as upstream:
        config = config_for(upstream.url(), kafka, topics, {"timeouts": {"pong": "300ms"}, "ping_interval": "300ms"})
        with Tributary(work, config) as relay:
            upstream.live().answer_pings = False
            relay.wait_log("pong_timeout")
            upstream.live()
            relay.stop()


def test_the_wrong_channel_is_refused(work, kafka, topics):
    topics.create(kafka)
    with ScriptedUpstream() as upstream:
        with Tributary(work, config_for(upstream.url(), kafka, topics, {"channel": "0" * 24})) as relay:
            relay.wait_log("wrong_channel")
            relay.stop()


def test_a_jwt_that_has_expired_or_is_for_another_channel_is_not_even_sent(work, kafka, topics):
    topics.create(kafka)

    def jwt(claims):
        parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in ({"alg": "none"}, claims)]
        return ".".join([*parts, "not-a-signature"])

    (work / "old").write_text(jwt({"exp": int(time.time()) - 100, "channel": "0" * 24}))
    (work / "other").write_text(jwt({"exp": int(time.time()) + 100000, "channel": "1" * 24}))
    with ScriptedUpstream() as upstream:
        config = config_for(upstream.url(), kafka, topics)
        config["connectors"] = {"old": streamelements(upstream.url(), token_file="old"),
                                "other": streamelements(upstream.url(), token_file="other", channel="0" * 24)}
        with Tributary(work, config) as relay:
            relay.wait_log("credential_expired", "old")
            relay.wait_log("wrong_channel", "other")
            relay.stop()
        assert upstream.connections == []


# ── reaching Kafka ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_wrong_sasl_password_keeps_events_until_it_ends(work, kafka, topics):
    topics.create(kafka)
    kafka.allow("relay", *[topic for topic in topics.values() if topic])
    (work / "kafka-password").write_text("wrong-fake-password")
    with ScriptedUpstream() as upstream:
        config = config_for(upstream.url(), kafka, topics, listener="sasl", security={
            "protocol": "sasl_plaintext", "sasl_mechanism": "SCRAM-SHA-256", "username": "relay",
            "password": {"file": "kafka-password"}})
        config["stop_timeout"] = "2s"
        with Tributary(work, config) as relay:
            upstream.live().emit("event", tip(CREATED))
            relay.wait_log("uthentication")
            account = relay.stop(code=(0, 1))
    assert account["accepted"] == 1 and account["delivered"] == 0
    assert account["spooled"] == 1, "it is kept for the next start"
    assert "wrong-fake-password" not in relay.output


def test_a_kafka_with_an_untrusted_certificate(work, kafka, topics, certificates):
    topics.create(kafka)
    with ScriptedUpstream() as upstream:
        config = config_for(upstream.url(), kafka, topics, listener="tls",
                            security={"protocol": "ssl", "ca_file": str(certificates.other_ca)})
        config["stop_timeout"] = "2s"
        with Tributary(work, config) as relay:
            upstream.live().emit("event", tip(CREATED))
            relay.wait_log("certificate")
            account = relay.stop(code=(0, 1))
    assert account["delivered"] == 0


def test_a_topic_without_authorization_parks_its_lane_while_the_others_flow(work, kafka, topics):
    """Topics by type: `tip` is denied, `cheer` is not. When the right comes, the lane goes on."""
    prefix = topics["events"]
    for name in (f"{prefix}.tip", f"{prefix}.cheer", topics["dead_letter"], topics["relay"]):
        kafka.create_topic(name)
    kafka.allow("limited", f"{prefix}.cheer", topics["dead_letter"], topics["relay"])
    kafka.allow("limited", f"{prefix}.tip", operations=("DESCRIBE",))
    (work / "kafka-password").write_text("limited-test-password")
    tips, cheers = [tip(CREATED) for _ in range(30)], [{**tip(CREATED), "type": "cheer"} for _ in range(30)]
    with ScriptedUpstream() as upstream:
        config = config_for(upstream.url(), kafka, {**topics, "events": prefix + ".{type}"}, listener="sasl", security={
            "protocol": "sasl_plaintext", "sasl_mechanism": "PLAIN", "username": "limited",
            "password": {"file": "kafka-password"}})
        with Tributary(work, config) as relay:
            connection = upstream.live()
            for one, other in zip(tips, cheers):
                connection.emit("event", one)
                connection.emit("event", other)
            assert ids(kafka.read_topic(f"{prefix}.cheer", 30)) == {activity["_id"] for activity in cheers}
            relay.wait_log(f"{prefix}.tip", "error")
            assert kafka.count(f"{prefix}.tip") == 0
            kafka.allow("limited", f"{prefix}.tip")
            records = kafka.read_topic(f"{prefix}.tip", 30, seconds=90)
            account = relay.stop()
    assert ids(records) == {activity["_id"] for activity in tips}
    mapping.check_order(records)
    assert account["delivered"] == 60 and account["in_flight"] == 0


def test_a_missing_topic_is_created_only_when_asked_for(work, kafka, topics):
    with ScriptedUpstream() as upstream:
        config = config_for(upstream.url(), kafka, topics)
        config["stop_timeout"] = "2s"
        with Tributary(work, config) as relay:
            upstream.live().emit("event", tip(CREATED))
            relay.wait_log(topics["events"], "error")
            relay.stop(code=(0, 1))
        assert topics["events"] not in kafka.topics(), "it was created by asking"
        config = config_for(upstream.url(), kafka, topics, create_topics={"enabled": True, "partitions": 2, "replication": 1})
        with Tributary(work / "second", {**config, "connectors": {"main": streamelements(upstream.url(), token_file=work / "token")}}) as relay:
            upstream.live().emit("event", tip(CREATED))
            kafka.read_topic(topics["events"], 1)
            relay.stop()
    assert len(kafka.end_offsets(topics["events"])) == 2


# ── validation ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("policy", ["dead_letter", "drop", "forward"])
def test_each_policy_on_what_streamelements_own_schema_refuses(work, kafka, topics, policy):
    topics.create(kafka)
    good, bad = tip(CREATED), tip(CREATED, amount=4.2)
    with ScriptedUpstream() as upstream:
        config = config_for(upstream.url(), kafka, topics, validation={"schema": "streamelements", "on_failure": policy})
        with Tributary(work, config) as relay:
            connection = upstream.live()
            connection.emit("event", bad)
            connection.emit("event", good)
            records = kafka.read_topic(topics["events"], 2 if policy == "forward" else 1)
            if policy == "dead_letter":
                letter = json.loads(kafka.read_topic(topics["dead_letter"], 1)[0].value)
                assert letter["event"]["_id"] == bad["_id"]
                assert [(v["path"], v["keyword"]) for v in letter["violations"]] == [("/data/amount", "type")]
            account = relay.stop()
    assert ids(records) == ({good["_id"], bad["_id"]} if policy == "forward" else {good["_id"]})
    assert (account["dead_lettered"], account["dropped"]) == (policy == "dead_letter", policy == "drop")
    for record in records:
        assert mapping.record_differences(record, topics.partitions) == []


def test_a_schema_of_ones_own(work, kafka, topics):
    topics.create(kafka)
    (work / "mine.json").write_text(json.dumps({"properties": {"data": {"properties": {"currency": {"const": "SEK"}}}}}))
    good, bad = tip(CREATED, currency="SEK"), tip(CREATED, currency="USD")
    with ScriptedUpstream() as upstream:
        config = config_for(upstream.url(), kafka, topics, validation={"schema": "mine.json", "on_failure": "dead_letter"})
        with Tributary(work, config) as relay:
            connection = upstream.live()
            connection.emit("event", bad)
            connection.emit("event", good)
            assert ids(kafka.read_topic(topics["events"], 1)) == {good["_id"]}
            letter = json.loads(kafka.read_topic(topics["dead_letter"], 1)[0].value)
            relay.stop()
    assert (letter["violations"][0]["path"], letter["violations"][0]["keyword"]) == ("/data/currency", "const")
