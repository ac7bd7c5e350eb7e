#!/usr/bin/env python3
"""Writes the table of docs/RELIABILITY.md: takes in what the last run of the suite found out, and the results of earlier
runs for what it did not run.

    tests/faults/page.py             # takes in build/test-reports/faults/*.json, writes results.json and the page
    tests/faults/page.py --check     # changes nothing; 1 when the page is not what it would write
"""

import argparse
import json
import pathlib
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent))
from faults.rows import ROWS  # noqa: E402, below its folder

KEPT = HERE / "results.json"
PAGE = ROOT / "docs" / "RELIABILITY.md"
BEGIN, END = "<!-- written by tests/faults/page.py -->\n", "<!-- end of what is written -->\n"


def result_of(row, results):
    """The cell: what each test of the row found, when, and of which commit."""
    if not row.results:
        return "holds; part of every test run"
    told = []
    for name, words in row.results.items():
        if name in results:
            found = results[name]
            told.append(f"{words.format(**found['figures'])} ({found['date']}, `{found['commit']}`)")
    return "<br>".join(told) or "not measured yet"


def table(results):
    lines = ["| fault | promise | how it is shown | result |", "| --- | --- | --- | --- |"]
    for row in ROWS:
        tests = "<br>".join(f"`{test}`" for test in row.tests)
        lines.append(f"| {row.fault} | {row.promise} | {row.how}<br>{tests} | {result_of(row, results)} |")
    return "\n".join(lines) + "\n"


def written(page, results):
    """`page` with the table of these results in the place of the one that it has."""
    before, _, rest = page.partition(BEGIN)
    _, mark, after = rest.partition(END)
    assert mark, f"{PAGE} has no place for the table"
    return before + BEGIN + "\n" + table(results) + "\n" + END + after


def kept():
    return json.loads(KEPT.read_text()) if KEPT.is_file() else {}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("folder", nargs="?", type=pathlib.Path, default=ROOT / "build" / "test-reports" / "faults")
    arguments = parser.parse_args()
    page = PAGE.read_text()
    if arguments.check:
        good = written(page, kept()) == page
        print(f"{PAGE}: {'as the results say' if good else 'not what tests/faults/page.py writes'}")
        return 0 if good else 1
    results = kept()
    wanted = {name for row in ROWS for name in row.results}
    for path in sorted(arguments.folder.glob("*.json")):
        if path.stem in wanted:
            results[path.stem] = json.loads(path.read_text())
    KEPT.write_text(json.dumps({name: results[name] for name in sorted(wanted & results.keys())}, indent=1) + "\n")
    PAGE.write_text(written(page, results))
    missing = sorted(wanted - results.keys())
    print(f"{PAGE}: {len(wanted) - len(missing)} of {len(wanted)} results" + (f"; not measured yet: {', '.join(missing)}" if missing else ""))
    return 0


if __name__ == "__main__":
    sys.exit(main())
