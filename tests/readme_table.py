#!/usr/bin/env python3
"""tests/EVIDENCE.md says which test shows what. Are those tests there, and did they pass?

`tests/readme_table.py [--all] [EVIDENCE [REPORTS]]` prints a line for each name and ends with 1 when one is not good; it is
the last suite of `tests/run`. Everything in backticks in a cell of the table of upstreams, and in the last column, `tests`,
of every other table, is a test: `Suite.Test` as GoogleTest calls it, or `folder/file_test.py::test_name` below tests/, with
all its parameters or, with `[…]` behind it, one of them. A name that no report has is a failure: the tables are looked at
after the suites they name, never instead of them. A name with `(long)` behind it is of the long tier: only with --all must
a report have it; else it is enough that there is such a test, with the mark of that tier. The files and folders that
EVIDENCE.md names are there, too. README.md, which is for users, names each connector and no test.
"""

import argparse
import ast
import collections
import pathlib
import re
import sys
import xml.etree.ElementTree as xml

ROOT = pathlib.Path(__file__).resolve().parents[1]
HEADING = "## Upstreams"
COLUMNS = ("what is read", "what is written", "what is authenticated")
MOST = 3  #: names in a cell

_UNIT = re.compile(r"(?:\w+/)?[A-Z]\w*\.[A-Z]\w*(?:/\w+)?")  #: a test as GoogleTest calls it
_PYTHON = re.compile(r"(?P<file>[\w/]+_test)\.py::(?P<test>test_\w+)(?P<parameters>\[.*\])?")
_NAME = re.compile(r"`([^`]*)`( \(long\))?")
_PATH = re.compile(r"[\w.-]+(?:/[\w.-]+)*/?")  #: of a file or folder of the project
_ROOM = re.compile(r"(?P<folder>\w+)(?: \((?P<files>[^)]*)\))?")
_LINK = re.compile(r"\[[^\]]+\]\(\.\./connectors/(\w+)/README\.md\)")


class Finding(collections.namedtuple("Finding", "place words good")):
    """`place`: which cell; `words`: the test and its report, or what is wrong."""

    def __str__(self):
        return f"{'passed' if self.good else 'FAILED'}  {self.place}: {self.words}"


def fault_of(case):
    """What kept this test of a JUnit report from passing; "" when nothing did."""
    for child in case:
        if child.tag in ("failure", "error", "skipped"):
            return child.tag
    status = case.get("status")
    if case.get("result") in ("suppressed", "skipped"):  # GoogleTest's words for a disabled test and one that gave up
        return "disabled" if case.get("result") == "suppressed" else "skipped"
    return status if status in ("fail", "notrun", "disabled") else ""


