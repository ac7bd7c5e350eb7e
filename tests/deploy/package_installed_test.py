"""The .deb in a Debian 12 of its own, made by debootstrap: installed by apt, its unit judged by that system's systemd, and the
relay run from it as the unit runs it, against a real Kafka and simulated upstreams outside. Needs root and a mirror."""

import json
import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import time

import pytest
import yaml

from deploy.package_test import built
from peers.place import PATIENCE, wait_until
from peers.program import Account
from peers.service_manager import ServiceManager
from peers.ws_server import Simulated

pytestmark = [pytest.mark.long, pytest.mark.debian]

CONFIGURATION = "/etc/tributary/tributary.yaml"


class Debian:
    """A root directory with Debian 12 in it. Its mounts are each command's own, so that none is left."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        began = time.monotonic()
        done = subprocess.run(["debootstrap", "--variant=minbase", "bookworm", str(root)], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr
        self.seconds = time.monotonic() - began
        shutil.copy("/etc/resolv.conf", self.root / "etc/resolv.conf")

    def command(self, *words, user=None):
        enter = f"mount -t proc proc {self.root}/proc && mount --bind /dev {self.root}/dev && exec chroot {self.root} "
        as_user = f"setpriv --reuid {user} --regid {user} --init-groups --no-new-privs --inh-caps=-all " if user else ""
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c", enter + as_user + shlex.join(words)]

    def run(self, *words, user=None, code=0):
        done = subprocess.run(self.command(*words, user=user), capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"})
        assert done.returncode == code, f"{words}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
        return done.stdout + done.stderr

    def path(self, inside):
        return self.root / inside.lstrip("/")


@pytest.fixture(scope="module")
def debian(tmp_path_factory):
    assert os.geteuid() == 0, "debootstrap and chroot need root"
    system = Debian(tmp_path_factory.mktemp("debian") / "root")
    package = built(tmp_path_factory)
    shutil.copy(package, system.path("/tmp/tributary.deb"))
    system.run("apt-get", "--quiet", "--yes", "update")
    began = time.monotonic()
    system.run("apt-get", "--quiet", "--yes", "install", "--no-install-recommends", "/tmp/tributary.deb")
    print(f"debootstrap {system.seconds:.0f} s, apt-get install {time.monotonic() - began:.0f} s, "
          f"package {package.stat().st_size / 2 ** 20:.1f} MiB")
    # What systemd does before it starts the unit.
    system.run("install", "-d", "-o", "tributary", "-g", "tributary", "-m", "0700", "/var/lib/tributary")
    return system


class Service:
    """The unit's ExecStart, by its user, with a notify socket: an abstract one, which no chroot hides."""

    def __init__(self, debian, manager, folder):
        unit = debian.path("/usr/lib/systemd/system/tributary.service").read_text()
        command = next(line for line in unit.split("\n") if line.startswith("ExecStart=")).removeprefix("ExecStart=")
        self.log = folder / f"service-{time.monotonic_ns()}"
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(debian.command(*command.split(), user="tributary"), stdout=out, stderr=out,
                                            stdin=subprocess.DEVNULL, env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", **manager.env(watchdog=6)})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    @property
    def output(self):
        return self.log.read_text(errors="replace")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(40 * PATIENCE) == 0, self.output[-3000:]
        return Account.of(self.output).check()


def test_what_apt_installed(debian):
    assert debian.run("tributary", "--version").startswith("tributary ")
    assert debian.run("systemd-analyze", "verify", "--man=no", "tributary.service") == ""
    judged = debian.run("systemd-analyze", "--no-pager", "security", "--offline=true", "--threshold=15",
                        "/usr/lib/systemd/system/tributary.service")
    print(judged.strip().split("\n")[-1])
    assert debian.run("stat", "-c", "%U:%G %a", "/etc/tributary/secrets").strip() == "root:tributary 750"
    assert "tributary" in debian.run("getent", "passwd", "tributary")
    assert "disabled" in debian.run("systemctl", "is-enabled", "tributary.service", code=1)


def test_it_starts_cleanly_with_the_empty_configuration(debian, tmp_path):
    assert "0 connectors" in debian.run("tributary", "check", user="tributary")
    with ServiceManager(tmp_path, abstract=True) as manager, Service(debian, manager, tmp_path) as service:
        manager.wait("READY", seconds=30)
        service.stop()
        assert [["READY"], ["EXTEND_TIMEOUT_USEC", "STOPPING"]] == manager.order()


def test_it_relays_reloads_and_stops(debian, kafka, topics, tmp_path):
    topics.create(kafka)
    secret = debian.path("/etc/tributary/secrets/dlive-token")
    secret.write_text("good\n")
    debian.run("systemd-tmpfiles", "--create", "tributary.conf")
    assert debian.run("stat", "-c", "%U:%G %a", "/etc/tributary/secrets/dlive-token").strip() == "root:tributary 640"

    def configure(**connectors):
        debian.path(CONFIGURATION).write_text(yaml.safe_dump(
            {"version": 1, "connectors": connectors, "routes": [{"to": ["events"]}],
             "sinks": {"events": {"type": "kafka", "brokers": [kafka.bootstrap()], "topics": dict(topics)}}}))

    with Simulated("dlive", options=("--rate", "50", "--events", "500"), streamers="ada") as one, \
            Simulated("dlive", options=("--rate", "50", "--events", "500"), streamers="bob") as two, \
            ServiceManager(tmp_path, abstract=True) as manager:
        def upstream(server, streamer):
            return {"type": "dlive", "url": f"ws://127.0.0.1:{server.port}/", "api_url": "", "streamers": [streamer],
                    "auth": {"token": {"file": "secrets/dlive-token"}}}
        configure(arcade=upstream(one, "ada"))
        debian.run("tributary", "check", "-c", CONFIGURATION, user="tributary")
        with Service(debian, manager, tmp_path) as service:
            manager.wait("READY", seconds=30)

            def says(line):
                wait_until(lambda: line in [words for _, words in manager.told("STATUS")][-1:], 30, lambda: f"{line}: {manager.told('STATUS')}")
            says("1 of 1 connector is live")
            configure(arcade=upstream(one, "ada"), stage=upstream(two, "bob"))
            service.process.send_signal(signal.SIGHUP)
            manager.wait("READY", count=2, seconds=30)
            says("2 of 2 connectors are live")
            records = wait_until(lambda: len(found := kafka.read_topic(topics["events"])) >= 1000 and found, 60, "a thousand events")
            account = service.stop()
            assert manager.order() == [["READY"], ["MONOTONIC_USEC", "RELOADING"], ["READY"], ["EXTEND_TIMEOUT_USEC", "STOPPING"]]
            assert manager.told("WATCHDOG")
            assert account["delivered"] == account["offered"] == len(records) == 1000
            assert {json.loads(record.value)["relay"]["connector"] for record in records} == {"arcade", "stage"}
            print(f"{len(records)} events delivered, {len(manager.told('WATCHDOG'))} pings, told: {manager.order()}")


def test_a_configuration_with_a_fault_ends_it_with_the_code_that_is_not_restarted(debian, tmp_path):
    before = debian.path(CONFIGURATION).read_text()
    debian.path(CONFIGURATION).write_text("version: 1\nconectors: {}\n")
    with ServiceManager(tmp_path, abstract=True) as manager, Service(debian, manager, tmp_path) as service:
        assert service.process.wait(20 * PATIENCE) == 2
        assert "did you mean `connectors`?" in service.output and manager.messages == []
    debian.path(CONFIGURATION).write_text(before)


def test_purged_it_takes_its_state_along_and_leaves_the_secrets(debian):
    debian.run("dpkg", "--install", "/tmp/tributary.deb")
    assert "arcade" in debian.path(CONFIGURATION).read_text(), "an upgrade keeps what the operator wrote"
    debian.run("dpkg", "--purge", "tributary")
    assert not debian.path(CONFIGURATION).exists() and not debian.path("/var/lib/tributary").exists()
    assert debian.path("/etc/tributary/secrets/dlive-token").is_file()
