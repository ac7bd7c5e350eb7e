"""Reloads at the limits of the machine. Not against the sanitizer builds: their memory says nothing of ours, and
UndefinedBehaviorSanitizer ends the program in Boost's own words for a system error."""

import contextlib
import pathlib
import resource

from end_to_end.reload_test import Show, configuration, reload
from peers.place import wait_until
from peers.program import Tributary
from peers.ws_server import Simulated


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


def test_a_thread_that_cannot_be_made_refuses_the_file(work):
    with Simulated("dlive", streamers="ada") as upstream, \
            Tributary(work, configuration(upstream.port, ["ada"]),
                      limits=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))) as relay:
        relay.wait_log('"connector_up"')
        reload(relay, configuration(upstream.port, ["ada"], io_threads=40), '"reload_refused"', "io_threads")
        relay.stop()
