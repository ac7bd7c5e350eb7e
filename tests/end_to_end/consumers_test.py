"""The consumers of docs/consumers, on what the relay wrote: each acts once on an event, however often it is in the topic."""

import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys

import pytest

from peers.place import PATIENCE, ROOT, TOOLS, wait_until
from peers.program import Tributary, kafka as kafka_sink, streamelements
from peers.ws_server import Simulated

CONSUMERS = ROOT / "docs" / "consumers"
EVENTS = 60
REPEATS = EVENTS // 5
#: the commands of docs/CONSUMING.md, by language
COMMANDS = {words[0].removesuffix("3"): words for words in map(shlex.split, re.search(
    r"```sh\n(python3 .*?)```", (ROOT / "docs" / "CONSUMING.md").read_text(encoding="utf-8"), re.DOTALL)[1].splitlines())}


def prepared(folder, libraries):
    """The folder in which the page's commands are typed: the consumers, and what each needs."""
    for file in CONSUMERS.iterdir():
        shutil.copy(file, folder)
    (folder / "node_modules").symlink_to(TOOLS / "node-consumers" / "node_modules")
    (folder / "libs").symlink_to(libraries)
    return {**os.environ, "PATH": f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}"}


@pytest.fixture
def written(work, kafka, topics):
    """What a simulated show left in the topic, read back by an independent client: a fifth of it is there twice,
    because the relay was told to remember no ids."""
    topics.create(kafka)
    with Simulated("streamelements", ("--rate", "200", "--events", str(EVENTS)), duplicate_every=5, pace="even") as simulator:
        url = f"ws://127.0.0.1:{simulator.port}/socket.io/"
        config = {"connectors": {"main": streamelements(url, token_file=work / "token", dedupe={"ids": 0})},
                  "sinks": {"events": kafka_sink(kafka.bootstrap(), topics=dict(topics))}, "routes": [{"to": ["events"]}]}
        with Tributary(work / "relay", config) as relay:
            records = kafka.read_topic(topics["events"], EVENTS + REPEATS)
            relay.stop()
    events = [json.loads(record.value) for record in records]
    assert len(events) == EVENTS + REPEATS and len({event["_id"] for event in events}) == EVENTS
    return events


def lines(path):
    return path.read_text().splitlines() if path.exists() else []


def test_the_page_has_a_command_for_each_consumer():
    assert sorted(COMMANDS) == ["java", "node", "python"]
    assert {words[-4] for words in COMMANDS.values()} == {file.name for file in CONSUMERS.iterdir() if file.suffix != ".json"}


@pytest.mark.parametrize("language", sorted(COMMANDS))
def test_acts_once_on_each_event_and_knows_repeats(work, kafka, topics, written, language):
    folder = work / "consumer"
    folder.mkdir()
    environment = prepared(folder, kafka.libraries)
    *command, brokers, topic, group = COMMANDS[language]
    assert (brokers, topic) == ("localhost:9092", "stream.events")
    command += [kafka.bootstrap(), topics["events"], group]
    out, err = folder / "out", folder / "err"
    with out.open("w") as shown, err.open("w") as told:
        running = subprocess.Popen(command, stdout=shown, stderr=told, cwd=folder, env=environment)
    try:
        def repeats():
            return [line.split()[1] for line in lines(err) if line.startswith("repeat ")]
        wait_until(lambda: len(lines(out)) + len(repeats()) >= len(written), 60,
                   lambda: f"all {len(written)} records: {out.read_text()[-1000:]} {err.read_text()[-3000:]}")
        running.send_signal(signal.SIGTERM)
        assert running.wait(20 * PATIENCE) in (0, 143), err.read_text()  # 143: how Java says that SIGTERM ended it
    finally:
        running.kill()
        running.wait()
    ids = [line.split()[1] for line in lines(out)]
    assert len(ids) == len(set(ids)) == EVENTS, "acted twice"
    assert {(line.split()[0], line.split()[1]) for line in lines(out)} == {(event["type"], event["_id"]) for event in written}
    assert len(repeats()) == REPEATS and set(repeats()) <= set(ids)
    if language == "java":
        for line in lines(out):
            assert json.loads(line.split(" ", 2)[2])["_id"] == line.split()[1]
    else:
        tip = next(event for event in written if event["type"] == "tip")
        assert f"tip {tip['_id']} {tip['data']['displayName']} {tip['data']['amount']} {tip['data']['currency']}" in lines(out)


def rows_of_the_table():
    """{(type, upstream): [(amount, currency)]} of docs/CONSUMING.md, names in lower case."""
    page = (ROOT / "docs" / "CONSUMING.md").read_text(encoding="utf-8")
    section = page.partition("\n## Types, and the unit of `amount`\n")[2].partition("\n## ")[0]
    rows = {}
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 5 and cells[0].startswith("`"):
            rows.setdefault((cells[0].strip("`"), cells[1].lower()), []).append((cells[3], cells[4]))
    return rows


def test_what_simulated_shows_bring_has_its_unit_in_the_table(work):
    """Of the two upstreams whose events have an amount."""
    rows = rows_of_the_table()
    options = ("--rate", "3000", "--events", "4000")
    with Simulated("streamelements", options, pace="even") as stage, Simulated("dlive", options, pace="even") as arcade:
        config = {"connectors": {"main": streamelements(f"ws://127.0.0.1:{stage.port}/socket.io/"),
                                 "arcade": {"type": "dlive", "url": f"ws://127.0.0.1:{arcade.port}", "streamers": ["ada"]}},
                  "sinks": {"events": {"type": "file", "path": "events.jsonl"}}, "routes": [{"to": ["events"]}]}
        with Tributary(work, config) as relay:
            file = work / "events.jsonl"
            wait_until(lambda: len(lines(file)) >= 8000, 60, lambda: f"8,000 events, there are {len(lines(file))}")
            relay.stop()
    seen = {}
    for line in lines(file):
        event = json.loads(line)
        seen.setdefault((event["type"], event["relay"]["source"]), set()).add(
            ("amount" in event["data"], event["data"].get("currency")))
    assert len(seen) > 30 and set(seen) <= set(rows), set(seen) - set(rows)
    for name, kinds in seen.items():
        for has_amount, currency in kinds:
            assert any((amount != "none") == has_amount and (unit == "none") == (currency is None) and
                       (currency is None or unit.startswith("the currency") or f"`{currency}`" in unit)
                       for amount, unit in rows[name]), f"{name}: amount {has_amount}, currency {currency}: {rows[name]}"
