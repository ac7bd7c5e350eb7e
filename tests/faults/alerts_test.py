"""Mixed faults under a real Prometheus: for each of them the alerts that tell of it fire, and no other, and all go out again.

The rules are those that are shipped, in a generated copy whose times are all divided by one factor, so that a window of ten
minutes passes within the run. `TRIBUTARY_ALERTS_SECONDS` is how long it takes (1200), the factor follows from it: 8 for
twenty minutes, 32 for five.
"""

import os
import signal
import time

import pytest
import yaml

from faults import results
from faults.stage import Stage
from peers.place import PATIENCE, free_port, wait_until
from peers.prometheus import RULES, Prometheus, shortened
from peers.program import kafka as kafka_sink, streamelements, write_config

SECONDS = float(os.environ.get("TRIBUTARY_ALERTS_SECONDS", "1200"))
FACTOR = 9600 / SECONDS
#: What must be told of each fault, and what may be told beside it: a consequence that comes or not.
EXPECTED = {
    "upstream away": ({"UpstreamDown", "Gap"}, set()),
    "Kafka away": ({"NotAcknowledged", "KafkaUnreachable"}, set()),
    "topic missing": ({"TopicRefused"}, set()),
    "secret missing": ({"UpstreamNeedsPerson", "Gap"}, set()),
    "nonsense": ({"DeadLetters"}, set()),
    "bad file": ({"ReloadRefused"}, set()),
    "kill -9": ({"Restarting", "Gap"}, {"Down", "UpstreamDown"}),
    "relay away": ({"Down", "Gap"}, set()),
}


def test_every_time_of_a_rule_is_shortened():
    rules = {rule["alert"]: rule for group in shortened(yaml.safe_load(RULES.read_text()), 8)["groups"] for rule in group["rules"]}
    assert rules["TributaryUpstreamDown"]["for"] == "15000ms"
    assert rules["TributaryNotAcknowledged"]["expr"].startswith("tributary_sink_oldest_age_seconds > 7.5 unless")
    assert "[225000ms] offset 75000ms) > 10" in rules["TributaryUpstreamSilent"]["expr"]
    assert "_age_seconds > 75 and" in rules["TributaryUpstreamSilent"]["expr"]
    assert rules["TributaryGap"]["expr"].endswith("process_start_time_seconds < 37.5")
    assert "time() < 3600" in rules["TributaryCredentialExpired"]["expr"]
    assert rules["TributarySpoolFilling"]["expr"].split(" and ")[0].endswith("> 0.5")


class Watched:
    """A relay whose upstream, Kafka, files and life are spoilt one after the other, under Prometheus."""

    def __init__(self, stage, prometheus, guest_token):
        self.stage, self.prometheus, self.guest_token = stage, prometheus, guest_token
        self.told = {}

    def quiet(self):
        """Both connectors are live and nothing fires, for as long as a scrape and a look at the rules take."""
        since = [time.time()]

        def calm():
            if self.prometheus.firing() or len(self.prometheus.query('tributary_connector_state{state="live"} == 1')) < 2:
                since[0] = time.time()
            return time.time() - since[0] > 4

        wait_until(calm, 1500 / FACTOR + 60, lambda: f"quiet; {self.prometheus.firing()}", interval=0.5)

    def fires(self, *alerts):
        wanted = {f"Tributary{name}" for name in alerts}
        wait_until(lambda: wanted <= self.prometheus.firing(), 600 / FACTOR + 60,
                   lambda: f"{wanted}; {self.prometheus.firing()}", interval=0.5)

    def during(self, name, fault):
        self.quiet()
        began = time.time()
        fault(self)
        self.quiet()
        fired = self.prometheus.fired(began, time.time())
        must, may = ({f"Tributary{one}" for one in names} for names in EXPECTED[name])
        print(f"{name}: {time.time() - began:.0f} s, {sorted(fired)}")
        assert must <= fired, f"{name}: silent on {must - fired}"
        assert fired <= must | may, f"{name}: {fired - must - may} fired for nothing"
        self.told[name] = sorted(one.removeprefix("Tributary") for one in fired)

    def reload(self, settings):
        relay = self.stage.relay
        write_config(relay.folder, {"log": {"level": "debug", "format": "json"}, **settings})
        seen = len([1 for entry in relay.entries() if entry.get("event") in ("reloaded", "reload_refused")])
        relay.signal(signal.SIGHUP)
        wait_until(lambda: len([1 for entry in relay.entries() if entry.get("event") in ("reloaded", "reload_refused")]) > seen,
                   30, "the reload", interval=0.1)


