"""The tables of EVIDENCE.md are sound, and whoever checks them would see it if not; the README names no test."""

import importlib.machinery
import importlib.util
import re
import subprocess
import sys
import threading
import xml.etree.ElementTree as xml

import pytest

import readme_table
from peers.place import ROOT

FOLDERS = ["gauge", "weir"]
EVIDENCE_FILE = ROOT / "tests" / "EVIDENCE.md"
UPSTREAMS = """
# A project

## Upstreams

Words before it.

| upstream | what is read | what is written | what is authenticated |
| --- | --- | --- | --- |
| [Gauge](../connectors/gauge/README.md) | levels: `Gauge.Reads` | `Gauge.Writes`, `Sets/Each.Writes/gauge` | `peers/gauge_test.py::test_a_key` |
| [Weir](../connectors/weir/README.md) | `Weir.Reads` | nothing: `peers/gauge_test.py::test_both[weir]` | `Weir.Knocks` |

## Another section

| `Not.Looked` | `At.All` |
"""
UNIT = """<testsuite>
<testcase name="Gauge.Reads" classname="Gauge.Reads" status="run"><system-out>ok</system-out></testcase>
<testcase name="Gauge.Writes" classname="Gauge.Writes" status="run"/>
<testcase name="Sets/Each.Writes/gauge" value_param="gauge" classname="x" status="run" result="completed"/>
<testcase name="Weir.Reads" classname="Weir.Reads" status="run"/>
<testcase name="Weir.Knocks" classname="Weir.Knocks" status="run"/>
<testcase name="Weir.Fails" classname="Weir.Fails" status="fail"><failure message="no"/></testcase>
<testcase name="Weir.Rests" classname="Weir.Rests" status="disabled"/>
<testcase name="Weir.Sleeps" classname="Weir" status="notrun" result="suppressed"/>
<testcase name="Weir.Skips" classname="Weir.Skips" status="run"><skipped/></testcase>
<testcase name="Twin.Here" classname="Twin.Here" status="run"/>
<testcase name="Twin.Here" classname="Twin.Here" status="run"/>
</testsuite>"""
PEERS = """<testsuites><testsuite>
<testcase classname="peers.gauge_test" name="test_a_key"/>
<testcase classname="peers.gauge_test" name="test_both[gauge]"><failure message="no"/></testcase>
<testcase classname="peers.gauge_test" name="test_both[weir]"/>
<testcase classname="peers.gauge_test" name="test_every[one]"/>
<testcase classname="peers.gauge_test" name="test_every[two]"/>
<testcase classname="peers.other_test" name="test_elsewhere"/>
</testsuite></testsuites>"""


def cases(text):
    return list(xml.fromstring(text).iter("testcase"))


def check(evidence=UPSTREAMS, unit=UNIT, **more):
    return readme_table.check(evidence, FOLDERS, {"unit.xml": cases(unit), "peers.xml": cases(PEERS), **more})


def faults(findings):
    return [str(finding) for finding in findings if not finding.good]


def test_every_name_is_told_with_its_report():
    findings = check()
    assert faults(findings) == []
    assert [str(finding) for finding in findings][:2] == [
        "passed  gauge, what is read: Gauge.Reads in unit.xml",
        "passed  gauge, what is written: Gauge.Writes in unit.xml"]
    assert len(findings) == 7


@pytest.mark.parametrize("name, fault", [
    ("Weir.Misspelt", "in none of unit.xml, peers.xml"),
    ("weir.reads", "in none of"),
    ("Weir", "in none of"),
    ("Sets/Each.Writes", "in none of"),  # which of them?
    ("not a test", "in none of"),
    ("", "in none of"),
    ("peers/gauge_test.py::test_a_ke", "in none of"),
    ("peers/gauge_test.py::test_elsewhere", "in none of"),
    ("peers/gauge_test.py", "in none of"),
    ("Weir.Fails", "in unit.xml: failure"),
    ("Weir.Skips", "in unit.xml: skipped"),
    ("Weir.Rests", "in unit.xml: disabled"),
    ("Weir.Sleeps", "in unit.xml: disabled"),
    ("Twin.Here", "it is the name of 2 tests"),
    ("peers/gauge_test.py::test_both", "in peers.xml: failure"),  # one of its parameters
    ("peers/gauge_test.py::test_both[gauge]", "in peers.xml: failure"),
])
def test_a_name_that_shows_nothing_is_found(name, fault):
    found = faults(check(UPSTREAMS.replace("`Weir.Knocks`", f"`{name}`")))
    assert len(found) == 1 and found[0].startswith("FAILED  weir, what is authenticated: ") and fault in found[0], found


