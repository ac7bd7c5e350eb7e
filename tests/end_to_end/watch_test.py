"""`run --watch`: the configuration is read again when its files change, as a ConfigMap does below a running pod."""

import os
import pathlib
import signal

import pytest
import yaml

from peers.place import wait_until
from peers.program import Tributary, run_once
from peers.ws_server import Simulated

pytestmark = pytest.mark.quick


class ConfigMap:
    """A mounted ConfigMap: the kubelet writes each version into a new folder, and swaps the link `..data` to it."""

    def __init__(self, mount):
        self.mount = pathlib.Path(mount)
        self.mount.mkdir()
        self.versions = 0

    def put(self, **files):
        self.versions += 1
        version = self.mount / f"..2026_11_28_21_00_00.{self.versions}"
        version.mkdir()
        for name, content in files.items():
            text = content if isinstance(content, str) else yaml.safe_dump({"version": 1, **content})
            (version / f"{name}.yaml").write_text(text)
        before = self.mount / "..data"
        old = before.resolve() if before.is_symlink() else None
        (self.mount / "..data_tmp").symlink_to(version.name)
        os.rename(self.mount / "..data_tmp", before)
        for name in files:
            link = self.mount / f"{name}.yaml"
            if not link.is_symlink():
                link.symlink_to(f"..data/{name}.yaml")
        for link in self.mount.glob("*.yaml"):
            if not link.exists():
                link.unlink()
        if old:
            for file in old.iterdir():
                file.unlink()
            old.rmdir()


def configuration(port, streamers, **more):
    return {"log": {"level": "debug", "format": "json"}, "sinks": {"out": {"type": "stdout"}}, "routes": [{"to": ["out"]}],
            "connectors": {"d": {"type": "dlive", "url": f"ws://127.0.0.1:{port}/", "streamers": streamers}}, **more}


def heard_of(relay):
    return {entry["relay"]["upstreamChannel"] for entry in relay.entries()
            if entry.get("provider") == "dlive" and "upstreamChannel" in entry.get("relay", {})}


@pytest.fixture
def mounted(work):
    return ConfigMap(work / "mounted")


@pytest.fixture
def upstream():
    with Simulated("dlive", options=("--rate", "100"), streamers="ada,bob") as simulated:
        yield simulated


def watching(mounted):
    return Tributary(mounted.mount.parent, arguments=["--watch", "-c", mounted.mount / "tributary.yaml"])


def test_a_configmap_is_read_again_when_the_kubelet_swaps_its_link(mounted, upstream):
    mounted.put(tributary=configuration(upstream.port, ["ada"]))
    with watching(mounted) as relay:
        wait_until(lambda: heard_of(relay) == {"ada"}, 20, lambda: f"events of the first: {relay.output[-2000:]}")
        for streamers in (["ada", "bob"], ["bob"]):
            mounted.put(tributary=configuration(upstream.port, streamers))
            count = mounted.versions - 1
            relay.wait_log('"reloaded"', "keeps its connection, changed: connectors.d.streamers", count=count)
        assert len(relay.wait_log('"connector_up"')) == 1, "one connection all along"
        wait_until(lambda: heard_of(relay) == {"ada", "bob"}, 20, "events of both")
        assert "nothing has changed" not in relay.output, "it is read when it changes, and not told otherwise"
        relay.stop()


def test_a_bad_configmap_changes_nothing_and_is_told_once(mounted, upstream):
    mounted.put(tributary=configuration(upstream.port, ["ada"]))
    with watching(mounted) as relay:
        relay.wait_log('"connector_up"')
        mounted.put(tributary=configuration(upstream.port, ["ada"], stop_timeout="soon"))
        relay.wait_log('"reload_refused"', "stop_timeout", "the running configuration goes on")
        before = len(relay.stdout.splitlines())
        mounted.put(tributary="version: 1\nsinks: {")
        relay.wait_log('"reload_refused"', count=2)
        mounted.put(tributary=configuration(upstream.port, ["ada"], stop_timeout="9s"))
        relay.wait_log('"reloaded"', "changed: stop_timeout")
        assert len(relay.wait_log('"reload_refused"')) == 2, "each bad file once"
        assert len(relay.stdout.splitlines()) > before, "events went on"
        assert '"connector_down"' not in relay.output
        relay.stop()


def test_what_is_written_again_as_it_was_is_no_change(mounted, upstream):
    first = configuration(upstream.port, ["ada"])
    mounted.put(tributary=first)
    with watching(mounted) as relay:
        relay.wait_log('"connector_up"')
        mounted.put(tributary=first)
        mounted.put(tributary=first)
        relay.signal(signal.SIGHUP)  # asked, it answers
        relay.wait_log('"reloaded"', "nothing has changed")
        mounted.put(tributary={**first, "stop_timeout": "9s"})
        relay.wait_log('"reloaded"', "changed: stop_timeout")
        assert len(relay.wait_log('"reloaded"')) == 2
        relay.stop()


def test_included_files_are_watched_and_new_ones_are_found(mounted, upstream):
    whole = configuration(upstream.port, ["ada"])
    connectors = {"connectors": whole.pop("connectors")}
    mounted.put(tributary={**whole, "include": ["[a-c]*.yaml"]}, arcade=connectors)
    with watching(mounted) as relay:
        relay.wait_log('"connector_up"')
        connectors["connectors"]["d"]["streamers"] = ["ada", "bob"]
        mounted.put(tributary={**whole, "include": ["[a-c]*.yaml"]}, arcade=connectors)
        relay.wait_log('"reloaded"', "changed: connectors.d.streamers")
        more = {"connectors": {"e": {**connectors["connectors"]["d"], "streamers": ["bob"]}}}
        mounted.put(tributary={**whole, "include": ["[a-c]*.yaml"]}, arcade=connectors, booth=more)
        relay.wait_log('"reloaded"', "started")
        mounted.put(tributary={**whole, "include": ["[a-c]*.yaml"]}, arcade=connectors)
        relay.wait_log('"reloaded"', "stopped")
        relay.stop()


def test_without_it_nothing_is_looked_at(mounted, upstream):
    mounted.put(tributary=configuration(upstream.port, ["ada"]))
    with Tributary(mounted.mount.parent, arguments=["-c", mounted.mount / "tributary.yaml"]) as relay:
        relay.wait_log('"connector_up"')
        mounted.put(tributary=configuration(upstream.port, ["bob"]))
        relay.wait_log('"status"')  # ten seconds after the start
        assert '"reloaded"' not in relay.output
        relay.stop()


def test_what_can_be_read_only_once_cannot_be_watched(work):
    os.mkfifo(work / "pipe")
    done = run_once("run", "--watch", "-c", "pipe", folder=work)
    assert done.returncode == 2 and "--watch: pipe is not a file that can be read again; leave --watch out" in done.stderr
    done = run_once("run", "--watch", "-c", "gone.yaml", folder=work)
    assert done.returncode == 2 and "gone.yaml: cannot be read" in done.stderr
