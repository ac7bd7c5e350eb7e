"""What the comments of shipped classes promise.

`Thread: io` (or sink, spool) before a class promises that it checks this in debug builds.
"""

import re

#: before a class: it checks that it is called on one thread of this kind
THREADS = ("io", "sink", "spool")

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
