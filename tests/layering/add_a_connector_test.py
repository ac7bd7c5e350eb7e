"""connectors/ADD_A_CONNECTOR.md: who copies its blocks has a connector that builds and passes the conformance suite."""

import importlib.util
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess

import pytest

from peers.place import ROOT

PAGE = ROOT / "connectors" / "ADD_A_CONNECTOR.md"
FOLDER = "connectors/telegraph"
_spec = importlib.util.spec_from_file_location("layering", pathlib.Path(__file__).with_name("layering.py"))
layering = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(layering)


def blocks(page):
    """(path, language, text) of the first block under each heading that is a path."""
    name = language = None
    text = []
    for line in page.splitlines(keepends=True):
        if language is not None and line == "```\n":
            yield name, language, "".join(text)
            name = language = None
        elif language is not None:
            text.append(line)
        elif line.startswith("#"):
            heading = re.fullmatch(r"### `([^`]+)`\n", line)
            name = heading and heading[1]
        elif name and line.startswith("```"):
            language, text = line[3:].strip(), []


def patched(text, diff, name):
    """`text` with each hunk of the block in place; a hunk fits in exactly one place."""
    for hunk in diff.split("@@\n"):
        lines = hunk.splitlines(keepends=True)
        before = "".join(line[1:] for line in lines if line[0] in " -")
        after = "".join(line[1:] for line in lines if line[0] in " +")
        assert text.count(before) == 1, f"{PAGE.name}: these lines are to be in {name} once:\n{before}"
        text = text.replace(before, after)
    return text


def followed(copy, page):
    """Makes of a copy of the project what the page says; the paths that it names."""
    names = []
    for name, language, block in blocks(page):
        place = copy / name
        if language == "diff":
            place.write_text(patched(place.read_text(), block, name))
        else:
            assert not place.exists(), f"{name} is there already"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(block)
        names.append(name)
    return names


def run(arguments, copy, **environment):
    done = subprocess.run([str(part) for part in arguments], cwd=copy, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          env={**os.environ, **environment})
    assert done.returncode == 0, f"{shlex.join(str(part) for part in arguments)}: exit {done.returncode}\n" \
                                 f"{done.stdout[-8000:]}{done.stderr[-8000:]}"
    return done.stdout


@pytest.fixture
def copy(tmp_path):
    """The project without what was built, and the page followed in it."""
    copy = tmp_path / "project"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns("build", ".git"))
    names = followed(copy, PAGE.read_text(encoding="utf-8"))
    assert names[-2:] == ["connectors/registry.cpp", "connectors/simulators.cpp"]
    assert len(names) == PAGE.read_text(encoding="utf-8").count("\n### ") > 12, "a heading without its block"
    return copy


def configured(copy, *more):
    cache = ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
    run(["cmake", "--preset", "dev", "-DTRIBUTARY_BENCHMARKS=OFF", *cache, *more], copy)
    return copy / "build" / "dev"


def test_the_toy_keeps_to_the_layers_and_compiles_without_a_warning(copy):
    assert any(name.startswith(FOLDER) for name, _ in layering.sources(copy))
    assert list(layering.faults(copy)) == []
    commands = json.loads((configured(copy) / "compile_commands.json").read_text())
    looked_at = [entry for entry in commands
                 if pathlib.Path(entry["file"]).relative_to(copy).as_posix().startswith(FOLDER)
                 or entry["file"] in (str(copy / "connectors" / "registry.cpp"), str(copy / "connectors" / "simulators.cpp"))]
    sources = {pathlib.Path(entry["file"]).name for entry in looked_at}
    assert sources >= {path.name for path in (copy / FOLDER).glob("*.cpp")} | {"registry.cpp", "simulators.cpp"}, sources
    running = []
    for entry in looked_at:
        words = shlex.split(entry["command"])
        del words[words.index("-o"):words.index("-o") + 2]
        while "-include" in words:  # the precompiled header is not built; each file stands on its own
            del words[words.index("-include"):words.index("-include") + 2]
        words = [word for word in words if not word.endswith("/ccache") and word != "-Winvalid-pch"]
        running.append(subprocess.Popen([*words, "-fsyntax-only", "-Werror"], cwd=entry["directory"], stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True))
        if len(running) % 2 == 0:
            running[-2].wait()
    told = [(one.communicate()[0], one.returncode) for one in running]
    bad = "".join(text or f"exit {code}\n" for text, code in told if code != 0 or text)
    assert not bad, f"{PAGE.name} does not compile without a warning:\n{bad[:8000]}"