def test_all_parameters_of_a_test_are_one_name():
    assert faults(check(UPSTREAMS.replace("`Weir.Knocks`", "`peers/gauge_test.py::test_every`"))) == []


def test_a_test_that_passed_in_one_suite_and_failed_in_another_has_failed():
    again = UNIT.replace('name="Weir.Reads" classname="Weir.Reads" status="run"', 'name="Weir.Reads" status="fail"')
    found = faults(check(**{"again.xml": cases(again)}))
    assert found == ["FAILED  weir, what is read: Weir.Reads in again.xml: fail"]


@pytest.mark.parametrize("whole, spoiled, place", [
    ("`Weir.Knocks`", "", "weir, what is authenticated: 0 tests"),
    ("`Weir.Knocks`", "as one does", "weir, what is authenticated: 0 tests"),
    ("`Weir.Knocks`", "`Weir.Knocks`, `Weir.Reads`, `Gauge.Reads`, `Gauge.Writes`", "weir, what is authenticated: 4 tests"),
    ("| `Weir.Knocks` |", "|", "weir: 2 cells"),
    ("[Weir](../connectors/weir/README.md)", "Weir", "weir: no row"),
    ("connectors/weir/", "connectors/sluice/", "sluice: a row of no connector"),
    ("connectors/weir/", "connectors/gauge/", "gauge: a row of no connector, or a second one"),
    ("what is written", "what is said", "## Upstreams: no table"),
    ("## Upstreams", "## Sources", "## Upstreams: no table"),
    ("| --- | --- | --- | --- |\n", "", "## Upstreams: no table"),
])
def test_a_table_with_a_hole_is_found(whole, spoiled, place):
    spoilt = UPSTREAMS.replace(whole, spoiled)
    assert spoilt != UPSTREAMS
    found = faults(check(spoilt))
    assert any(f"FAILED  {place}" in fault for fault in found), found


def test_without_reports_nothing_is_shown():
    findings = readme_table.check(UPSTREAMS, FOLDERS, {})
    assert len(findings) == len(faults(findings)) == 7
    assert "no reports at all" in str(findings[0])


def test_the_projects_own_table_has_a_row_for_each_connector_and_names_in_each_cell(tmp_path):
    """What it names is looked for after the suites; here it is enough that it can be looked for."""
    evidence = EVIDENCE_FILE.read_text(encoding="utf-8")
    names = {name for _, row in readme_table.rows_of(evidence) for cell in row for name in re.findall(r"`([^`]*)`", cell)}
    names |= {name for line in evidence.split("\n") if line.startswith("|")
              for name in re.findall(r"`([^`]*)`", line.strip("| ").rpartition("|")[2])}
    suite = xml.Element("testsuite")
    for name in names:
        file, _, test = name.partition(".py::")
        xml.SubElement(suite, "testcase", name=test or name, classname=file.replace("/", "."))
    xml.ElementTree(suite).write(tmp_path / "all.xml")
    assert faults(readme_table.check_files(EVIDENCE_FILE, tmp_path)) == []


def test_as_a_program_it_ends_with_1_when_a_name_is_missing(tmp_path):
    done = subprocess.run([sys.executable, ROOT / "tests" / "readme_table.py", "--all", EVIDENCE_FILE, tmp_path],
                          capture_output=True, text=True)
    assert done.returncode == 1
    assert {line.split()[0] for line in done.stdout.splitlines()} == {"FAILED"} and not done.stderr


README = """
Reads [Gauge](connectors/gauge/README.md) and [Weir](connectors/weir/README.md): `level`, `a.b`, `tributary check`,
`security.ca_file`, `docs/README.md`.
"""