def rows_of(evidence):
    """(upstream's folder, cells) of each line of the table; the first cell itself where it links to no README. None: no
    table."""
    section = evidence.partition(f"\n{HEADING}\n")[2].partition("\n## ")[0]
    lines = [line.strip() for line in section.split("\n") if line.lstrip().startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    if len(rows) < 3 or tuple(rows[0][1:]) != COLUMNS or any(set(cell) - set("-: ") for cell in rows[1]):
        return None
    return [(found[1] if (found := _LINK.fullmatch(row[0])) else row[0], row[1:]) for row in rows[2:]]


def is_named(case, name):
    """Whether a case of a report is what this name means."""
    called = case.get("name", "")
    if (python := _PYTHON.fullmatch(name)) is None:
        return called == name
    module = python["file"].replace("/", ".")
    if case.get("classname") != module:
        return False
    return called == python["test"] + (python["parameters"] or "") or (
        python["parameters"] is None and called.startswith(python["test"] + "["))


def is_long(name, root=ROOT):
    """Whether this is a test in Python that has a mark of the long tier, on itself, one of its parameters, or its file."""
    python = _PYTHON.fullmatch(name)
    file = python and root / "tests" / f"{python['file']}.py"
    if not python or not file.is_file():
        return False
    tree = ast.parse(file.read_text(encoding="utf-8"))
    found = next((node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == python["test"]), None)
    marked = [node.value for node in tree.body if isinstance(node, ast.Assign) and
              "pytestmark" in (target.id for target in node.targets if isinstance(target, ast.Name))]
    return found is not None and any("pytest.mark.long" in ast.unparse(mark) for mark in [*found.decorator_list, *marked])


def judge(place, name, reports, long=False, everything=True, root=ROOT):
    """One finding for each report that has the test, or the one that none has it."""
    findings = []
    for report, cases in reports.items():
        meant = [case for case in cases if is_named(case, name)]
        if not meant:
            continue
        faults = sorted({fault_of(case) for case in meant} - {""})
        if len(meant) > 1 and "::" not in name:
            faults.append(f"it is the name of {len(meant)} tests; name one that is alone")
        findings.append(Finding(place, f"{name} in {report}" + "".join(f": {fault}" for fault in faults), not faults))
    if long and not is_long(name, root):
        findings.append(Finding(place, f"{name}: no test of the long tier", False))
    elif long and not findings and not everything:
        return [Finding(place, f"{name} is in the long tier", True)]
    return findings or [Finding(place, f"{name}: in none of {', '.join(reports) or 'no reports at all'}", False)]


def check(evidence, folders, reports):
    """Findings about the table in this text. `folders`: of the connectors; `reports`: name -> cases of a JUnit report."""
    rows = rows_of(evidence)
    if rows is None:
        return [Finding(HEADING, f"no table of {', '.join(COLUMNS)}", False)]
    told = [folder for folder, _ in rows]
    findings = [Finding(folder, "no row of the table links to its README", False) for folder in folders if folder not in told]
    for folder, cells in rows:
        if folder not in folders or told.count(folder) > 1:
            findings.append(Finding(folder, "a row of no connector, or a second one", False))
        if len(cells) != len(COLUMNS):
            findings.append(Finding(folder, f"{len(cells)} cells", False))
        for column, cell in zip(COLUMNS, cells):
            place, names = f"{folder}, {column}", re.findall(r"`([^`]*)`", cell)
            if not 1 <= len(names) <= MOST:
                findings.append(Finding(place, f"{len(names)} tests are named, expected 1 to {MOST}", False))
            for name in names:
                findings += judge(place, name, reports)
    return findings


def tables_of(text):
    """(number of the line, names of the columns, cells) of each row of each table."""
    columns = None
    for number, line in enumerate(text.split("\n"), 1):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else None
        if cells is None or columns is None:
            columns = cells
        elif set(cells[-1]) - set("-: "):
            yield number, columns, cells


def check_evidence(text, reports, everything=True, root=ROOT):
    """Findings about the tables that end in a column `tests`: each row names at least one."""
    findings, tables = [], False
    for number, columns, cells in tables_of(text):
        if columns[-1] == "tests":
            tables, place, names = True, f"EVIDENCE.md:{number}", _NAME.findall(cells[-1])
            findings += [finding for name, long in names for finding in judge(place, name, reports, bool(long), everything, root)]
            if not names:
                findings.append(Finding(place, "no test is named", False))
    return findings if tables else [Finding("EVIDENCE.md", "no table ends in a column `tests`", False)]


def missing_of(room, root):
    """What a cell of a column of rooms names and the project does not have."""
    rest = _ROOM.sub("", room.replace("every connector", "")).strip(", ")
    missing = [rest] if rest else []
    for one in _ROOM.finditer(room.replace("every connector", "")):
        folder = next((place for place in (root / one["folder"], root / "connectors" / one["folder"]) if place.is_dir()), None)
        if folder is None:
            missing.append(one["folder"])
            continue
        for name in re.split(r", ", one["files"] or ""):
            bare = name.strip("`")
            if name and not (name == f"`{bare}`" and _PATH.fullmatch(bare) and
                             any(True for end in ("", ".*") for _ in folder.rglob(bare + end))):
                missing.append(f"{one['folder']} ({name})")
    return missing


def check_places(text, root=ROOT):
    """The faults of an EVIDENCE.md: a file or folder that it names is not there. Nothing is told of what is good."""
    missing = []
    for number, columns, cells in tables_of(text):
        for column, cell in zip(columns, cells):
            if column.startswith("rooms"):
                missing += [(number, name) for name in missing_of(cell, root) if cell != "all"]
            elif column != "tests":
                missing += [(number, name) for name in paths_in(cell) if not (root / name).exists()]
    for number, line in enumerate(text.split("\n"), 1):
        if not line.startswith("|"):
            missing += [(number, name) for name in paths_in(line) if not (root / name).exists()]
    return [Finding(f"EVIDENCE.md:{number}", f"there is no {name}", False) for number, name in missing]


def paths_in(text):
    return [name for name in re.findall(r"`([^`]*)`", text) if "/" in name and _PATH.fullmatch(name) and
            not _UNIT.fullmatch(name)]


def check_readme(readme, folders):
    """The faults of a README: each connector is linked, no test is named. Nothing is told of what is good."""
    missing = [folder for folder in folders if f"](connectors/{folder}/README.md)" not in readme]
    named = [name for name in re.findall(r"`([^`\n]*)`", readme) if _PYTHON.fullmatch(name) or _UNIT.fullmatch(name)]
    return ([Finding("README.md", f"no link to connectors/{folder}/README.md", False) for folder in missing] +
            [Finding("README.md", f"{name}: which test shows what stands in tests/EVIDENCE.md", False) for name in named])


def check_files(evidence, reports, everything=True, root=ROOT):
    """The same of files: an EVIDENCE.md, the project's README.md and a folder of reports."""
    folders = sorted(file.parent.name for file in (root / "connectors").glob("*/factory.hpp"))
    cases = {file.name: list(xml.parse(file).iter("testcase")) for file in sorted(pathlib.Path(reports).glob("*.xml"))}
    text = pathlib.Path(evidence).read_text(encoding="utf-8")
    readme = (root / "README.md").read_text(encoding="utf-8")
    return (check(text, folders, cases) + check_evidence(text, cases, everything, root) + check_places(text, root) +
            check_readme(readme, folders))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true", help="the reports are of a run of `tests/run --all`")
    parser.add_argument("evidence", nargs="?", default=ROOT / "tests" / "EVIDENCE.md")
    parser.add_argument("reports", nargs="?", default=ROOT / "build" / "test-reports")
    arguments = parser.parse_args()
    findings = check_files(arguments.evidence, arguments.reports, arguments.all)
    print("\n".join(map(str, findings)))
    return 0 if all(finding.good for finding in findings) else 1


if __name__ == "__main__":
    sys.exit(main())
