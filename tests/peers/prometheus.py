"""A real Prometheus (the distribution's package) that scrapes one program and goes by the alert rules of deploy/prometheus."""

import json
import pathlib
import re
import subprocess
import time
import urllib.parse
import urllib.request

import yaml

from peers.place import PATIENCE, ROOT, free_port, wait_until

RULES = ROOT / "deploy" / "prometheus" / "alerts.yaml"
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}


def _shorter(duration, factor):
    number, unit = re.fullmatch(r"(\d+)(ms|s|m|h)", duration).groups()
    return f"{max(1, round(int(number) * _UNITS[unit] * 1000 / factor))}ms"


def shortened(rules, factor):
    """The rules with every time in them divided by `factor`: how long a condition must hold, the windows that are looked
    at, and the ages that are too old. Moments (an expiry) stay."""
    for group in rules["groups"]:
        for rule in group["rules"]:
            if "for" in rule:
                rule["for"] = _shorter(rule["for"], factor)
            expression = re.sub(r"(?<=[\[ ])(\d+(?:ms|s|m|h))\b", lambda found: _shorter(found[1], factor), rule["expr"])
            rule["expr"] = re.sub(r"(_age_seconds > |start_time_seconds < )(\d+)", lambda found: f"{found[1]}{int(found[2]) / factor:g}", expression)
    return rules


class Prometheus:
    """`with Prometheus(folder, "127.0.0.1:9464", factor=8) as prometheus:`; scrapes and looks at the rules every `every`
    seconds. `folder`: a short path."""

    def __init__(self, folder, target, factor=1, every=1, job="tributary"):
        self.folder, self.port = pathlib.Path(folder), free_port()
        self.folder.mkdir(parents=True, exist_ok=True)
        rules = shortened(yaml.safe_load(RULES.read_text()), factor)
        (self.folder / "rules.yaml").write_text(yaml.safe_dump(rules, width=1000))
        (self.folder / "prometheus.yaml").write_text(yaml.safe_dump({
            "global": {"scrape_interval": f"{every}s", "scrape_timeout": f"{every}s", "evaluation_interval": f"{every}s"},
            "rule_files": ["rules.yaml"],
            "scrape_configs": [{"job_name": job, "static_configs": [{"targets": [target]}]}]}))
        self.began = time.time()

    def __enter__(self):
        self.log = open(self.folder / "log", "wb")
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={self.folder}/prometheus.yaml", f"--storage.tsdb.path={self.folder}/data",
             f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=warn"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        wait_until(self._ready, 60, lambda: (self.folder / "log").read_text()[-2000:], interval=0.2)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(20 * PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def _ask(self, path, **query):
        url = f"http://127.0.0.1:{self.port}{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(url, timeout=20 * PATIENCE) as answer:
            return answer.read()

    def _ready(self):
        try:
            return b"Ready" in self._ask("/-/ready")
        except OSError:
            assert self.process.poll() is None, (self.folder / "log").read_text()[-2000:]
            return False

    def query(self, expression):
        """[(labels, value)] now."""
        answer = json.loads(self._ask("/api/v1/query", query=expression))
        assert answer["status"] == "success", answer
        return [(one["metric"], float(one["value"][1])) for one in answer["data"]["result"]]

    def firing(self):
        """The names of alerts that fire now."""
        return {labels["alertname"] for labels, _ in self.query('ALERTS{alertstate="firing"}')}

    def fired(self, begin, end):
        """The names of alerts that fired at any time between two moments of `time.time()`."""
        answer = json.loads(self._ask("/api/v1/query_range", query='ALERTS{alertstate="firing"}', start=begin, end=end, step="1s"))
        assert answer["status"] == "success", answer
        return {one["metric"]["alertname"] for one in answer["data"]["result"] if one["values"]}