@pytest.mark.parametrize("whole, spoiled, fault", [
    ("level", "level", None),
    ("connectors/weir/", "connectors/sluice/", "no link to connectors/weir/README.md"),
    ("`level`", "`Gauge.Reads`", "Gauge.Reads: which test"),
    ("`level`", "`Sets/Each.Writes/gauge`", "Sets/Each.Writes/gauge: which test"),
    ("`level`", "`peers/gauge_test.py::test_both[weir]`", "peers/gauge_test.py::test_both[weir]: which test"),
])
def test_the_readme_names_each_connector_and_no_test(whole, spoiled, fault):
    found = faults(readme_table.check_readme(README.replace(whole, spoiled), FOLDERS))
    assert len(found) == (fault is not None) and all(fault in each for each in found), found


EVIDENCE = """
# What shows what

| kind | tests |
| --- | --- |
| a level in `feet` | `Gauge.Reads`, `peers/gauge_test.py::test_every` |
| a door | `Weir.Knocks` |

| not looked at | words |
| --- | --- |
| `Not.Looked` | `At.All` |
"""


def check_evidence(text):
    return readme_table.check_evidence(text, {"unit.xml": cases(UNIT), "peers.xml": cases(PEERS)})


def test_each_name_in_the_last_column_of_a_table_of_evidence_is_looked_for():
    findings = check_evidence(EVIDENCE)
    assert faults(findings) == []
    assert [str(finding) for finding in findings] == [
        "passed  EVIDENCE.md:6: Gauge.Reads in unit.xml",
        "passed  EVIDENCE.md:6: peers/gauge_test.py::test_every in peers.xml",
        "passed  EVIDENCE.md:7: Weir.Knocks in unit.xml"]


@pytest.mark.parametrize("whole, spoiled, fault", [
    ("`Weir.Knocks`", "`Weir.Knock`", "EVIDENCE.md:7: Weir.Knock: in none of unit.xml, peers.xml"),
    ("`Weir.Knocks`", "`Weir.Fails`", "EVIDENCE.md:7: Weir.Fails in unit.xml: failure"),
    ("`Weir.Knocks`", "it does", "EVIDENCE.md:7: no test is named"),
    ("| tests |", "| shown |", "EVIDENCE.md: no table ends in a column `tests`"),
])
def test_evidence_that_shows_nothing_is_found(whole, spoiled, fault):
    assert faults(check_evidence(EVIDENCE.replace(whole, spoiled))) == [f"FAILED  {fault}"]


@pytest.fixture
def project(tmp_path):
    """A project with one file of tests and one of each kind of room."""
    for name in ("tests/peers", "connectors/weir", "sinks/kafka"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "sinks" / "kafka" / "words.cpp").touch()
    (tmp_path / "connectors" / "weir" / "protocol.hpp").touch()
    (tmp_path / "tests" / "peers" / "slow_test.py").write_text(
        "@pytest.mark.long\ndef test_long():\n    pass\n\n"
        "@pytest.mark.parametrize('a', [1, pytest.param(2, marks=pytest.mark.long)])\ndef test_half(a):\n    pass\n\n"
        "@pytest.mark.quick\ndef test_quick():\n    pass\n")
    return tmp_path


@pytest.mark.parametrize("name, everything, words", [
    ("peers/slow_test.py::test_long", False, "passed  EVIDENCE.md:7: peers/slow_test.py::test_long is in the long tier"),
    ("peers/slow_test.py::test_half[2]", False, "passed  EVIDENCE.md:7: peers/slow_test.py::test_half[2] is in the long tier"),
    ("peers/slow_test.py::test_long", True, "FAILED  EVIDENCE.md:7: peers/slow_test.py::test_long: in none of unit.xml, peers.xml"),
    ("peers/slow_test.py::test_quick", False, "FAILED  EVIDENCE.md:7: peers/slow_test.py::test_quick: no test of the long tier"),
    ("peers/slow_test.py::test_gone", False, "FAILED  EVIDENCE.md:7: peers/slow_test.py::test_gone: no test of the long tier"),
    ("peers/gone_test.py::test_long", False, "FAILED  EVIDENCE.md:7: peers/gone_test.py::test_long: no test of the long tier"),
    ("Weir.Gone", False, "FAILED  EVIDENCE.md:7: Weir.Gone: no test of the long tier"),
])
def test_a_test_of_the_long_tier_is_looked_up_in_a_run_of_all_and_is_there_in_every_run(project, name, everything, words):
    text = EVIDENCE.replace("`Weir.Knocks`", f"`{name}` (long)")
    found = readme_table.check_evidence(text, {"unit.xml": cases(UNIT), "peers.xml": cases(PEERS)}, everything, project)
    assert str(found[-1]) == words and len(found) == 3


