"""What the comments of shipped classes promise, and whether a name means one thing.

`Thread: io` (or sink, spool) before a class promises that it checks this in debug builds. A name stands for one class,
whatever its namespace; those that stand for several on purpose are below.
"""

import re

#: before a class: it checks that it is called on one thread of this kind
THREADS = ("io", "sink", "spool")

#: names of several things, and why that is no fault; beside them, folders that never see each other may use a name twice
ACCEPTED = {
    "BackoffSettings": "net's as the configuration has it, which net must not know",
    "Condition": "relay's is the seam behind which expression's stands",
    "ConnectorMemory": "spool's implements event's",
    "Entry": "inside config, a key and its value; outside it, a line of the registry of connectors",
    "Fault": "each of two readers has its own: of a file, of a condition",
    "Kind": "inside expression, of a value; outside it, of an event",
    "Log": "daemon's as the configuration has it",
    "Memory": "spool's implements event's",
    "Node": "inside config of its tree, inside expression of its tree",
    "OnFailure": "sinks reads it, relay obeys it, and they must not know each other",
    "Outlet": "sinks/channel's implements event's",
    "Path": "inside expression, of a field; outside it, of a file",
    "Route": "relay's as the configuration has it",
    "Settings": "the configuration's, and what is written below one connector or sink",
    "Stream": "inside relay's outbox, the lanes of one topic; outside it, net's bytes",
    "Value": "inside expression, what is compared; outside it, of JSON",
}
#: folders whose subfolders must not know each other
APART = ("connectors", "sinks")

_TYPE = re.compile(r"^(?:class|struct|enum class|enum)\s+(?:\w+::)*(\w+)([^;{()]*)\{", re.MULTILINE)
_NAMESPACE = re.compile(r"^namespace (tributary[\w:]*)? ?\{$", re.MULTILINE)


class Type:
    """A class, struct or enum at the level of a namespace, with the comment before it."""

    def __init__(self, file, namespace, name, bases, comment, body):
        self.file, self.namespace, self.name, self.body = file, namespace, name, body
        self.bases = re.findall(r"public (?:\w+::)*(\w+)", bases)
        said = re.search(r"\bThread:\s+([^.,;]*)", comment)
        self.thread = said[1].strip() if said else None

    def checks(self):
        return re.search(r"\bThreadCheck \w+;", self.body) is not None

    def is_port(self):
        return re.search(r"\)[\w ]*= 0;", self.body) is not None


def types(file, text):
    """clang-format begins what is at the level of a namespace in the first column, and nothing else."""
    for found in _TYPE.finditer(text):
        on_one_line = text.find("};", found.end(), text.find("\n", found.end()))
        end = on_one_line if on_one_line >= 0 else text.find("\n};", found.end())
        before = text[:found.start()].splitlines()
        if before and before[-1].startswith("template"):
            before.pop()
        comment = []
        while before and before[-1].startswith("//"):
            comment.insert(0, before.pop().lstrip("/").strip())
        namespace = [space[1] or "" for space in _NAMESPACE.finditer(text, 0, found.start())]
        yield Type(file, namespace[-1] if namespace else "", found[1], found[2], " ".join(comment), text[found.end():end])


def is_shipped(file):
    name = file.split("/")[-1]
    return not name.startswith(("test_", "fake_")) and not re.search(r"(_test|_benchmark|\bfixture|_fixture)\.[ch]pp$", name)


def all_types(sources):
    return [each for file, text in sources if is_shipped(file) for each in types(file, text)]


def thread_faults(declared):
    """Who says that it belongs to a thread has a ThreadCheck. A port has nothing to check: whoever implements it has
    one, or says `Thread: its owner's` and is called by somebody who has."""
    for each in declared:
        if each.thread not in THREADS or each.checks():
            continue
        if not each.is_port():
            yield f"{each.file}: {each.name} says `Thread: {each.thread}` and has no ThreadCheck"
            continue
        for user in declared:
            if each.name in user.bases and not user.checks() and not user.is_port() and user.thread in (None, *THREADS):
                yield (f"{user.file}: {user.name} is a {each.name}, whose thread is {each.thread}: "
                       "it has no ThreadCheck, nor does it say whose thread is its own")


def _apart(files):
    """All in folders that must not know each other."""
    folders = [tuple(file.split("/")[:-1]) for file in files]
    shared = {"link", "json", "simulation", "channel"}
    return len(set(folders)) == len(files) and len({folder[0] for folder in folders}) == 1 and all(
        len(folder) == 2 and folder[0] in APART and folder[1] not in shared for folder in folders)


def name_faults(declared, accepted):
    places = {}
    for each in declared:
        if each.file.endswith(".hpp"):
            places.setdefault(each.name, {}).setdefault(each.namespace, each.file)
    several = {name: sorted(spaces.values()) for name, spaces in places.items() if len(spaces) > 1}
    for name, files in sorted(several.items()):
        if name not in accepted and not _apart(files):
            yield f"{name} means {len(files)} things: {', '.join(files)}"
    for name in sorted(set(accepted) - set(several)):
        yield f"{name} means one thing: it needs no exception"
