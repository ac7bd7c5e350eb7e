#!/usr/bin/env python3
"""Checks who includes whom. `layering.py [ROOT]` prints every arrow that is not allowed; exit 1 when there is one.

The rules are ARCHITECTURE.md's: folders see only the folders below them, a library stands behind few files, and files
that decide see neither socket nor thread nor clock.
"""

import fnmatch
import functools
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

#: folder → the folders of ours it may include
FOLDERS = {
    "text": set(),
    "schema": {"text"},
    "expression": {"schema", "text"},
    "event": {"text"},
    "config": {"expression", "text"},
    "net": {"text"},
    "connectors": {"net", "config", "event", "expression", "text"},
    "relay": {"config", "schema", "event", "expression", "text"},
    "sinks": {"net", "config", "schema", "event", "expression", "text"},
    "spool": {"event", "text"},
    "admin": {"event", "net", "text"},
    "daemon": {"admin", "connectors", "sinks", "relay", "spool", "config", "net", "schema", "event", "expression", "text"},
}

#: folders that all upstreams share → those of them that they may include
SHARED = {
    "connectors/json": set(),
    "connectors/link": {"connectors/json"},
    "connectors/simulation": {"connectors/json"},
}
SIMULATORS = ["connectors/*/simulator*", "connectors/*/show.[ch]pp"]

#: what every folder may include: they know nothing of events
ANYWHERE = {"event/assert.hpp", "event/thread_check.hpp"}

#: what its tests may include beyond that
TESTS = {"connectors": {"schema"}}

#: says which libraries are linked
VERSIONS = "daemon/version.cpp"

#: (what is included, who may), tests apart; the first line that fits counts
LIBRARIES = [
    ("websocketpp/version.hpp", ["net/*.cpp", VERSIONS]),
    ("websocketpp/*", ["net/*.cpp"]),
    ("librdkafka/*", ["sinks/kafka/*", "daemon/demo*.cpp"]),
    ("yaml-cpp/*", ["config/*.cpp"]),
    ("sqlite3.h", ["spool/database.cpp", VERSIONS]),
    ("boost/beast*", ["net/*.cpp", "net/http_connection.hpp", "admin/*.cpp"]),
    ("boost/*", ["net/*", "connectors/*", "admin/*", "daemon/*"]),
    ("simdjson.h", ["connectors/*", "expression/*", "schema/*", "text/json.cpp", VERSIONS]),
    ("re2/*", ["schema/*"]),
    ("openssl/*", ["net/*", "event/id.cpp", "event/mark.cpp", VERSIONS]),
    ("spdlog/*", ["daemon/*"]),
    ("CLI/*", ["daemon/*"]),
    ("prometheus/*", ["admin/*.cpp", VERSIONS]),
    ("systemd/*", ["daemon/*"]),
    ("regex", []),
]

#: at most so many files, tests apart, include it
ONE_FILE = {"websocketpp/*": 1, "sqlite3.h": 1}

#: files that decide, and what they must not know of; with them, every header that says "Pure" of what it declares, and
#: every source of a header that decides
PURE = re.compile(r"^//.*\bPure\b", re.MULTILINE)
DECIDES = ["*codec.[ch]pp", "*normaliser.[ch]pp", "*socket_io.[ch]pp", "*/protocol.[ch]pp", "*/subscriptions.[ch]pp",
           "*/lookup.[ch]pp", "connectors/link/conversation.[ch]pp", "connectors/link/publisher.[ch]pp",
           "connectors/link/gap*.[ch]pp", "connectors/link/redaction.[ch]pp", "connectors/json/*.[ch]pp", "schema/*.[ch]pp",
           "expression/*.[ch]pp",
           "net/backoff.[ch]pp", "net/session.[ch]pp", "relay/outbox*.[ch]pp", "relay/dedupe.[ch]pp", "relay/routes.[ch]pp",
           "relay/finish.[ch]pp", "sinks/channel/breaker.[ch]pp", "sinks/channel/event_strings.[ch]pp",
           "sinks/channel/fingerprints.[ch]pp", "sinks/channel/queue.[ch]pp", "sinks/channel/token_bucket.hpp", "event/channel.[ch]pp", "event/id.[ch]pp", "event/mark.[ch]pp",
           "admin/access.[ch]pp", "admin/readiness.[ch]pp", "text/*.[ch]pp"]
FORBIDDEN_TO_DECIDE = ["boost/asio*", "websocketpp/*", "librdkafka/*", "thread", "mutex", "spdlog/*", "sys/socket.h"]
#: sources of pure functions that look up the numbers of a library's errors, which only its header has
NUMBERS = {"sinks/kafka/verdict.cpp": "librdkafka/*", "sinks/kafka/words.cpp": "librdkafka/*"}
CLOCKS = re.compile(r"\b(?:steady_clock|system_clock|high_resolution_clock)::now\s*\(|\bgettimeofday\(|\bclock_gettime\(")

_INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)


def sources(root):
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in (".cpp", ".hpp", ".h", ".cc"):
                yield path.relative_to(root).as_posix(), path.read_text()


def is_test(name):
    """A test, or a header that only tests include."""
    file = name.split("/")[-1]
    return file.endswith(("_test.cpp", "_fixture.hpp", "_fixture.cpp")) or file.startswith("test_")


