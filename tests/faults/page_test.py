"""docs/RELIABILITY.md is what the results say, and each test that it names is there. Needs neither program nor broker."""

import json
import re

import pytest

from faults import page, results
from faults.rows import ROWS, Row
from peers.place import ROOT


def test_the_page_is_what_the_results_say():
    assert page.written(page.PAGE.read_text(), page.kept()) == page.PAGE.read_text(), "run tests/faults/page.py"


def test_a_page_that_was_changed_by_hand_is_found():
    text = page.PAGE.read_text()
    assert page.written(text.replace("| kill -9 of the relay", "| The relay never dies", 1), page.kept()) == text


def missing(rows):
    """Names of tests that no file has."""
    units = {f"{suite}.{name}" for folder in ROOT.iterdir() if folder.is_dir() and folder.name not in ("build", ".git")
             for file in folder.rglob("*_test.cpp")
             for suite, name in re.findall(r"^TEST(?:_[FP])?\(\s*(\w+),\s*(\w+)\)", file.read_text(), re.MULTILINE)}
    found = []
    for name in {name for row in rows for name in row.tests}:
        file, _, test = name.partition("::")
        path = ROOT / "tests" / file
        there = path.is_file() and f"\ndef {test}(" in path.read_text() if test else name in units
        found += [] if there else [name]
    return sorted(found)


def test_every_test_that_the_table_names_is_there():
    assert missing(ROWS) == []


def test_a_name_that_no_file_has_is_found():
    row = Row("f", "p", "h", ("faults/oracle_test.py::test_nothing", "Outbox.Nothing", "faults/gone_test.py::test_it"))
    assert missing([row]) == sorted(row.tests)


def test_every_figure_that_the_table_wants_is_told(tmp_path, monkeypatch):
    """By each `tell` of a test, as far as it can be seen: a result without one of its figures would end the page."""
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    results.tell("kill_0ms", kills=20, written=1000)
    kept = json.loads((tmp_path / "kill_0ms.json").read_text())
    assert kept["figures"] == {"kills": 20, "written": 1000} and kept["commit"] and kept["date"]
    with pytest.raises(KeyError):
        page.result_of(next(row for row in ROWS if "kill_0ms" in row.results), {"kill_0ms": kept})
