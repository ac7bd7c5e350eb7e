"""deploy/RUNBOOK.md: each alert and each reason has its place, and nothing is in it that is not there."""

import re

import pytest
import yaml

from peers.place import ROOT

PAGE = (ROOT / "deploy" / "RUNBOOK.md").read_text(encoding="utf-8")
RULES = sorted((ROOT / "deploy" / "prometheus").glob("*.yaml"))


def section(heading, page=PAGE):
    begin = page.index(f"\n## {heading}\n")
    end = page.find("\n## ", begin + 1)
    return page[begin:end if end > 0 else len(page)]


def rows(text):
    """{first cell: cells} of the table's rows that begin with a word of code."""
    return {cells[0].strip("`"): cells for line in text.splitlines() if line.startswith("| `")
            for cells in [[cell.strip() for cell in line.strip("|").split(" | ")]]}


def alerts_of(files):
    return [rule["alert"] for file in files for group in yaml.safe_load(file.read_text()).get("groups", [])
            for rule in group["rules"] if "alert" in rule]


def enumerated(path, kind):
    """The names of a C++ enumeration, without `none` and `count`."""
    body = re.search(rf"enum class {kind}[^{{]*\{{(.*?)\}};", (ROOT / path).read_text(encoding="utf-8"), re.DOTALL)[1]
    names = re.findall(r"\b(\w+)\b", re.sub(r"//.*", "", body))
    return [name for name in names if name not in ("none", "count")]


def faults(page, alerts):
    """Sentences: alerts without their place or with half of it, and places of alerts that are not there."""
    places = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", section("Alerts", page), re.MULTILINE | re.DOTALL))
    for alert in alerts:
        if alert not in places:
            yield f"{alert} has no place"
    for alert, text in places.items():
        if alert not in alerts:
            yield f"{alert} is no alert"
        if re.findall(r"^- \*\*(\w+):\*\* \S", text, re.MULTILINE) != ["Means", "Look", "Do"]:
            yield f"{alert}: expected what it means, what to look at, what to do"


def test_each_alert_has_its_place():
    alerts = alerts_of(RULES)
    assert len(alerts) >= 10 and len(alerts) == len(set(alerts))
    assert list(faults(PAGE, alerts)) == []


def test_each_alert_leads_here():
    for file in RULES:
        for group in yaml.safe_load(file.read_text()).get("groups", []):
            for rule in group["rules"]:
                if "alert" in rule:
                    assert rule["annotations"]["runbook_url"].endswith(f"deploy/RUNBOOK.md#{rule['alert'].lower()}"), rule["alert"]


@pytest.mark.parametrize("heading, path, kind", [
    ("Reasons: why a connection ended", "net/reason.hpp", "Reason"),
    ("Reasons: why an event was dropped", "event/ledger.hpp", "Dropped"),
])
def test_each_reason_has_its_row_and_no_other(heading, path, kind):
    names = enumerated(path, kind)
    table = rows(section(heading))
    assert len(names) > 10 and sorted(table) == sorted(names)
    assert all(len(cells) == 4 and all(cells) for cells in table.values()), "what it means, what to look at, what to do"


def losses():
    """As event::is_loss has it, which decides on the exit code."""
    source = (ROOT / "event" / "ledger.cpp").read_text(encoding="utf-8")
    return set(re.findall(r"Dropped::(\w+)", re.search(r"\bis_loss\(.*?return false;(.*?)return true;", source, re.DOTALL)[1]))


def test_each_loss_and_nothing_else_raises_the_alert():
    rule = next(rule for file in RULES for group in yaml.safe_load(file.read_text()).get("groups", []) for rule in group["rules"]
                if rule.get("alert") == "TributaryEventsLost")
    assert set(re.search(r'reason=~"([\w|]+)"', rule["expr"])[1].split("|")) == losses()


def test_what_is_lost_is_marked():
    named = losses()
    table = rows(section("Reasons: why an event was dropped"))
    assert named and {reason for reason, cells in table.items() if cells[1].startswith("**lost:**")} == named


def test_what_is_missing_is_found():
    alerts = alerts_of(RULES) or ["TributaryDown"]
    assert f"{alerts[0]} has no place" in list(faults(PAGE.replace(f"### {alerts[0]}\n", "### Other\n"), alerts))
    assert "Other is no alert" in list(faults(PAGE.replace(f"### {alerts[0]}\n", "### Other\n"), alerts))
    assert any("expected what it means" in fault for fault in faults(PAGE.replace("- **Look:**", "- **Seen:**", 1), alerts))
