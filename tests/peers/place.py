"""Where things are: the program under test, the test tools, free ports, certificates, patience."""

import contextlib
import os
import pathlib
import random
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOLS = ROOT / "build" / "test-tools"

#: The program under test: TRIBUTARY names another build of it (ASan, TSan).
PROGRAM = pathlib.Path(os.environ.get("TRIBUTARY", ROOT / "build" / "release" / "tributary")).resolve()

#: Every deadline in the suites is multiplied by this; the sanitizer builds are given more time.
PATIENCE = float(os.environ.get("TRIBUTARY_PATIENCE", "1"))


def free_port():
    """A port nobody listens on right now. Whoever takes it must be ready to try another. Below the range from which
    the kernel takes the ports of outgoing connections: a client that dials a closed port of that range again and again
    one day gets the very port it dials, and is connected to itself."""
    return free_ports(1)[0]


def free_ports(count):
    with contextlib.ExitStack() as held:
        ports = []
        while len(ports) < count:
            probe = held.enter_context(socket.socket())
            try:
                probe.bind(("127.0.0.1", random.randrange(15000, 32000)))
                ports.append(probe.getsockname()[1])
            except OSError:
                pass  # taken
        return ports


def wait_until(condition, seconds, what, interval=0.02):
    """Waits for a true value of `condition` and returns it; AssertionError naming `what` after the deadline."""
    deadline = time.monotonic() + seconds * PATIENCE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds * PATIENCE:.0f} s in vain for {what() if callable(what) else what}")
        time.sleep(interval)


class Certificates:
    """A certificate authority made for one test run: `server` is good for localhost and 127.0.0.1. What is in the folder
    already is taken as it is."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ca, self._ca_key = self._authority("ca")
        self.other_ca, _ = self._authority("other-ca")
        self.server, self.server_key = self.issue("server", "DNS:localhost,IP:127.0.0.1")
        self.wrong_host, self.wrong_host_key = self.issue("wrong-host", "DNS:elsewhere.invalid")
        self.client, self.client_key = self.issue("client", "DNS:client")
        self.expired, self.expired_key = self.issue("expired", "DNS:localhost,IP:127.0.0.1", expired=True)
        #: Key and chain in one file, as Kafka wants it.
        self.server_pem = self.folder / "server-all.pem"
        if not self.server_pem.is_file():
            self.server_pem.write_text(self.server_key.read_text() + self.server.read_text() + self.ca.read_text())

    def _openssl(self, *arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, cwd=self.folder)

    def _authority(self, name):
        certificate, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        if certificate.is_file():
            return certificate, key
        self._openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", 3,
                      "-subj", f"/CN=tributary test {name}", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        return certificate, key

    def issue(self, name, names, expired=False):
        """A certificate of this authority for the subjectAltName `names`: (certificate, key)."""
        certificate, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        if certificate.is_file():
            return certificate, key
        request, extensions = self.folder / f"{name}.csr", self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={names}\nbasicConstraints=CA:FALSE\n")
        self._openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", request, "-subj", f"/CN={name}")
        if not expired:
            self._openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", self._ca_key, "-CAcreateserial",
                          "-days", 3, "-extfile", extensions, "-out", certificate)
            return certificate, key
        database = self.folder / f"{name}-database"
        database.mkdir(exist_ok=True)
        (database / "index.txt").write_text("")
        (database / "serial").write_text("01\n")
        (database / "ca.cnf").write_text(
            f"[ca]\ndefault_ca=d\n[d]\ndatabase={database}/index.txt\nserial={database}/serial\n"
            f"new_certs_dir={database}\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n")
        self._openssl("ca", "-batch", "-config", database / "ca.cnf", "-cert", self.ca, "-keyfile", self._ca_key,
                      "-in", request, "-out", certificate, "-extfile", extensions, "-startdate", "20200101000000Z",
                      "-enddate", "20200102000000Z", "-notext")
        return certificate, key
