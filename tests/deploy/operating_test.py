"""docs/OPERATING.md: its commands are run beside a running relay, and print what the page says."""

import contextlib
import os
import re
import signal
import subprocess
import time

import pytest

from deploy.runbook_test import RULES, alerts_of
from peers.place import PATIENCE, PROGRAM, ROOT, free_port, wait_until
from peers.program import Tributary, kafka as kafka_sink, run_once, streamelements
from peers.ws_server import Simulated

PAGE = (ROOT / "docs" / "OPERATING.md").read_text(encoding="utf-8")
PORT = 9464  #: of the admin port, on the page
#: what goes on until it is ended
ENDLESS = ("tributary status --watch", "tributary tap")


def blocks(page):
    """(commands, what they print or None) of each `sh` block; and the text of blocks that follow no command."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    commands, others, last = [], [], None
    for language, text in found:
        if language == "sh":
            last = [text.splitlines(), None]
            commands.append(last)
        elif last and last[1] is None:
            last[1] = "" if language == "text" else text  # an example, of names and numbers of its own
        else:
            others.append(text)
    return commands, others


COMMANDS, OTHERS = blocks(PAGE)
LINES = sorted({line for lines, _ in COMMANDS for line in lines})


def shape(line):
    """A line without what is of one run: numbers, ids, times, names of files; what is left must be as on the page."""
    line = re.sub(r"\btest-\w+-\d+\.", "stream.", line)
    line = re.sub(r"\b(?:[0-9a-f]{24}|[0-9A-HJKMNP-TV-Z]{8,})\b|\b\d[\d.:,-]*(?:/s)?", "0", line)
    line = re.sub(r"\b0 (?:ms|s|min|h|d|B|KiB|MiB|GiB)\b", "0", line)
    line = re.sub(r"\b(?:INIT|DOWN|CONNECT|TRY_CONNECT)\b", "STATE", line)
    line = re.sub(r"(?<= )-(?= |$)", "0", line)  # no value yet
    line = re.sub(r"(?:[\w./-]*/)?(tributary\.yaml|events\.spool)", r"\1", line)
    return re.sub(r"\s+", " ", line).strip()


def differences(text, printed):
    """The lines of the page's block that were not printed, in its order."""
    left = [shape(line) for line in printed.splitlines()]
    missing = []
    for line in text.splitlines():
        if not line.strip():
            continue
        if shape(line) in left:
            del left[:left.index(shape(line)) + 1]
        else:
            missing.append(line)
    return missing


def options_of(*command):
    done = run_once(*command, "--help")
    assert done.returncode == 0, f"tributary {' '.join(command)} --help: {done.stderr}"
    return set(re.findall(r"(?<![\w-])(--?[\w-]+)", done.stdout))


@pytest.mark.parametrize("line", [line for line in LINES if line.startswith("tributary ")])
def test_each_command_and_option_is_there(line):
    _, word, *rest = line.split()
    if word.startswith("-"):
        word, rest = None, [word, *rest]
    known = options_of(*([word] if word else []))
    assert [option for option in rest if option.startswith("-") and option not in known] == []


def test_each_alert_that_is_named_is_there():
    named = set(re.findall(r"`(Tributary[A-Z]\w+)`", PAGE))
    assert named and named <= set(alerts_of(RULES))


def test_each_path_that_is_named_is_there():
    named = set(re.findall(r"`(deploy/[\w/.-]+)`", PAGE))
    assert named and [path for path in named if not (ROOT / path).exists()] == []


def test_each_key_that_is_named_is_of_the_configuration():
    reference = (ROOT / "config" / "tributary.yaml").read_text()
    for key in ("instance:", "spool:", "backfill:", "memory:", "size:", "directory:", "admin:", "streamers:"):
        assert f"{key.rstrip(':')}" in PAGE and key in reference


def run_line(line, folder, port):
    """A command of the page, here: (exit code, what it printed)."""
    words = line.replace(f"127.0.0.1:{PORT}", f"127.0.0.1:{port}").replace("/var/lib/tributary/", f"{folder}/spool/").split()
    if words[0] == "tributary":
        words[0] = str(PROGRAM)
    process = subprocess.Popen(words, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               env={**os.environ, "COLUMNS": "160"})
    if line in ENDLESS:
        time.sleep(3 * PATIENCE)
        assert process.poll() is None, f"{line} ended by itself: {process.stdout.read()}"
        process.send_signal(signal.SIGINT)
    printed, _ = process.communicate(timeout=60 * PATIENCE)
    return process.returncode, printed


