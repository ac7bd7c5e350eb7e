"""connectors/ADD_A_CONNECTOR.md: who copies its blocks has a connector that builds and passes the conformance suite."""

import importlib.util
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import time

import pytest

from peers.place import PROGRAM, ROOT

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


def copied(place):
    """The project without what was built, and the page followed in it."""
    copy = place / "project"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns("build", ".git"))
    names = followed(copy, PAGE.read_text(encoding="utf-8"))
    assert names[-2:] == ["connectors/registry.cpp", "connectors/simulators.cpp"]
    assert len(names) == PAGE.read_text(encoding="utf-8").count("\n### ") > 12, "a heading without its block"
    return copy


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    return copied(tmp_path_factory.mktemp("toy"))


def commands_of(page):
    """(those that prepare and build, those that run) of step 8, word by word."""
    block = re.search(r"\n## 8\. Run its tests\n\n```sh\n(.*?)```", page, re.DOTALL)[1]
    commands = [shlex.split(line, comments=True) for line in block.splitlines()]
    building = [words for words in commands if words[0] in ("deploy/install-deps", "cmake")]
    return building, [words for words in commands if words not in building]


def ran_as_the_page_says(copy):
    """What the page has run passes: transcripts, conformance, layering."""
    transcripts, conformance, layers = commands_of(PAGE.read_text(encoding="utf-8"))[1]
    told = run(transcripts, copy)
    assert "TelegraphTranscript.telegrams" in told and "[  PASSED  ] 2 tests" in told
    suite = run(conformance, copy)
    tests = set(re.findall(r"\[       OK \] Registry/Connectors\.(\w+)/telegraph", suite))
    source = (copy / "tests" / "conformance" / "connectors_test.cpp").read_text()
    assert tests == set(re.findall(r"^TEST_P\(Connectors, (\w+)\)", source, re.MULTILINE))
    run(layers, copy)


def compiled(copy):
    """{source: object} of the toy, the two registries, and the file that says where testdata is. With the settings of
    the build that the program under test is of, so that they fit to its libraries; any warning is a fault."""
    preset = PROGRAM.parent.name
    cache = ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
    run(["cmake", "--preset", preset, "-B", "build/toy", "-DCMAKE_UNITY_BUILD=OFF", "-DTRIBUTARY_BENCHMARKS=OFF", *cache], copy)
    registries = ["connectors/registry.cpp", "connectors/simulators.cpp", "tests/support/source_dir.cpp"]
    objects, running = {}, []
    for entry in json.loads((copy / "build" / "toy" / "compile_commands.json").read_text()):
        name = pathlib.Path(entry["file"]).relative_to(copy).as_posix()
        if not name.startswith(FOLDER) and name not in registries:
            continue
        words = shlex.split(entry["command"])
        at = words.index("-o") + 1
        objects[name] = words[at] = str(copy / "build" / f"{name.replace('/', '-')}.o")
        while "-include" in words:  # the precompiled header is not built; each file stands on its own
            del words[words.index("-include"):words.index("-include") + 2]
        words = [word for word in words if not word.endswith("/ccache") and word != "-Winvalid-pch"]
        running.append(subprocess.Popen(["nice", *words, "-O0", "-g0", "-U_FORTIFY_SOURCE", "-Werror"], cwd=entry["directory"],
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
        if len(running) % 2 == 0:
            running[-2].wait()
    told = [(one.communicate()[0], one.returncode) for one in running]
    bad = "".join(text or f"exit {code}\n" for text, code in told if code != 0 or text)
    assert not bad, f"{PAGE.name} does not compile without a warning:\n{bad[:8000]}"
    assert set(objects) >= {path.relative_to(copy).as_posix() for path in (copy / FOLDER).glob("*.cpp")} | set(registries)
    return objects


def linked(program, like, objects, instead):
    """`program`, linked as `like` of the build of the program under test: these objects go before those that are there,
    or stand instead of them; of what both define the first is taken."""
    build = PROGRAM.parent
    told = subprocess.run(["ninja", "-t", "commands", like], cwd=build, capture_output=True, text=True)
    assert told.returncode == 0 and any(build.rglob(like)), \
        f"build all of {build} with its tests first: the toy is linked with what is there"
    words = [word for word in shlex.split(told.stdout.strip().splitlines()[-1]) if word not in (":", "&&")]
    words[words.index("-o") + 1] = str(program)
    first = next(number for number, word in enumerate(words) if word.endswith(".o"))
    rest = [word for word in words[first:] if not (instead and word.endswith(".o"))]
    program.parent.mkdir(parents=True, exist_ok=True)
    run(["nice", *words[:first], "-Wl,--allow-multiple-definition,--strip-debug", *objects, *rest], build)


def test_the_toy_keeps_to_the_layers(copy):
    assert any(name.startswith(FOLDER) for name, _ in layering.sources(copy))
    assert list(layering.faults(copy)) == []


def test_the_toy_compiles_without_a_warning_and_passes_its_transcripts_and_the_conformance_suite(copy):
    """With the libraries that are there: building the page's way takes minutes, and is in the long tier."""
    objects = compiled(copy)
    transcripts, conformance, _ = commands_of(PAGE.read_text(encoding="utf-8"))[1]
    linked(copy / transcripts[0], "oha_test", objects.values(), instead=True)
    of_the_program = [made for name, made in objects.items() if not name.endswith("_test.cpp")]
    linked(copy / conformance[0], "connectors_conformance", of_the_program, instead=False)
    ran_as_the_page_says(copy)
    linked(copy / "build" / "connectors_test", "connectors_test", of_the_program, instead=False)
    run([copy / "build" / "connectors_test", "--gtest_filter=Registry.*"], copy)


def otherwise_formatted(folder):
    """What this clang-format would change; another version than the project's changes shipped files, too."""
    files = sorted(str(path) for path in folder.glob("*.[ch]pp"))
    done = subprocess.run(["clang-format", "--dry-run", "-Werror", *files], cwd=folder, capture_output=True, text=True)
    return done.stderr if done.returncode else ""


def test_the_toy_is_formatted_like_the_rest(copy):
    found = otherwise_formatted(copy / FOLDER)
    assert not found or otherwise_formatted(copy / "connectors" / "oha"), found


@pytest.mark.long
def test_who_follows_the_page_has_it_built_and_passing(tmp_path, record_property, capsys):
    """Every command of step 8 as it stands there. How long that took is told; most of it is the first build."""
    copy = copied(tmp_path)
    building, running = commands_of(PAGE.read_text(encoding="utf-8"))
    assert building[0] == ["deploy/install-deps", "--tests"] and len(building) == 3 and len(running) == 3
    quicker = {"CMAKE_BUILD_PARALLEL_LEVEL": str(os.cpu_count() or 2)}
    if shutil.which("ccache"):
        quicker |= {"CMAKE_CXX_COMPILER_LAUNCHER": "ccache", "CCACHE_BASEDIR": str(copy), "CCACHE_NOHASHDIR": "1",
                    "CCACHE_SLOPPINESS": "pch_defines,time_macros,include_file_mtime,include_file_ctime"}
    began = time.monotonic()
    for words in building:
        run(["nice", *words], copy, **quicker)
    built = time.monotonic()
    ran_as_the_page_says(copy)
    record_property("built_s", round(built - began))
    record_property("ran_s", round(time.monotonic() - built))
    with capsys.disabled():
        print(f"\n{PAGE.name}, step 8: built in {built - began:.0f} s, its tests ran {time.monotonic() - built:.0f} s")


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
