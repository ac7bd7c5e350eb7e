"""The folders know only whom they may know, and the checker would see it if not."""

import importlib.util
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from peers.place import ROOT

_spec = importlib.util.spec_from_file_location("layering", pathlib.Path(__file__).with_name("layering.py"))
layering = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(layering)


def test_every_include_is_allowed():
    assert sum(1 for _ in layering.sources(ROOT)) > 50
    assert list(layering.faults(ROOT)) == []


@pytest.mark.parametrize("file, line", [
    ("event/bad.cpp", '#include "net/reason.hpp"'),
    ("schema/bad.cpp", '#include "event/event.hpp"'),
    ("schema/bad.cpp", '#include "expression/condition.hpp"'),
    ("expression/bad.cpp", '#include "config/spelling.hpp"'),
    ("expression/bad.cpp", '#include "event/event.hpp"'),
    ("expression/fault.cpp", "#include <thread>"),
    ("event/bad.cpp", '#include "expression/condition.hpp"'),
    ("connectors/bad.cpp", '#include "schema/validator.hpp"'),
    ("text/bad.cpp", '#include "event/event.hpp"'),
    ("config/bad.hpp", '#include "event/event.hpp"'),
    ("relay/bad.cpp", '#include "sinks/registry.hpp"'),
    ("net/bad.hpp", '#include "daemon/log.hpp"'),
    ("connectors/streamelements/bad.cpp", '#include "relay/outbox.hpp"'),
    ("connectors/other/bad.cpp", '#include "connectors/streamelements/codec.hpp"'),
    ("connectors/bad.cpp", '#include "connectors/streamelements/codec.hpp"'),
    ("sinks/file/bad.cpp", '#include "sinks/kafka/producer.hpp"'),
    ("daemon/bad.cpp", "#include <librdkafka/rdkafka.h>"),
    ("relay/bad.cpp", "#include <boost/asio.hpp>"),
    ("connectors/bad.cpp", "#include <websocketpp/client.hpp>"),
    ("net/bad.cpp", "#include <websocketpp/client.hpp>"),  # a second file in net
    ("net/bad.cpp", "#include <yaml-cpp/yaml.h>"),
    ("event/bad.cpp", "#include <regex>"),
    ("event/bad.cpp", '  #  include "tests/support/transcript.hpp"'),
    ("connectors/bad.cpp", '#include "connectors/link/link_fixture.hpp"'),
    ("connectors/json/bad.cpp", '#include "connectors/link/protocol.hpp"'),
    ("connectors/link/bad.cpp", '#include "connectors/simulation/stage.hpp"'),
    ("connectors/link/bad.cpp", '#include "connectors/streamelements/codec.hpp"'),
    ("connectors/dlive/codec.cpp", '#include "connectors/simulation/audience.hpp"'),
    ("event/bad.cpp", '#include "../net/reason.hpp"'),
    ("net/session.hpp", "#include <thread>"),
    ("net/reason.hpp", "#include <boost/asio/io_context.hpp>"),  # net/session.hpp sees it through this
    ("connectors/dlive/codec.cpp", '#include "net/websocket_connection.hpp"'),
    ("connectors/link/conversation.hpp", '#include "net/stream.hpp"'),
    ("connectors/streamelements/codec.cpp", "auto now = std::chrono::steady_clock::now();"),
    ("connectors/streamelements/heartbeat.hpp", "#include <thread>"),  # it says "Pure"
    ("connectors/streamelements/heartbeat.cpp", '#include "net/stream.hpp"'),
    ("connectors/link/conversation_publish.cpp", "#include <mutex>"),  # half of what conversation.hpp declares
    ("relay/drain.hpp", "#include <sys/socket.h>"),
    ("connectors/users/show.hpp", '#include "net/websocket_connection.hpp"'),
    ("event/event.hpp", "inline auto now() { return std::chrono::system_clock::now(); }"),  # which many see
])
def test_a_bad_line_is_found(tmp_path, file, line):
    for folder in layering.FOLDERS:
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("testdata", "documents"))
    place = tmp_path / file
    place.parent.mkdir(parents=True, exist_ok=True)
    with open(place, "a") as source:
        source.write(f"\n{line}\n")
    new = list(layering.faults(tmp_path))
    assert any(file in fault for fault in new), new


