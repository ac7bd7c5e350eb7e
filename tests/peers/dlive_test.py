"""DLive on subscriptions-transport-ws, the library that made its protocol: the simulator speaks as it does, and what the
program makes of its messages is what peers/mapping_others.py says, which knows nothing of the program."""

import json
import time

import pytest

from peers import mapping
from peers.mapping_others import compare, config, lines, of_dlive
from peers.place import wait_until
from peers.program import Tributary
from peers.subscriptions import Subscriptions
from peers.ws_server import Dialled, Simulated

pytestmark = pytest.mark.quick
STREAMERS = ["dbl-lee", "an-other"]


def dlive(server, **more):
    return {"type": "dlive", "url": server.url(), "streamers": STREAMERS, "auth": {"token": {"file": "token"}}, **more}


def expected_of(server):
    """What was emitted while it was subscribed to, mapped: one event for each message of each emission."""
    for line in server.log.read_text().split("\n"):
        if not line:
            continue
        said = mapping.parse(line)
        if said["sockets"] == "0":
            continue
        messages = said["value"] if isinstance(said["value"], list) else [said["value"]]
        for message in messages:
            if message is not None:
                yield of_dlive(message, said["streamer"])


def in_the_order_of(found, expected):
    """The server keeps the order within a subscription, not between two."""
    def subscription(event):
        return event["relay"]["upstreamChannel"], event["relay"]["upstreamType"].startswith("TreasureChest")
    queues = {}
    for event in expected:
        queues.setdefault(subscription(event), []).append(event)
    assert len(found) == len(expected), (len(found), len(expected))
    return [queues[subscription(event)].pop(0) for event in found]


# ── the simulator and the real peer pass the same conversation ───────────────────────────────────────────────────────


def start(number, streamer, field="streamMessageReceived"):
    return {"id": number, "type": "start", "payload": {
        "query": f"subscription($s:String!){{{field}(streamer:$s){{__typename}}}}", "variables": {"s": streamer}}}


@pytest.mark.parametrize("real", [False, True], ids=["simulator", "subscriptions-transport-ws"])
def test_init_acknowledgement_keep_alive_and_failure_are_the_same(work, real):
    with (Subscriptions(work, keepAlive=200, tokens=["good"]) if real else
          Simulated("dlive", server="apollo", ka="200ms", tokens="good", failing="bad")) as server:
        if real:
            server.order("refuse", streamer="bad", times=1)
        client = Dialled(server.port, Sec_WebSocket_Protocol="graphql-ws")
        assert client.status == 101
        client.send({"type": "connection_init", "payload": {"authorization": "good"}})
        assert client.next() == {"type": "connection_ack"}
        assert client.next() == {"type": "ka"}
        client.send(start("1", "good"))
        client.send(start("2", "bad"))
        failed = client.next()
        while failed["type"] == "ka":
            failed = client.next()
        assert (failed["type"], failed["id"]) == ("error", "2"), failed
        assert isinstance(failed["payload"], dict) and isinstance(failed["payload"]["message"], str)
        assert [client.next()["type"] for _ in range(2)] == ["ka", "ka"], "it lives on"
        refused = Dialled(server.port, Sec_WebSocket_Protocol="graphql-ws")
        refused.send({"type": "connection_init", "payload": {"authorization": "bad"}})
        said = refused.next()
        assert said["type"] == "connection_error" and isinstance(said["payload"]["message"], str)
        assert refused.gone.wait(15) and refused.ending == "close"


# ── the program and the real peer ────────────────────────────────────────────────────────────────────────────────────


def test_every_message_comes_out_as_the_mapping_says(work):
    began = time.time() * 1000
    with Subscriptions(work, tokens=["good"], keepAlive=500) as server:
        with Tributary(work, config(dlive(server))) as relay:
            server.wait_subscribed(4)
            assert server.stats()["streamers"] == sorted(
                f"{streamer}:{field}" for streamer in STREAMERS
                for field in ("streamMessageReceived", "treasureChestMessageReceived"))
            server.order("emit", count=520, streamers=STREAMERS)
            expected = list(expected_of(server))
            # order is kept by key, and there are two
            found = sorted(lines(work, len(expected)), key=lambda event: int(event["relay"]["sequence"]))
            time.sleep(1.6)  # over three keep-alive intervals
            account = relay.stop()
            assert server.stats()["connections"] == 1
        compare(in_the_order_of(found, expected), found, began)
        assert account["events"] == account["accepted"] == len(expected) > 520
        assert len({event["type"] for event in found}) >= 22
        assert len({event["relay"]["upstreamChannel"] for event in found}) == 2


