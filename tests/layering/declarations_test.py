"""A class that names its thread can check it, a name means one thing; and the checkers would see it if not."""

import importlib.util
import pathlib

import pytest

from peers.place import ROOT


def _beside(name):
    spec = importlib.util.spec_from_file_location(name, pathlib.Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


layering, declarations = _beside("layering"), _beside("declarations")


@pytest.fixture(scope="module")
def shipped():
    found = declarations.all_types(layering.sources(ROOT))
    assert len(found) > 500
    return found


def test_every_class_that_names_its_thread_can_check_it(shipped):
    named = [each for each in shipped if each.thread in declarations.THREADS]
    assert len([each for each in named if each.checks()]) > 10
    assert len([each for each in named if each.is_port()]) > 10
    assert list(declarations.thread_faults(shipped)) == []


def _thread_faults(text):
    return list(declarations.thread_faults(list(declarations.types("net/bad.hpp", f"namespace tributary::net {{\n{text}\n"))))


CHECK = "  [[no_unique_address]] event::ThreadCheck thread_;\n"
PORT = "/// Thread: io.\nclass Door {\n public:\n  virtual void open() = 0;\n};\n"


@pytest.mark.parametrize("text, who", [
    ("/// Reads. Thread: io.\nclass Reader {\n  int read_ = 0;\n};", "Reader"),
    ("/// Reads. Thread:\n/// sink, but `wake`.\nstruct Reader final : public Other {\n};", "Reader"),
    ("/// Thread: spool.\ntemplate <class Thing>\nclass Reader {\n  Thing thing_;\n};", "Reader"),
    (PORT + "class Wooden final : public Door {\n};", "Wooden"),
    (PORT + "class Wooden::Inner final : private Other,\n    public net::Door {\n};", "Inner"),
    (PORT + "/// Thread: io.\nclass Wooden final : public Door {\n  int open_ = 0;\n};", "Wooden"),
])
def test_a_class_without_its_check_is_found(text, who):
    found = _thread_faults(text)
    assert found and all(who in fault for fault in found), found


@pytest.mark.parametrize("text", [
    f"/// Reads. Thread: io.\nclass Reader {{\n{CHECK}}};",
    "/// Reads. Thread: its owner's.\nclass Reader {\n  int read_ = 0;\n};",
    "/// Thread: any.\nclass Reader {\n};",
    "/// Makes one. Thread: io.\nint make();\nclass Reader {\n};",
    PORT,
    f"{PORT}class Wooden final : public Door {{\n{CHECK}}};",
    PORT + "/// Thread: its owner's.\nclass Wooden final : public Door {\n  int open_ = 0;\n};",
])
def test_a_class_with_its_check_or_without_a_thread_is_none(text):
    assert _thread_faults(text) == []


def test_every_name_means_one_thing(shipped):
    assert list(declarations.name_faults(shipped, declarations.ACCEPTED)) == []


def _name_faults(files, accepted=()):
    sources = [(file, f"namespace {space} {{\n{text}\n}}  // namespace {space}\n") for file, space, text in files]
    return list(declarations.name_faults(declarations.all_types(sources), accepted))


ADMIN = ("admin/access.hpp", "tributary::admin", "struct Verdict {\n  int status = 200;\n};")
EVENT = ("event/ports.hpp", "tributary::event", "enum class Verdict : std::uint8_t { delivered, failed };")
DLIVE = ("connectors/dlive/show.hpp", "tributary::connectors::dlive", "class Show {\n};")
USERS = ("connectors/users/show.hpp", "tributary::connectors::users", "class Show {\n};")


@pytest.mark.parametrize("files", [
    [ADMIN, EVENT],
    [DLIVE, USERS, ("connectors/link/show.hpp", "tributary::connectors", "class Show {\n};")],
    [DLIVE, ("sinks/kafka/show.hpp", "tributary::sinks::kafka", "class Show {\n};")],
])
def test_a_name_of_two_things_is_found(files):
    found = _name_faults(files)
    assert len(found) == 1 and all(file in found[0] for file, _, _ in files), found


@pytest.mark.parametrize("files, accepted", [
    ([ADMIN, EVENT], {"Verdict": "why"}),
    ([DLIVE, USERS], ()),
    ([ADMIN, ("admin/access.cpp", "tributary::event", "struct Verdict {\n};")], ()),
    ([ADMIN, ("event/ports_test.cpp", "tributary::event", "struct Verdict {\n};")], ()),
    ([ADMIN, ("event/ports.hpp", "tributary::event", "struct Verdict;\nclass Inner {\n  struct Verdict {\n  };\n};")], ()),
])
def test_a_name_of_one_thing_is_none(files, accepted):
    assert _name_faults(files, accepted) == []


def test_an_exception_that_is_not_needed_is_found():
    assert _name_faults([ADMIN], {"Verdict": "why"}) == ["Verdict means one thing: it needs no exception"]