def any_of(name, patterns):
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


@functools.lru_cache(maxsize=None)
def _seen(path):
    """What it includes, and whether it reads a clock."""
    text = path.read_text()
    return _INCLUDE.findall(text), CLOCKS.search(re.sub(r"//[^\n]*", "", text)) is not None


def faults(root):
    _seen.cache_clear()
    users = {pattern: [] for pattern in ONE_FILE}
    for name, text in sources(root):
        includes = _INCLUDE.findall(text)
        yield from _folder_faults(root, name, includes)
        if is_test(name):
            continue
        yield from _library_faults(name, includes)
        if decides(root, name, includes):
            yield from _decision_faults(root, name)
        for pattern, names in users.items():
            if name != VERSIONS and any(fnmatch.fnmatchcase(included, pattern) for included in includes):
                names.append(name)
    for pattern, limit in ONE_FILE.items():
        if len(users[pattern]) > limit:
            yield f"{pattern} is included by {len(users[pattern])} files, {limit} allowed: {', '.join(users[pattern])}"


def decides(root, name, includes):
    header = _header_of(root, name, includes)
    return any_of(name, DECIDES) or any_of(header, DECIDES) or (
        header.endswith(".hpp") and PURE.search((root / header).read_text()) is not None)


def _header_of(root, name, includes):
    """Whose source it is: conversation.hpp's for conversation_publish.cpp, else of the first header of its own folder."""
    folder, file = name.rsplit("/", 1)
    stem, suffix = file.rsplit(".", 1)
    while suffix == "cpp" and stem:
        if (root / folder / f"{stem}.hpp").is_file():
            return f"{folder}/{stem}.hpp"
        stem = stem.rpartition("_")[0]
    beside = [included for included in includes if included.rpartition("/")[0] == folder and (root / included).is_file()]
    return beside[0] if suffix == "cpp" and beside else name


def _folder_faults(root, name, includes):
    folder = name.split("/")[0]
    for included in includes:
        target = included.split("/")[0]
        allowed = FOLDERS[folder] | (TESTS.get(folder, set()) if is_test(name) else set())
        if "/" in included and target in FOLDERS and target != folder and target not in allowed and included not in ANYWHERE:
            yield f"{name} includes {included}: {folder} must not know {target}"
        elif (target == "tests" or is_test(included)) and not is_test(name):
            yield f"{name} includes {included}: the program must not know its tests"
        elif included.startswith(".") or ("/" not in included and (root / name).parent.joinpath(included).is_file()):
            yield f"{name} includes {included}: includes start at the project's root"
    yield from _sibling_faults(name, includes)


def _sibling_faults(name, includes):
    """connectors/a must not know connectors/b, nor sinks/a sinks/b: a folder can be taken away whole. What upstreams
    share stands in folders that know no upstream."""
    parts = name.split("/")
    if parts[0] not in ("connectors", "sinks") or is_test(name):
        return
    own = parts[1] if len(parts) > 2 else None
    for included in includes:
        target = included.split("/")
        if target[0] != parts[0] or len(target) < 3 or target[1] == own:
            continue
        folder = "/".join(target[:2])
        if folder in SHARED:
            if f"{parts[0]}/{own}" in SHARED and folder not in SHARED[f"{parts[0]}/{own}"]:
                yield f"{name} includes {included}: {parts[0]}/{own} must not know {folder}"
            elif folder == "connectors/simulation" and own is not None and not any_of(name, SIMULATORS):
                yield f"{name} includes {included}: only the simulator of an upstream knows {folder}"
        elif own is not None or parts[1] not in ("registry.cpp", "simulators.cpp"):
            yield f"{name} includes {included}: {parts[0]}/{target[1]} is known to its registry alone"


def _reached(root, name):
    """What is included from here, each with the headers of ours on the way to it; forbidden on the way once is enough."""
    found, to_read = {}, [(name, ())]
    seen = {name}
    while to_read:
        file, way = to_read.pop()
        for included in _seen(root / file)[0]:
            found.setdefault(included, way)
            if included not in seen and (root / included).is_file():
                seen.add(included)
                to_read.append((included, (*way, included)))
    return found


def _library_faults(name, includes):
    for included in includes:
        for pattern, allowed in LIBRARIES:
            if fnmatch.fnmatchcase(included, pattern):
                if not any_of(name, allowed):
                    yield f"{name} includes {included}: allowed in {', '.join(allowed) or 'no file'}"
                break


def _decision_faults(root, name):
    """Whatever it includes, also through headers of ours."""
    for included, way in _reached(root, name).items():
        if (root / included).is_file() and _seen(root / included)[1]:
            yield f"{name} includes {included}, which reads a clock: time is an argument of what decides"
        if any_of(included, FORBIDDEN_TO_DECIDE) and not fnmatch.fnmatchcase(included, NUMBERS.get(name, "")):
            through = f" through {' and '.join(way)}" if way else ""
            yield f"{name} includes {included}{through}: a file that decides knows neither socket nor thread"
    if _seen(root / name)[1]:
        yield f"{name} reads a clock: time is an argument of what decides"


def main():
    root = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else ROOT
    found = list(faults(root))
    for fault in found:
        print(fault)
    print(f"{sum(1 for _ in sources(root))} files, {len(found)} arrows that are not allowed")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
