"""The whole way between programs that are not ours: Socket.IO's own servers, old and new, and a Kafka broker.

Compared field by field with peers/mapping.py, which knows nothing of the program.
"""

import json
import re
import time

import pytest

from peers import mapping
from peers.program import Tributary, kafka as kafka_sink, run_once, streamelements, write_config
from peers.scripted import tip
from peers.socketio import CHANNEL, SocketIO
from peers.place import wait_until

CHANNELS = [CHANNEL, "5eb8a1f0c2d3e4f5a6b7c8da", "5eb8a1f0c2d3e4f5a6b7c8db", "0123456789abcdef01234567"]
SERVERS = [pytest.param(2, 3, id="socket.io-2.2.0-EIO3"), pytest.param(4, 3, id="socket.io-4-EIO3"),
           pytest.param(4, 4, id="socket.io-4-EIO4")]


def wait_all_on_kafka(server, broker, topics):
    """All that was emitted so far."""
    expected = len(mapping.hear_all(server.emitted_lines(), "main").expected)
    wait_until(lambda: broker.count(topics["events"]) >= expected > 0, 20, f"{expected} events on Kafka", interval=0.2)


def now():
    return int(time.time() * 1000)


def relay_config(server, broker, topics, engine_io=3, connector=None, sink=None, listener="plaintext"):
    return {
        "connectors": {"main": streamelements(server.url(), engine_io=engine_io, **(connector or {}))},
        "sinks": {"events": kafka_sink(broker.bootstrap(listener), topics=dict(topics), **(sink or {}))},
        "routes": [{"to": ["events"]}],
    }


def compare_with_what_was_emitted(server, broker, topics, began, account):
    """Reads the topic back and compares; the ledgers must say the same. Returns how many events there were."""
    upstream = mapping.hear_all(server.emitted_lines(), "main")
    records = broker.read_topic(topics["events"], len(upstream.expected))
    mapping.compare(upstream.expected, records, topics.partitions, began - 50, now() + 50)
    assert broker.count(topics["dead_letter"]) == 0
    assert account["events"] == upstream.events
    assert account["accepted"] == account["offered"] == account["delivered"] == len(upstream.expected)
    assert account["in_flight"] == account["dropped"] == account["dead_lettered"] == 0
    return len(records)


@pytest.mark.parametrize("version, engine_io", SERVERS)
def test_ten_thousand_events_come_out_as_the_mapping_says(work, kafka, topics, version, engine_io):
    topics.create(kafka)
    began = now()
    with SocketIO(work, version, channels=CHANNELS, seed=version * 10 + engine_io) as server:
        with Tributary(work, relay_config(server, kafka, topics, engine_io)) as relay:
            server.wait_live()
            server.order("emit", count=10000)
            expected = len(mapping.hear_all(server.emitted_lines(), "main").expected)
            wait_until(lambda: kafka.count(topics["events"]) >= expected, 60, "all events on Kafka", interval=0.5)
            account = relay.stop()
            assert server.stats()["connections"] == 1
        assert compare_with_what_was_emitted(server, kafka, topics, began, account) > 8500
        types = {json.loads(line)["arguments"][1].get("type") for line in server.emitted_lines()}
        assert set(mapping.SIX) < types


@pytest.mark.parametrize("version, engine_io", SERVERS)
def test_pings_keep_the_connection_over_many_intervals(work, kafka, topics, version, engine_io):
    topics.create(kafka)
    began = now()
    with SocketIO(work, version, pingInterval=400, pingTimeout=400 if version == 4 else 300) as server:
        with Tributary(work, relay_config(server, kafka, topics, engine_io)) as relay:
            server.wait_live()
            beats = "pings" if engine_io == 3 else "pongs"
            wait_until(lambda: server.stats()[beats] >= 5, 15, f"five {beats} of ours", interval=0.1)
            server.order("emit", count=50)
            stats = server.stats()
            assert (stats["connections"], stats["live"]) == (1, 1), stats
            assert stats["pongs" if engine_io == 3 else "pings"] == 0, "a heartbeat in the wrong direction"
            wait_all_on_kafka(server, kafka, topics)
            account = relay.stop()
        compare_with_what_was_emitted(server, kafka, topics, began, account)


