"""Reloads at the limits of the machine. Not against the sanitizer builds: their memory says nothing of ours, and
UndefinedBehaviorSanitizer ends the program in Boost's own words for a system error."""

import contextlib
import fcntl
import os
import pathlib
import resource

from end_to_end.reload_test import Show, configuration, reload
from peers.place import free_port, wait_until
from peers.program import Tributary, run_once, write_config
from peers.ws_server import Simulated

LIMIT = 80  #: descriptors


def test_two_hundred_reloads_leak_nothing(work):
    with contextlib.ExitStack() as stack:
        upstreams = [stack.enter_context(Simulated("dlive", options=("--rate", "30"), streamers=name))
                     for name in ("ada", "bob", "cyd")]
        show = Show([upstream.port for upstream in upstreams])
        relay = stack.enter_context(Tributary(work, show.round(0)))
        relay.wait_log('"connector_up"', count=2)
        sizes = []
        for number in range(1, 201):
            reload(relay, show.round(number % 4), '"reloaded"', '"b"', "connectors.b.ping_interval", count=number)
            sizes.append(relay.status("VmRSS"))
        def settled():
            sizes.append(relay.status("VmRSS"))
            return sizes[-1] - sizes[19] <= 1 << 20
        wait_until(settled, 20, lambda: f"at most 1 MiB more than after 20 reloads: {sizes[19]} -> {sizes[-1]}")
        threads, files = relay.status("Threads"), len(list(pathlib.Path(f"/proc/{relay.process.pid}/fd").iterdir()))
        assert threads < 20 and files < 60, (threads, files)
        relay.stop()


def test_a_thread_that_cannot_be_made_refuses_the_file_and_leaves_nothing_behind(work):
    """Some can, before the limit is reached: neither they are left, nor the sink and the disk that came before them."""
    def standing():
        process = pathlib.Path(f"/proc/{relay.process.pid}")
        files = [os.readlink(file) for file in (process / "fd").iterdir()]
        return relay.status("Threads"), len(files), [file for file in files if "spool" in file]

    def locked():
        with open(work / "spool" / "lock", encoding="ascii") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    with Simulated("dlive", streamers="ada") as upstream, \
            Tributary(work, configuration(upstream.port, ["ada"]),
                      limits=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (LIMIT, LIMIT))) as relay:
        relay.wait_log('"connector_up"')
        before = standing()
        sinks = {"out": {"type": "stdout"}, "events": {"type": "kafka", "brokers": [f"127.0.0.1:{free_port()}"]}}
        relay.admin()
        for _ in range(3):
            write_config(work, configuration(upstream.port, ["ada"], sinks=sinks, io_threads=64))
            done = run_once("reload", "-c", work / "tributary.yaml", env=relay.environment())
            assert done.returncode == 2 and "io_threads: no further thread" in done.stdout, done
            wait_until(lambda: standing() == before, 20, lambda: f"what was before: {before}, now {standing()}")
            assert not locked()
        reload(relay, configuration(upstream.port, ["ada"], sinks=sinks, io_threads=2), '"reloaded"', "io_threads")
        assert standing()[0] > before[0] and locked()
        assert len(relay.wait_log('"connector_up"')) == 1, "one connection all along"
        relay.stop()
