"""Every link of the documents leads somewhere, in the project and after `make install`; what they name is there."""

import os
import re
import subprocess
import textwrap

import pytest
import yaml

from peers.place import PROGRAM, ROOT
from peers.program import run_once, write_config

#: the installed ones; what they link to must be installed with them
FOR_USERS = sorted({str(path.relative_to(ROOT)) for pattern in (ROOT / "deploy" / "package" / "documents").read_text().split()
                    for path in ROOT.glob(pattern) if path.suffix == ".md"})
OTHERS = sorted({str(path.relative_to(ROOT)) for folder in ROOT.iterdir() if folder.is_dir() and folder.name[0] != "." and
                 folder.name != "build" for path in folder.rglob("*.md") if "node_modules" not in path.parts} - set(FOR_USERS))
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def anchor_of(heading):
    """As GitHub makes it: lower case, no punctuation, dashes for spaces."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def anchors_of(text):
    return {anchor_of(line.lstrip("#")) for line in _FENCE.sub("", text).splitlines() if line.startswith("#")}


def broken(root, document):
    """The links of a document that lead nowhere below `root`."""
    path = root / document
    text = path.read_text(encoding="utf-8")
    found = []
    for target in _LINK.findall(_FENCE.sub("", text)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        linked = (path.parent / name).resolve() if name else path
        if not linked.is_relative_to(root.resolve()) or not linked.exists():
            found.append(target)
        elif anchor and (linked.suffix != ".md" or anchor not in anchors_of(linked.read_text(encoding="utf-8"))):
            found.append(target)
    return found


@pytest.mark.parametrize("document", FOR_USERS + OTHERS)
def test_every_link_leads_somewhere(document):
    assert broken(ROOT, document) == []


@pytest.mark.parametrize("document", FOR_USERS)
def test_every_page_that_is_named_is_in_the_project(document):
    """What is not installed is named by its path instead of a link."""
    text = _FENCE.sub("", (ROOT / document).read_text(encoding="utf-8"))
    named = re.findall(r"`([\w./-]+/[\w-]+\.md)`", text)
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_the_readme_begins_with_one_sentence_and_the_page_on_architecture_is_one_page():
    beginning = (ROOT / "README.md").read_text(encoding="utf-8").split("\n\n")[1]
    assert len(re.findall(r"[.!?](?:\s|$)", beginning)) == 1 and beginning[-1] == ".", beginning
    assert len((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").split()) <= 900


def test_a_broken_link_is_found(tmp_path):
    (tmp_path / "there.md").write_text("# It is\n## A `word`, and more\n```\n# Not this\n```\n")
    (tmp_path / "page.md").write_text("[a](there.md) [b](there.md#a-word-and-more) [c](#here) [d](https://example.org/x)\n# Here\n"
                                      "[e](gone.md) [f](there.md#not-this) [g](../outside.md) [h](#nowhere)\n")
    assert broken(tmp_path, "page.md") == ["gone.md", "there.md#not-this", "../outside.md", "#nowhere"]


def test_the_installed_documents_link_to_installed_ones_and_the_program_runs(tmp_path):
    done = subprocess.run(["make", "--silent", "install", f"PROGRAM={PROGRAM}", f"DESTDIR={tmp_path}", "PREFIX=/usr"], cwd=ROOT,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    documents = tmp_path / "usr" / "share" / "doc" / "tributary"
    assert {str(path.relative_to(documents)) for path in documents.rglob("*.md")} == set(FOR_USERS) > {"README.md", "docs/RECORDING.md"}
    assert {document: found for document in FOR_USERS if (found := broken(documents, document))} == {}
    installed = tmp_path / "usr" / "bin" / "tributary"
    reference = documents / "config" / "tributary.yaml"
    assert subprocess.run([installed, "schema", "reference"], capture_output=True, text=True).stdout == reference.read_text()
    assert (tmp_path / "etc" / "tributary").is_dir()


def test_each_remark_of_the_closed_list_has_its_row():
    """The list stands in the comment of the type; unit tests hold the page to the lists that are enumerations."""
    comment = (ROOT / "connectors" / "link" / "protocol.hpp").read_text(encoding="utf-8")
    told = re.search(r"static storage: ([\w,\s/]+)\. docs/TROUBLESHOOTING\.md", comment)
    codes = re.findall(r"\w+", told[1])
    page = (ROOT / "docs" / "TROUBLESHOOTING.md").read_text(encoding="utf-8")
    assert len(codes) >= 6 and [code for code in codes if f"\n| `{code}` |" not in page] == []
    said = {code for file in (ROOT / "connectors").rglob("*.cpp") if not file.name.endswith("_test.cpp")
            for code in re.findall(r'remarks\.push_back\(\s*\{"(\w+)"', file.read_text(encoding="utf-8"))}
    assert said and said <= set(codes), f"not in the list: {said - set(codes)}"


#: where a frame's fault is named, and where a dead letter is made; the name is a word in quotes
_FRAME_REASON = re.compile(r"\bmalformed_reason\s*=([^;]*);|\bmalformed\(([^,;]*),")
_LETTER_REASON = re.compile(r"\b(?:to_letter|letter_of|opening)\(([^;]*);|\bletter(?:->|\.)reason\s*=([^;]*);")
_NOTICE = re.compile(r"\bnotice\(([^,;]*),|\bnot(?:e|ice)\.type\s*=[^=]([^;]*);|\bnotices\.push_back\(\{([^,;]*),")


def named_in(sources, pattern):
    """The words in quotes in what `pattern` finds in the shipped sources of these folders."""
    return {word for folder in sources for file in sorted((ROOT / folder).rglob("*.cpp")) if not file.stem.endswith(("_test", "_benchmark"))
            for word in words_of(file.read_text(encoding="utf-8"), pattern)}


def words_of(text, pattern):
    return {word for found in pattern.finditer(text) for part in found.groups() if part for word in re.findall(r'"(\w+)"', part)}


def rows_of(page, heading, column):
    """What the first cells name in the table below `heading` whose first column is `column`."""
    section = (ROOT / "docs" / page).read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    table = section.partition(f"\n| {column} |")[2].partition("\n\n")[0]
    return set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))


def test_the_page_on_consuming_has_each_reason_of_a_dead_letter_and_no_other():
    frames = named_in(["connectors"], _FRAME_REASON)
    assert frames == rows_of("TROUBLESHOOTING.md", "Frames that nobody understands", "reason")
    letters = named_in(["relay", "spool", "sinks"], _LETTER_REASON)
    assert frames | letters == rows_of("CONSUMING.md", "Dead letters", "reason")


def test_the_page_on_consuming_has_each_event_of_the_relays_own_and_no_other():
    assert named_in(["connectors", "relay", "daemon"], _NOTICE) == rows_of("CONSUMING.md", "The relay's own events", "`type`")


@pytest.mark.parametrize("pattern, text, words", [
    (_FRAME_REASON, 'outcome.malformed_reason = deep ? "too_deep"\n : "not_json";', {"too_deep", "not_json"}),
    (_FRAME_REASON, 'return malformed(deep ? "too_deep" : "odd", json.explain("x"), outcome);', {"too_deep", "odd"}),
    (_LETTER_REASON, 'to_letter(item,\n large ? "too_large" : "refused", report.code);', {"too_large", "refused"}),
    (_LETTER_REASON, 'letter->reason = "spool_corrupt";', {"spool_corrupt"}),
    (_NOTICE, 'note.type = "gap"; if (notice.type == "other") notice("up", data, now); out.notices.push_back({"soon", "at"});',
     {"gap", "up", "soon"}),
])
def test_a_reason_is_found_wherever_it_is_named(pattern, text, words):
    assert words_of(text, pattern) == words


_YAML = re.compile(r"^( *)```yaml\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


def configurations_of(text):
    """The first yaml block of a page is whole; the sinks and routes of each further one are added to it, a sink that has
    no route gets one, and its other keys take the place of those there."""
    whole, *parts = [yaml.safe_load(textwrap.dedent(block)) for _, block in _YAML.findall(text)]
    yield whole
    for part in parts:
        sinks = part.get("sinks", {})
        routes = part.get("routes", [{"to": list(sinks)}] if sinks else [])
        yield {**whole, **part, "sinks": {**whole["sinks"], **sinks}, "routes": whole["routes"] + routes}


def told_by_check(folder, config):
    """All that `check` says of it, with every file and command there that it names."""
    folder.mkdir()
    for name in re.findall(r"file: ([\w.-]+)", yaml.safe_dump(config)):
        (folder / name).write_text("a-fake-secret\n")
        (folder / name).chmod(0o600)
    for name in re.findall(r"command:\n\s*- ([\w-]+)", yaml.safe_dump(config)):
        (folder / name).write_text("#!/bin/sh\necho a-fake-secret\n")
        (folder / name).chmod(0o700)
    done = run_once("check", "-c", write_config(folder, config), env={"PATH": f"{folder}:{os.environ['PATH']}"})
    return done.returncode, [line for line in (done.stdout + done.stderr).splitlines() if not line.startswith("ok ")]


def test_check_accepts_each_configuration_of_the_page_on_publishing(tmp_path):
    page = (ROOT / "docs" / "PUBLISHING.md").read_text(encoding="utf-8")
    configurations = list(configurations_of(page))
    assert len(configurations) == page.count("```yaml") >= 12
    for number, config in enumerate(configurations):
        assert told_by_check(tmp_path / str(number), config) == (0, []), config


def test_a_configuration_of_a_page_that_is_wrong_is_found(tmp_path):
    page = ("```yaml\nversion: 1\nconnectors:\n  hall: {type: stagecast, channel: x, auth: {token: {file: token}}}\n"
            "sinks:\n  it: {type: file, path: events.jsonl}\nroutes:\n  - {to: [it]}\n```\n"
            "1. A list\n   ```yaml\n   sinks:\n     screen: {type: stagecast, connector: hal}\n   ```\n")
    good, bad = configurations_of(page)
    assert told_by_check(tmp_path / "good", good) == (0, [])
    code, lines = told_by_check(tmp_path / "bad", bad)
    assert code == 2 and "no connector is named `hal`" in "".join(lines)