@pytest.mark.parametrize("version, engine_io", SERVERS)
@pytest.mark.parametrize("how", ["restart", "kill", "cut", "soft", "hard"])
def test_it_comes_back_after_the_server_went(work, kafka, topics, version, engine_io, how):
    topics.create(kafka)
    began = now()
    with SocketIO(work, version) as server:
        with Tributary(work, relay_config(server, kafka, topics, engine_io)) as relay:
            server.wait_live()
            server.order("emit", count=200)
            wait_all_on_kafka(server, kafka, topics)
            if how == "restart":
                server.order("restart", down=300)
            elif how == "kill":
                server.kill()
                server.options["seed"] = 2
                server.start()
            elif how == "cut":
                server.order("cut")
            else:
                server.order("disconnect", hard=how == "hard")
            wait_until(lambda: server.stats()["authenticated"] == (1 if how == "kill" else 2), 20, "a new session",
                       interval=0.05)
            server.order("emit", count=200)
            wait_all_on_kafka(server, kafka, topics)
            account = relay.stop()
        compare_with_what_was_emitted(server, kafka, topics, began, account)
        notices = [mapping.parse(record.value) for record in kafka.read_topic(topics["relay"], 2)]
        notices.sort(key=lambda notice: notice["createdAt"])
        assert {"connectorUp", "connectorDown", "gap"} <= {notice["type"] for notice in notices}
        gap = next(notice for notice in notices if notice["type"] == "gap")
        assert mapping.milliseconds(gap["data"]["from"]) <= mapping.milliseconds(gap["data"]["to"])
        assert {notice["provider"] for notice in notices} == {"tributary"}


@pytest.mark.parametrize("version, engine_io", SERVERS)
@pytest.mark.parametrize("soft", [False, True], ids=["server-closes", "server-leaves-it-open"])
@pytest.mark.quick
def test_a_refused_token_is_tried_slowly_and_at_once_when_it_changes(work, kafka, topics, version, engine_io, soft):
    topics.create(kafka)
    (work / "token").write_text("a-stale-token")
    with SocketIO(work, version, soft=soft) as server:
        with Tributary(work, relay_config(server, kafka, topics, engine_io)) as relay:
            relay.wait_log("credential_refused")
            refused = server.stats()["refused"]
            time.sleep(2.5)  # the silence itself is looked at: refused credentials are not tried again for a minute
            assert server.stats()["refused"] == refused == 1
            (work / "token").write_text("good")
            server.wait_live()
            server.order("emit", count=20)
            wait_until(lambda: kafka.count(topics["events"]) > 0, 15, "events on Kafka", interval=0.2)
            relay.stop()
        assert "a-stale-token" not in relay.output
        types = [mapping.parse(record.value)["type"] for record in kafka.read_topic(topics["relay"], 1)]
        assert "credentialRefused" in types


@pytest.mark.parametrize("method", ["jwt", "oauth2", "apikey"])
def test_each_method_of_authentication(work, kafka, topics, method):
    topics.create(kafka)
    with SocketIO(work, 4, tokens={method: ["good"]}) as server:
        auth = {"auth": {"method": method, "token": {"file": "token"}}}
        with Tributary(work, relay_config(server, kafka, topics, connector=auth)) as relay:
            server.wait_live()
            relay.stop()


def linked_librdkafka():
    return tuple(map(int, re.search(r"librdkafka\s+(\d+)\.(\d+)\.(\d+)", run_once("--version").stdout).groups()))


def scram_works(broker):
    """librdkafka before 2.6.1 repeats its nonce in SCRAM's last message; Kafka 4 refuses that, 3.9 lets it pass."""
    return broker.version < "4" or linked_librdkafka() >= (2, 6, 1)


def sasl(mechanism, certificates):
    return {"security": {"protocol": "sasl_ssl", "sasl_mechanism": mechanism, "username": "relay",
                         "password": {"file": "kafka-password"}, "ca_file": str(certificates.ca)}}