def otherwise_formatted(folder):
    """What this clang-format would change; another version than the project's changes shipped files, too."""
    files = sorted(str(path) for path in folder.glob("*.[ch]pp"))
    done = subprocess.run(["clang-format", "--dry-run", "-Werror", *files], cwd=folder, capture_output=True, text=True)
    return done.stderr if done.returncode else ""


def test_the_toy_is_formatted_like_the_rest(copy):
    found = otherwise_formatted(copy / FOLDER)
    assert not found or otherwise_formatted(copy / "connectors" / "oha"), found


@pytest.mark.long
def test_the_toy_passes_its_transcripts_and_the_conformance_suite(copy):
    build = configured(copy, "-DCMAKE_UNITY_BUILD=ON", "-DCMAKE_CXX_FLAGS_DEBUG=-O0 -g1")
    shared = {"CCACHE_BASEDIR": str(copy), "CCACHE_NOHASHDIR": "1",
              "CCACHE_SLOPPINESS": "pch_defines,time_macros,include_file_mtime,include_file_ctime"}
    run(["nice", "cmake", "--build", build, "--parallel", os.cpu_count() or 2, "--target", "telegraph_test",
         "connectors_conformance", "connectors_test"], copy, **shared)
    transcripts = run([build / FOLDER / "telegraph_test"], copy)
    assert "TelegraphTranscript.telegrams" in transcripts and "[  PASSED  ] 2 tests" in transcripts
    suite = run([build / "tests" / "connectors_conformance", "--gtest_filter=*/telegraph:BlockedSink.*"], copy)
    tests = set(re.findall(r"\[       OK \] Registry/Connectors\.(\w+)/telegraph", suite))
    source = (copy / "tests" / "conformance" / "connectors_test.cpp").read_text()
    assert tests == set(re.findall(r"^TEST_P\(Connectors, (\w+)\)", source, re.MULTILINE))
    run([build / "connectors" / "connectors_test", "--gtest_filter=Registry.*"], copy)


@pytest.mark.parametrize("was, becomes, fault", [
    ('"text/ascii.hpp"', '"net/stream.hpp"', "connectors/telegraph/protocol.cpp includes"),
    ("static_cast<void>(now);\n  token_", "token_ = std::to_string(std::chrono::steady_clock::now().time_since_epoch().count());\n  token_",
     "connectors/telegraph/protocol.cpp reads a clock"),
    ('"event/id.hpp"', '"connectors/oha/codec.hpp"', "connectors/telegraph/simulator.cpp includes"),
])
def test_what_must_never_be_done_is_found(tmp_path, was, becomes, fault):
    for folder in layering.FOLDERS:
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("testdata", "documents"))
    page = PAGE.read_text(encoding="utf-8")
    assert was in page
    followed(tmp_path, page.replace(was, becomes))
    assert any(found.startswith(fault) for found in layering.faults(tmp_path)), list(layering.faults(tmp_path))


def test_a_registry_that_has_changed_is_told():
    with pytest.raises(AssertionError, match="are to be in connectors/registry.cpp once"):
        patched("another text\n", " some line\n+a new one\n", "connectors/registry.cpp")
    assert patched("a\nb\nc\nd\n", " a\n+x\n b\n@@\n-c\n+y\n d\n", "it") == "a\nx\nb\ny\nd\n"
