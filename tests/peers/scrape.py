"""GET /metrics of the program under test, as numbers."""

import re
import urllib.request

from peers.place import PATIENCE

_LINE = re.compile(r'^(\w+)(?:\{(.*)\})? (\S+)$')
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


class Page(dict):
    """{(name, labels): value}; labels as a frozenset of pairs."""

    def __init__(self, text):
        super().__init__()
        self.types = dict(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE))
        for line in text.splitlines():
            if line.startswith("#"):
                continue
            found = _LINE.match(line)
            assert found, f"no sample: {line!r}"
            key = (found[1], frozenset(_LABEL.findall(found[2] or "")))
            assert key not in self, f"twice: {line}"
            self[key] = float(found[3])

    def of(self, name, **labels):
        """The sum of the series of this name that have these labels."""
        return sum(value for (found, pairs), value in self.items() if found == name and pairs >= labels.items())

    def has(self, name, **labels):
        return any(found == name and pairs >= labels.items() for found, pairs in self)

    def values(self, label):
        return {value for _, pairs in self for name, value in pairs if name == label}

    def counts(self):
        """What must never fall."""
        return {key: value for key, value in self.items() if key[0].endswith(("_total", "_count", "_bucket", "_sum"))}

    def check_books(self):
        for connector in self.values("connector"):
            def c(count, **labels):
                return self.of(f"tributary_connector_{count}_total", connector=connector, **labels)
            assert c("events") == c("duplicate") + c("ignored") + c("unrouted") + c("accepted"), connector
            assert c("frames") == c("control") + c("malformed") + c("carrying"), connector
        for sink in self.values("sink"):
            def s(count):
                return self.of(f"tributary_sink_{count}", sink=sink)
            booked = sum(s(f"{count}_total") for count in ("delivered", "sent", "dead_lettered", "dropped"))
            assert s("offered_total") + s("recovered_total") == booked + s("in_flight") + s("spooled"), sink
        return self


def fetch(port):
    """(the text, its content type)."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20 * PATIENCE) as answer:
        return answer.read().decode(), answer.headers["Content-Type"]


def scrape(port):
    return Page(fetch(port)[0])