@pytest.mark.parametrize("version, engine_io", SERVERS)
def test_tls_on_both_sides_and_sasl(work, kafka, topics, certificates, version, engine_io):
    """SCRAM wherever the linked librdkafka can do it with this broker, else PLAIN."""
    topics.create(kafka)
    kafka.allow("relay", *[topics[name] for name in ("events", "dead_letter", "relay")])
    began = now()
    (work / "kafka-password").write_text("relay-test-password\n")
    scram = "SCRAM-SHA-512" if version == 4 else "SCRAM-SHA-256"
    tls = {"key": str(certificates.server_key), "cert": str(certificates.server)}
    sink = sasl(scram if scram_works(kafka) else "PLAIN", certificates)
    connector = {"tls": {"ca_file": str(certificates.ca)}}
    with SocketIO(work, version, tls=tls, channels=CHANNELS) as server:
        config = relay_config(server, kafka, topics, engine_io, connector, sink, "sasl_tls")
        with Tributary(work, config) as relay:
            server.wait_live()
            server.order("emit", count=1000)
            expected = len(mapping.hear_all(server.emitted_lines(), "main").expected)
            wait_until(lambda: kafka.count(topics["events"]) >= expected, 30, "all events on Kafka", interval=0.3)
            account = relay.stop()
        compare_with_what_was_emitted(server, kafka, topics, began, account)
        assert "relay-test-password" not in relay.output


def test_scram_works_or_the_log_says_which_librdkafka_it_needs(work, kafka, topics, certificates):
    topics.create(kafka)
    kafka.allow("relay", *[topics[name] for name in ("events", "dead_letter", "relay")])
    (work / "kafka-password").write_text("relay-test-password")
    with SocketIO(work, 4) as server:
        config = relay_config(server, kafka, topics, 3, None, sasl("SCRAM-SHA-512", certificates), "sasl_tls")
        with Tributary(work, {**config, "stop_timeout": "2s"}) as relay:
            server.wait_live()
            server.order("emit", count=10)
            if scram_works(kafka):
                kafka.read_topic(topics["events"], 1)
                relay.stop()
            else:
                relay.wait_log("SCRAM", "2.6.1")
                relay.stop(code=(0, 1))


def test_oauthbearer_by_librdkafkas_own_settings_with_tokens_that_run_out(work, kafka, topics, certificates):
    """Tokens live for two seconds, and the broker ends the connections whose token has run out. They are unsigned, as no
    distribution's librdkafka can fetch others; before 2.3 it does not survive the renewal, and that is said at start."""
    topics.create(kafka)
    kafka.allow("relay", *[topics[name] for name in ("events", "dead_letter", "relay")])
    began = now()
    sink = {"security": {"protocol": "sasl_ssl", "ca_file": str(certificates.ca)},
            "librdkafka": {"sasl.mechanisms": "OAUTHBEARER", "enable.sasl.oauthbearer.unsecure.jwt": "true",
                           "sasl.oauthbearer.config": "principal=relay lifeSeconds=2"}}
    with SocketIO(work, 4, channels=CHANNELS) as server:
        config = relay_config(server, kafka, topics, sink=sink, listener="sasl_tls")
        if linked_librdkafka() < (2, 3, 0):
            checked = run_once("check", "--config", write_config(work, config))
            assert checked.returncode == 2 and "needs librdkafka 2.3 or newer" in checked.stdout + checked.stderr
            return
        with Tributary(work, config) as relay:
            server.wait_live()
            for _ in range(3):
                server.order("emit", count=50)
                expected = len(mapping.hear_all(server.emitted_lines(), "main").expected)
                wait_until(lambda: kafka.count(topics["events"]) >= expected, 30, "all events on Kafka", interval=0.3)
                time.sleep(2.5)
            account = relay.stop()
        compare_with_what_was_emitted(server, kafka, topics, began, account)


def test_a_client_certificate_is_who_we_are_to_kafka(work, kafka, topics, certificates):
    topics.create(kafka)
    kafka.allow("CN=client", *[topics[name] for name in ("events", "dead_letter", "relay")],
                operations=("WRITE", "DESCRIBE", "DESCRIBE_CONFIGS"))
    security = {"protocol": "ssl", "ca_file": str(certificates.ca), "certificate": str(certificates.client),
                "key": str(certificates.client_key)}
    with SocketIO(work, 4) as server:
        with Tributary(work, relay_config(server, kafka, topics, sink={"security": security}, listener="tls")) as relay:
            server.wait_live()
            server.order("emit", count=10)
            kafka.read_topic(topics["events"], 1)
            relay.stop()
            assert "uthorization" not in relay.output


