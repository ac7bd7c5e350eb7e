"""GET /metrics of the running program: what Prometheus' own tool says of it, and that it is one look at exact books."""

import re
import subprocess

from end_to_end.reload_test import reload
from peers.place import ROOT, free_port, wait_until
from peers.program import Tributary, kafka as kafka_sink
from peers.scrape import Page, fetch, scrape
from peers.ws_server import Simulated


def dlive(port, streamers):
    return {"type": "dlive", "url": f"ws://127.0.0.1:{port}/", "streamers": streamers}


def test_the_page_is_clean_and_tells_of_upstreams_sinks_and_brokers(work, kafka, topics):
    topics.create(kafka)
    port = free_port()
    with Simulated("dlive", options=("--rate", "50"), streamers="ada,bob") as upstream, Tributary(work, {
            "admin": {"listen": f"127.0.0.1:{port}"}, "connectors": {"d": dlive(upstream.port, ["ada", "bob"])},
            "sinks": {"events": kafka_sink(kafka.bootstrap(), topics=dict(topics))}, "routes": [{"to": ["events"]}]}) as relay:
        relay.wait_log('"connector_up"')
        # librdkafka tells of its brokers every five seconds
        wait_until(lambda: scrape(port).of("tributary_broker_state", state="up") == 1 and
                   scrape(port).of("tributary_delivery_seconds_count") > 50, 30, lambda: fetch(port)[0], interval=0.5)
        text, content_type = fetch(port)
        assert content_type == "text/plain; version=0.0.4; charset=utf-8"
        said = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
        assert (said.returncode, said.stdout + said.stderr) == (0, "")
        page = Page(text).check_books()
        documented = dict(re.findall(r"^\| `(\w+)` \| (\w+) ", (ROOT / "docs" / "METRICS.md").read_text(), re.MULTILINE))
        assert page.types.items() <= documented.items()
        assert page.of("tributary_connector_state", connector="d", state="live") == 1
        assert page.of("tributary_connector_state", connector="d") == 1, "in one state at a time"
        assert 0 <= page.of("tributary_connector_event_age_seconds", connector="d") < 20
        assert page.values("channel") == {"ada", "bob"}
        assert page.of("tributary_connector_dials_total", connector="d") == 1
        assert page.of("tributary_sink_memory_bytes", sink="events") == 64 << 20
        assert page.of("tributary_sink_spool_size_bytes", sink="events") > page.of("tributary_sink_spool_bytes", sink="events") >= 0
        assert page.has("tributary_sink_spool_bytes", sink="events")
        assert page.of("tributary_broker_requests_total") > 0 and len(page.values("broker")) == 1
        assert page.of("tributary_delivery_seconds_bucket", le="+Inf") == page.of("tributary_delivery_seconds_count")
        assert page.of("tributary_log_events_total", event="connector_up", level="info") == 1
        assert page.of("process_resident_memory_bytes") > 1 << 20
        assert not page.has("tributary_reload_applied")
        relay.stop()


def test_the_books_balance_in_every_scrape_and_no_count_falls_over_reloads(work):
    port = free_port()

    def configuration(number, upstream):
        sinks = {"one": {"type": "file", "path": "one.jsonl"},
                 "two": {"type": "file", "path": f"two-{number % 3}.jsonl"}}
        return {"admin": {"listen": f"127.0.0.1:{port}"}, "connectors": {"d": dlive(upstream.port, ["ada", "bob"][:1 + number % 2])},
                "sinks": sinks, "routes": [{"to": ["one", "two"]}], "log": {"level": "debug", "format": "json"}}

    with Simulated("dlive", options=("--rate", "2000"), streamers="ada,bob") as upstream, \
            Tributary(work, configuration(0, upstream)) as relay:
        relay.wait_log('"connector_up"')
        wait_until(lambda: scrape(port).of("tributary_sink_delivered_total", sink="two") +
                   scrape(port).of("tributary_sink_sent_total", sink="two") > 1000, 20, "load")
        before, looks, began = {}, 0, scrape(port).of("tributary_sink_offered_total", sink="two")
        for number in range(1, 11):
            reload(relay, configuration(number, upstream), '"reloaded"', "changed", count=number)
            for _ in range(10):
                page = scrape(port).check_books()
                fallen = {key: (before[key], value) for key, value in page.counts().items() if value < before.get(key, 0)}
                assert not fallen, fallen
                before.update(page.counts())
                looks += 1
        last = scrape(port)
        assert looks == 100 and last.of("tributary_reload_applied") == 1
        assert last.of("tributary_log_events_total", event="reloaded") >= 10
        assert last.of("tributary_sink_offered_total", sink="two") > began + 100, "under load"
        assert relay.stop()["in_flight"] == 0