def section(heading):
    begin = PAGE.index(f"\n## {heading}\n")
    end = PAGE.find("\n## ", begin + 1)
    return blocks(PAGE[begin:end if end > 0 else len(PAGE)])[0]


@contextlib.contextmanager
def relay(work, brokers, topics, more=()):
    """One upstream, one sink, an admin port; as it is a little after the start."""
    port = free_port()
    with Simulated("streamelements", options=("--rate", "20")) as upstream:
        config = {"connectors": {"main-stage": streamelements(f"ws://127.0.0.1:{upstream.port}/socket.io/"), **dict(more)},
                  "sinks": {"events": kafka_sink(brokers, topics=dict(topics))},
                  "routes": [{"to": ["events"]}], "admin": {"listen": f"127.0.0.1:{port}"}, "spool": {"directory": "spool"}}
        with Tributary(work, config) as running:
            running.wait_log('"connector_up"')
            yield running, port


def printed_as_on_the_page(commands, work, port, may_fail=()):
    """Runs what is of this machine; the page's blocks are compared with what all lines of a block printed together."""
    wrong = []
    for lines, text in commands:
        whole = ""
        for line in (one for one in lines if one.split()[0] in ("tributary", "curl")):
            code, printed = run_line(line, work, port)
            whole += printed
            if code != 0 and "fault" not in (text or "") and line not in may_fail:
                wrong.append(f"{line}: exit {code}: {printed[-600:]}")
            if not printed.strip() and "check" not in line:
                wrong.append(f"{line}: printed nothing")
        wrong += [f"{lines}: {line!r} was not printed, but\n{whole[-1500:]}" for line in differences(text or "", whole)]
    return wrong


WELL = ("Is all well?", "Which upstream is silent?", "Upgrade")


@pytest.mark.parametrize("heading", WELL)
def test_the_commands_print_what_the_page_says(heading, work, kafka, topics):
    topics.create(kafka)
    with relay(work, kafka.bootstrap(), topics) as (running, port):
        wait_until(lambda: "tributary_sink_delivered_total" in run_line(f"curl --silent http://127.0.0.1:{PORT}/metrics", work, port)[1], 20,
                   "the admin port")
        assert section(heading) and printed_as_on_the_page(section(heading), work, port) == []
        running.stop()


def test_kafka_that_is_away_is_told_as_the_page_says(work, topics):
    with relay(work, f"127.0.0.1:{free_port()}", {}) as (running, port):
        spool = work / "spool" / "events.spool"
        wait_until(lambda: " records " in run_line(f"tributary spool {spool}", work, port)[1], 20, "events on disk")
        wait_until(lambda: "unreachable" in run_line("tributary status", work, port)[1], 60, "a status that says so")
        assert printed_as_on_the_page(section("Kafka is away"), work, port, ["tributary status"]) == []
        running.stop()


def test_a_channel_is_added_as_the_page_says(work):
    with Simulated("dlive", streamers="ada,bob") as arcade:
        more = {"arcade": {"type": "dlive", "url": f"ws://127.0.0.1:{arcade.port}/", "streamers": ["ada"]}}
        with relay(work, f"127.0.0.1:{free_port()}", {}, more) as (running, port):
            running.wait_log('"connector_up"', "arcade")
            file = work / "tributary.yaml"
            file.write_text(file.read_text().replace("- ada", "- ada\n    - bob"))
            assert printed_as_on_the_page(section("Add a channel"), work, port) == []
            running.stop()


def test_what_is_not_printed_is_found():
    text = "all is well: 1 upstream is live, 1 sink keeps up\nevents  kafka  ok  118  0  -\n"
    assert differences(text, "all is well: 3 upstream is live, 2 sink keeps up\n\nevents   kafka   ok   7  1  20 ms\n") == []
    assert differences(text, "events kafka ok 1 1 1\n") == ["all is well: 1 upstream is live, 1 sink keeps up"]
    assert shape("up 12 s, run 01K9ZB4T") == shape("up 3 min, run 01K9ZB99")
    assert shape("main-stage live") != shape("main-stage waiting")