def test_kafka_over_tls_without_sasl_and_sasl_plain_without_tls(work, kafka, topics, certificates):
    """Two sinks, two ways in; both hold the same events."""
    topics.create(kafka)
    other = {name: f"second-{topic}" if topic else "" for name, topic in topics.items()}
    for name in ("events", "dead_letter", "relay"):
        kafka.create_topic(other[name])
    kafka.allow("relay", *[topic for topic in other.values() if topic])
    (work / "kafka-password").write_text("relay-test-password")
    with SocketIO(work, 4) as server:
        config = relay_config(server, kafka, topics, listener="tls",
                              sink={"security": {"protocol": "ssl", "ca_file": str(certificates.ca)}})
        config["sinks"]["second"] = kafka_sink(kafka.bootstrap("sasl"), topics=other, security={
            "protocol": "sasl_plaintext", "sasl_mechanism": "PLAIN", "username": "relay",
            "password": {"file": "kafka-password"}})
        config["routes"] = [{"to": ["events", "second"]}]
        with Tributary(work, config) as relay:
            server.wait_live()
            server.order("emit", count=300)
            expected = mapping.hear_all(server.emitted_lines(), "main").expected
            for topic in (topics["events"], other["events"]):
                wait_until(lambda: kafka.count(topic) >= len(expected), 20, f"all events on {topic}", interval=0.2)
            account = relay.stop()
        assert account["delivered"] == account["offered"] == 2 * len(expected)
        values = [[record.value for record in kafka.read_topic(topic)] for topic in (topics["events"], other["events"])]
        assert values[0] == values[1]


def test_an_old_server_asked_for_engine_io_4_is_named(work, kafka, topics):
    topics.create(kafka)
    with SocketIO(work, 2) as server:
        with Tributary(work, relay_config(server, kafka, topics, engine_io=4)) as relay:
            relay.wait_log("engine_io_mismatch")
            relay.stop()


def test_a_new_server_without_engine_io_3_is_quoted(work, kafka, topics):
    topics.create(kafka)
    with SocketIO(work, 4, allowEIO3=False) as server:
        with Tributary(work, relay_config(server, kafka, topics, engine_io=3)) as relay:
            relay.wait_log("upgrade_refused", "Unsupported protocol version")
            relay.stop()


def test_tests_and_state_flow_where_they_are_asked_for(work, kafka, topics):
    topics.create(kafka)
    topics["state"] = topics["events"].replace("events", "state")
    kafka.create_topic(topics["state"])
    more = {"test_events": True, "state_updates": True}
    with SocketIO(work, 4) as server:
        with Tributary(work, relay_config(server, kafka, topics, connector=more)) as relay:
            server.wait_live()
            mock = {**tip("2026-10-01T12:34:56.789Z"), "isMock": True}
            said = [["event:test", {"listener": "tip-latest", "event": {"type": "tip", "name": "Tester", "amount": 5, "isTest": True}}],
                    ["event", mock, {"nonce": "a"}], ["event", mock, {"nonce": "b"}],
                    ["event:update", {"name": "tip-latest", "data": {"name": "Anna", "amount": 4.5}, "provider": "twitch"}],
                    ["event:reset", {"anything": [1, 2]}]]
            for arguments in said:
                server.order("say", arguments=arguments)
            events = [mapping.parse(record.value) for record in kafka.read_topic(topics["events"], 3)]
            states = kafka.read_topic(topics["state"], 2)
            relay.stop()
    assert [event["relay"].get("test") for event in events] == [True] * 3
    by_sequence = sorted(events, key=lambda event: int(event["relay"]["sequence"]))
    assert by_sequence[0]["data"]["username"] == "Tester"
    assert [event["_id"] for event in by_sequence[1:]] == [mock["_id"]] * 2, "a test is not deduped"
    assert {mapping.parse(record.value)["type"] for record in states} == {"stateUpdate", "stateReset"}
    update = next(record for record in states if mapping.parse(record.value)["type"] == "stateUpdate")
    assert update.key == f"streamelements:{CHANNEL}:tip-latest".encode()
    assert mapping.parse(update.value)["data"]["data"] == {"name": "Anna", "amount": "4.5"}