def _planted():
    spec = importlib.util.spec_from_file_location("planted", ROOT / "tests" / "fuzz" / "planted.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_no_shipped_source_names_a_planted_bug():
    texts = dict(layering.sources(ROOT))
    assert "connectors/dlive/codec.cpp" in texts
    assert [name for name, text in texts.items() if re.search(r"PLANTED|what the fuzz target must find", text)] == []


def test_each_planted_bug_has_its_one_place_in_a_shipped_file():
    planted = _planted()
    targets = re.findall(r"^fuzz_target\((\w+) ", (ROOT / "tests" / "fuzz" / "CMakeLists.txt").read_text(), re.MULTILINE)
    assert sorted(targets) == sorted(planted.PLANTED)
    for target, (file, _, _) in planted.PLANTED.items():
        shipped = (ROOT / file).read_text()
        assert planted.changed(target, shipped) != shipped


@pytest.mark.parametrize("text", ["", 'twice:\n  return object["from"].is_string();\n  return object["from"].is_string();\n'])
def test_a_bug_without_its_one_place_is_refused(text):
    with pytest.raises(ValueError, match="connectors/stagecast/codec.cpp.*expected once; bring tests/fuzz/planted.py up to date"):
        _planted().changed("stagecast", text)


@pytest.mark.long
def test_without_streamelements_and_its_line_the_project_still_builds(tmp_path):
    """The connector's folder and its lines in registry.cpp and the build are all there is of it."""
    copy = tmp_path / "project"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns("build", ".git"))
    shutil.rmtree(copy / "connectors" / "streamelements")
    for file in (copy / "connectors" / "registry.cpp", copy / "connectors" / "simulators.cpp", copy / "connectors" / "CMakeLists.txt"):
        kept = [line for line in file.read_text().splitlines() if not re.search("streamelements", line, re.IGNORECASE)]
        file.write_text("\n".join(kept) + "\n")
    built(copy, tmp_path / "build")


def built(project, build, *options):
    for command in (["cmake", "--preset", "dev", "-B", build, "-DTRIBUTARY_TESTS=OFF", "-DTRIBUTARY_BENCHMARKS=OFF", *options],
                    ["nice", "cmake", "--build", build, "--target", "tributary"]):
        done = subprocess.run([str(part) for part in command], cwd=project, capture_output=True, text=True,
                              env={"CMAKE_BUILD_PARALLEL_LEVEL": str(os.cpu_count() or 2), **os.environ})
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]


@pytest.mark.long
def test_without_the_simulators_the_program_has_neither_demo_nor_simulate(tmp_path):
    """What it still has is there, and nothing that it prints names the two."""
    build = tmp_path / "build"
    built(ROOT, build, "-DTRIBUTARY_SIMULATORS=OFF", "-DCMAKE_UNITY_BUILD=ON")

    def told(*words):
        done = subprocess.run([build / "tributary", *words], capture_output=True, text=True, timeout=60, cwd=tmp_path)
        return done.returncode, done.stdout, done.stderr
    for words in (["demo"], ["demo", "--for", "1s"], ["simulate"], ["simulate", "oha", "--port", "0"]):
        refused = f"`{words[0]}` is not in this program: it was built with TRIBUTARY_SIMULATORS=OFF\n"
        code, out, err = told(*words)
        assert (code, out) == (2, "") and err.endswith(refused) and err.count("\n") == 1, (words, code, out, err)
    for words in ([], ["help"], ["completion", "bash"], ["man", "tributary"]):
        code, out, err = told(*words)
        assert code in (0, 2) and "run" in out + err and not re.search(r"\b(demo|simulate)\b", out + err), (words, out + err)
    (tmp_path / "tributary.yaml").write_text("version: 1\nconnectors:\n  arcade: {type: dlive, streamers: [ada]}\n"
                                             "sinks:\n  it: {type: file, path: events.jsonl}\nroutes:\n  - {to: [it]}\n")
    assert told("check")[0] == 0