def test_what_the_simulator_notes_maps_to_what_comes_out(work):
    began = time.time() * 1000
    noted, count = work / "written.jsonl", 1500
    with Simulated("dlive", ("--rate", 3000, "--events", count, "--written", noted)) as server:
        settings = {"type": "dlive", "url": f"ws://127.0.0.1:{server.port}", "streamers": ["dbl-lee"]}
        with Tributary(work, config(settings)) as relay:
            lines(work, count)
            server.end()
            account = relay.stop()
    written = mapping.lines_of(noted)
    assert len(written) == account["accepted"] == count
    found = lines(work, count)
    compare([of_dlive(line["event"], "dbl-lee") for line in written], found, began)
    for line, event in zip(written, found):
        assert line["id"] in ("", event["_id"])


def test_a_repeated_message_is_one_event(work):
    message = {"__typename": "ChatText", "id": "same", "content": "hi", "createdAt": "1790858096789000001"}
    with Subscriptions(work) as server, Tributary(work, config(dlive(server))) as relay:
        server.wait_subscribed(4)
        for streamer in ("dbl-lee", "dbl-lee", "an-other"):
            server.order("say", streamer=streamer, value=[message, message])
        lines(work, 2)
        account = relay.stop()
        assert (account["events"], account["accepted"]) == (6, 2)


def test_a_failing_subscription_is_tried_again_and_the_others_live_on(work):
    with Subscriptions(work) as server:
        server.order("refuse", streamer="an-other", times=2)
        with Tributary(work, config(dlive(server, treasure_chest=False))) as relay:
            relay.wait_log("subscription_failed", "an-other", "no stream of an-other")
            server.order("emit", count=24, streamers=["dbl-lee"])
            server.wait_subscribed(2)
            server.order("say", streamer="an-other", value=[{"__typename": "ChatLive"}])
            wait_until(lambda: any(event["relay"]["upstreamChannel"] == "an-other" for event in lines(work, 1)), 15, "both")
            server.order("errors", streamer="dbl-lee", text="resolver is ill")
            relay.wait_log("upstream_error", "resolver is ill")
            server.order("complete", streamer="dbl-lee")
            relay.wait_log("subscription_failed", "dbl-lee", "the server ended it")
            server.wait_subscribed(2)
            assert server.stats()["connections"] == 1
            relay.stop()


def test_it_comes_back_after_the_server_went(work):
    with Subscriptions(work) as server, Tributary(work, config(dlive(server))) as relay:
        server.wait_subscribed(4)
        server.order("say", streamer="dbl-lee", value=[{"__typename": "ChatLive"}])
        lines(work, 1)
        server.order("cut")
        wait_until(lambda: server.stats()["connections"] == 2, 20, "a new connection", interval=0.05)
        server.wait_subscribed(4)
        server.order("say", streamer="dbl-lee", value=[{"__typename": "ChatOffline"}])
        assert [event["type"] for event in lines(work, 2)] == ["live", "offline"]
        server.kill()
        relay.wait_log("connect_refused")
        server.start()
        server.wait_subscribed(4)
        relay.stop()


def test_a_refused_token_is_tried_slowly_and_at_once_when_it_changes(work):
    (work / "token").write_text("stale-token")
    with Subscriptions(work, tokens=["good"]) as server, Tributary(work, config(dlive(server))) as relay:
        relay.wait_log("credential_refused", "unauthorized")
        (work / "token").write_text("good")
        server.wait_subscribed(4)
        assert server.stats()["refused"] == 1
        relay.stop()
        assert "stale-token" not in relay.output
        assert json.dumps("stale-token") not in relay.output
