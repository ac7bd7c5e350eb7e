"""deploy/prometheus and deploy/grafana: every metric they name exists, every rule is tested both ways, and Prometheus' own
tool says that all of it is right."""

import json
import re
import subprocess

import pytest
import yaml

from peers.place import ROOT

RULES = ROOT / "deploy" / "prometheus" / "alerts.yaml"
CASES = ROOT / "deploy" / "prometheus" / "alerts_test.yaml"
DASHBOARD = ROOT / "deploy" / "grafana" / "tributary.json"
PAGE = ROOT / "docs" / "METRICS.md"
SCHEMA_VERSION = 39  # Grafana 10.2 and newer
#: what Prometheus itself adds
SERIES = {"up": set()}
LABELS = {"job", "instance", "le"}
_NAME = re.compile(r"\b((?:tributary|process)_\w+|up)\b")


def vocabulary():
    """metric → its labels, as of docs/METRICS.md, which a unit test holds to the program's own list."""
    found = dict(SERIES)
    for name, kind, labels in re.findall(r"^\| `(\w+)` \| (\w+) \| (.*?) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE):
        for suffix in ["_bucket", "_sum", "_count"] if kind == "histogram" else [""]:
            found[name + suffix] = set(re.findall(r"`(\w+)`", labels))
    return found


def unknown_in(expression, metrics):
    """Metrics, and labels of metrics, that are not there."""
    bare = re.sub(r'"[^"]*"', '""', expression)
    for name in _NAME.findall(bare):
        if name not in metrics:
            yield name
    for name, matchers in re.findall(r"\b(\w+)\{([^}]*)\}", bare):
        for label in re.findall(r"(\w+)\s*[=!]", matchers):
            if name in metrics and label not in metrics[name] | LABELS:
                yield f"{name}{{{label}}}"
    known = set().union(*metrics.values()) | LABELS
    for labels in re.findall(r"\b(?:on|by|ignoring|without)\s*\(([^)]*)\)", bare):
        yield from (label for label in re.findall(r"\w+", labels) if label not in known)


def rules():
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def expressions_of(dashboard):
    """(where, expression) of every query."""
    for panel in dashboard["panels"]:
        yield from ((panel["title"], target["expr"]) for target in panel.get("targets", []))
    yield from ((one["name"], one["expr"]) for one in dashboard["annotations"]["list"])
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["name"], re.fullmatch(r"label_values\((.*), \w+\)", variable["definition"])[1]


def promtool(*arguments):
    done = subprocess.run(["promtool", *arguments], cwd=RULES.parent, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_vocabulary_is_read():
    metrics = vocabulary()
    assert len(metrics) > 60
    assert metrics["tributary_connector_endings_total"] == {"connector", "reason"}
    assert "tributary_delivery_seconds_bucket" in metrics and "tributary_delivery_seconds" not in metrics


@pytest.mark.parametrize("expression, unknown", [
    ("tributary_sink_offered_total > 1", []),
    ("tributary_sink_offerred_total", ["tributary_sink_offerred_total"]),
    ('tributary_sink_full{sink="tributary_x"}', []),
    ('tributary_sink_full{connector="x"}', ["tributary_sink_full{connector}"]),
    ("sum by (sinc) (tributary_sink_full)", ["sinc"]),
])
def test_a_name_that_is_not_there_is_found(expression, unknown):
    assert list(unknown_in(expression, vocabulary())) == unknown


def test_every_alert_names_only_metrics_that_there_are():
    metrics = vocabulary()
    assert {rule["alert"]: found for rule in rules() if (found := list(unknown_in(rule["expr"], metrics)))} == {}


def test_every_alert_says_how_urgent_it_is_what_it_means_and_where_to_read_on():
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len(set(names)) > 20
    for rule in rules():
        assert rule["labels"] == {"severity": rule["labels"]["severity"]} and rule["labels"]["severity"] in ("critical", "warning")
        assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}, rule["alert"]
        assert rule["annotations"]["runbook_url"] == f"deploy/RUNBOOK.md#{rule['alert'].lower()}"
        known = set().union(*vocabulary().values()) | LABELS
        used = set(re.findall(r"\$labels\.(\w+)", " ".join(rule["annotations"].values())))
        assert used <= known, (rule["alert"], used - known)


def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_is_quiet():
    cases = [case for case in yaml.safe_load(CASES.read_text())["tests"] if "promql_expr_test" in case]
    for name in (rule["alert"] for rule in rules()):
        for word, fires in [("fires", True), ("is quiet", False)]:
            own = [case for case in cases if case["name"].startswith(f"{name} {word}")]
            assert own, f"{name}: no case `{name} {word} …`"
            for case in own:
                told = json.dumps(case["promql_expr_test"])
                assert (f'alertname=\\"{name}\\"' in told.replace('\\\\"', '\\"')) == fires, case["name"]


def test_promtool_finds_the_alerts_right():
    promtool("check", "rules", RULES.name)
    promtool("test", "rules", CASES.name)


def test_the_dashboard_names_only_metrics_that_there_are_and_every_query_is_one(tmp_path):
    dashboard = json.loads(DASHBOARD.read_text())
    metrics = vocabulary()
    queries = list(expressions_of(dashboard))
    assert len(queries) > 30
    assert {where: found for where, query in queries if (found := list(unknown_in(query, metrics)))} == {}
    records = [{"record": f"panel:{i}", "expr": re.sub(r"\$__rate_interval", "1m", query).replace("$job", ".*").replace("$instance", ".*")}
               for i, (_, query) in enumerate(queries)]
    file = tmp_path / "queries.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": records}]}))
    promtool("check", "rules", str(file))


def test_the_dashboard_is_of_one_schema_and_of_any_data_source():
    dashboard = json.loads(DASHBOARD.read_text())
    assert dashboard["schemaVersion"] == SCHEMA_VERSION
    assert dashboard["uid"] == "tributary" and dashboard["id"] is None
    variables = {one["name"]: one for one in dashboard["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource" and variables["datasource"]["query"] == "prometheus"
    taken, numbers = set(), set()
    for panel in dashboard["panels"]:
        assert panel["type"] in ("row", "stat", "timeseries", "state-timeline", "table"), panel["title"]
        assert panel["id"] not in numbers
        numbers.add(panel["id"])
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert place["x"] + place["w"] <= 24 and not cells & taken, panel["title"]
        taken |= cells
        for part in [panel, *panel.get("targets", [])] if panel["type"] != "row" else []:
            assert part["datasource"] == {"type": "prometheus", "uid": "${datasource}"}, panel["title"]