def test_a_test_of_the_long_tier_that_is_not_marked_so_is_in_none_of_the_reports(project):
    text = EVIDENCE.replace("`Weir.Knocks`", "`peers/slow_test.py::test_long`")
    assert faults(readme_table.check_evidence(text, {"unit.xml": cases(UNIT), "peers.xml": cases(PEERS)}, False, project))


@pytest.mark.parametrize("room, missing", [
    ("sinks, weir (`protocol`), sinks (`kafka/words`, `kafka`), every connector", []),
    ("all", []),
    ("weir (`session`)", ["weir (`session`)"]),
    ("event (`ledger`)", ["event"]),
    ("sinks (kafka)", ["sinks (kafka)"]),
    ("sinks (`kafka/verdict`), sluice", ["sinks (`kafka/verdict`)", "sluice"]),
])
def test_a_room_that_is_not_there_is_found(project, room, missing):
    text = f"| what | rooms mended | tests |\n| --- | --- | --- |\n| a door | {room} | `Weir.Knocks` |\n"
    assert faults(readme_table.check_places(text, project)) == [f"FAILED  EVIDENCE.md:3: there is no {name}" for name in missing]


def test_a_file_that_is_not_there_is_found(project):
    text = "See `sinks/kafka/words.cpp`, `sinks/EVENT.md` and `word`.\n\n| `a/b.md` | tests |\n| --- | --- |\n| `sinks/gone/` | `a/b.py` |\n"
    assert faults(readme_table.check_places(text, project)) == [
        f"FAILED  EVIDENCE.md:{place}" for place in ("5: there is no sinks/gone/", "1: there is no sinks/EVENT.md")]


@pytest.fixture
def run():
    loader = importlib.machinery.SourceFileLoader("run_of_the_tests", str(ROOT / "tests" / "run"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


def test_the_table_is_the_last_suite_and_fails_the_run(run, tmp_path, monkeypatch):
    for everything in (False, True):
        *others, last = run.plan(everything)
        assert last.name == "evidence" and set(last.needs) == {suite.name for suite in others}
    monkeypatch.setattr(run, "REPORTS", tmp_path)
    counts = last.run()
    assert counts.passed == 0 and counts.failed == len(counts.faults) >= 15


def test_a_suite_that_waits_runs_beside_one_that_computes_and_after_what_it_needs(run, tmp_path, monkeypatch, capsys):
    """Each of the two in the middle ends only when the other has begun; what they need has ended before."""
    monkeypatch.setattr(run, "REPORTS", tmp_path)
    order, met = [], threading.Barrier(2)

    def suite(name, *needs, waits=False, meets=False):
        def work():
            order.append(name)
            if meets:
                met.wait(30)
            run.say(f"words of {name}")
            return run.Counts(1)
        return run.Suite(name, work, needs, waits)

    suites = run.Run([suite("tests that wait", "a build", waits=True, meets=True), suite("a build"),
                      suite("another build", meets=True), suite("the end", "tests that wait", "another build")])
    suites.all()
    assert order[0] == "a build" and order[3] == "the end"
    assert suites.total.passed == 4 and suites.total.failed == 0 and len(suites.rows) == 4
    printed = capsys.readouterr().out
    assert all(f"words of {name}" in printed for name in order) and "4 of 4 suites" in printed


def test_a_suite_that_breaks_has_failed_and_the_others_run(run, tmp_path, monkeypatch):
    monkeypatch.setattr(run, "REPORTS", tmp_path)

    def breaks():
        raise ValueError("a fault of the suite itself")
    suites = run.Run([run.Suite("broken", breaks), run.Suite("sound", lambda: run.Counts(1), ("broken",))])
    suites.all()
    assert (suites.total.passed, suites.total.failed) == (1, 1)
    assert suites.total.faults == ["broken: ValueError('a fault of the suite itself')"]