def upstream_away(watched):
    watched.stage.upstream_proxy.refuse()
    watched.fires("UpstreamDown")
    watched.stage.upstream_proxy.accept()
    watched.fires("Gap")


def kafka_away(watched):
    watched.stage.broker.kill()
    watched.fires("NotAcknowledged", "KafkaUnreachable")
    watched.stage.broker.start()


def topic_missing(watched):
    settings, topics = watched.stage.settings, watched.stage.topics
    name = topics["events"] + ".late"
    extra = kafka_sink(watched.stage.broker.bootstrap(), topics={**topics, "events": name, "relay": ""})
    watched.reload({**settings, "sinks": {**settings["sinks"], "late": extra}, "routes": [{"to": ["events", "late"]}]})
    watched.fires("TopicRefused")
    watched.stage.broker.create_topic(name, 3)
    watched.quiet()
    watched.reload(settings)


def secret_missing(watched):
    aside = watched.guest_token.with_suffix(".aside")
    watched.guest_token.rename(aside)
    watched.stage.upstream_proxy.cut()
    watched.fires("UpstreamNeedsPerson")
    aside.rename(watched.guest_token)


def nonsense(watched):
    watched.stage.server.order("say", arguments=["event", "no object"])
    watched.fires("DeadLetters")


def bad_file(watched):
    relay = watched.stage.relay
    good = (relay.folder / "tributary.yaml").read_text()
    (relay.folder / "tributary.yaml").write_text(good + "\nnonsense: true\n")
    relay.signal(signal.SIGHUP)
    watched.fires("ReloadRefused")
    (relay.folder / "tributary.yaml").write_text(good)
    relay.signal(signal.SIGHUP)


def end(relay):
    """Its folder is used for another life, so that there is more than one account in the end."""
    relay.signal(signal.SIGTERM)
    assert relay.process.wait(60 * PATIENCE) == 0, relay.output[-3000:]


def start_again(watched):
    relay = watched.stage.relay
    live = watched.stage.server.stats()["authenticated"]
    relay.start()
    wait_until(lambda: watched.stage.server.stats()["authenticated"] > live, 30, lambda: relay.output[-2000:])


def killed(watched):
    for _ in range(3):
        watched.stage.relay.process.kill()
        watched.stage.relay.process.wait()
        start_again(watched)
        began = time.time()
        wait_until(lambda since=began: watched.prometheus.query(f"timestamp(process_start_time_seconds) > {since}"), 30, "a scrape")
    watched.fires("Restarting", "Gap")


def relay_away(watched):
    end(watched.stage.relay)
    watched.fires("Down")
    start_again(watched)
    watched.fires("Gap")


FAULTS = {"upstream away": upstream_away, "Kafka away": kafka_away, "topic missing": topic_missing, "secret missing": secret_missing,
          "nonsense": nonsense, "bad file": bad_file, "kill -9": killed, "relay away": relay_away}


@pytest.mark.long
def test_each_fault_is_told_by_its_alerts_and_by_no_other(work, own_kafka, topics):
    assert FAULTS.keys() == EXPECTED.keys()
    began = time.time()
    port = free_port()
    guest_token = work / "guest-token"
    with Stage(work, own_kafka, topics, rate=50, admin={"listen": f"127.0.0.1:{port}"}) as stage:
        guest_token.write_text((work / "token").read_text())
        guest = streamelements(f"ws://localhost:{stage.upstream_proxy.port}/socket.io/", guest_token)
        stage.settings["connectors"]["guest"] = guest
        stage.start()
        with Prometheus(work / "prometheus", f"127.0.0.1:{port}", FACTOR) as prometheus:
            watched = Watched(stage, prometheus, guest_token)
            stage.pace()
            wait_until(lambda: prometheus.query("tributary_build_info"), 30, "the first scrape")
            stage.run(SECONDS / 20)
            for name, fault in FAULTS.items():
                watched.during(name, fault)
            rest = began + SECONDS - time.time()
            calm = time.time()
            stage.run(max(rest, SECONDS / 20))
            assert prometheus.fired(calm, time.time()) == set(), "nothing was wrong"
            scrapes = prometheus.query("sum(count_over_time(up[1d]))")[0][1]
            failed = scrapes - prometheus.query("sum(sum_over_time(up[1d]))")[0][1]
            end(stage.relay)
    results.tell("alerts", seconds=round(time.time() - began), factor=round(FACTOR, 1), faults=len(FAULTS), scrapes=int(scrapes),
                 scrapes_failed=int(failed), alerts=sum(len(names) for names in watched.told.values()), false_alarms=0)
