"""The .deb that `make package` makes: what is in it, who owns it, what it needs, what its scripts do."""

import fcntl
import gzip
import json
import os
import pathlib
import re
import subprocess

import pytest

from layering.documents_test import FOR_USERS, broken
from peers.place import PROGRAM, ROOT
from peers.program import run_once

SYSTEM = {"/etc/tributary/tributary.yaml", "/usr/bin/tributary", "/usr/lib/systemd/system/tributary.service",
          "/usr/lib/sysusers.d/tributary.conf", "/usr/lib/tmpfiles.d/tributary.conf",
          "/usr/share/man/man1/tributary.1.gz", "/usr/share/man/man5/tributary.yaml.5.gz",
          "/usr/share/bash-completion/completions/tributary", "/usr/share/zsh/vendor-completions/_tributary",
          "/usr/share/fish/vendor_completions.d/tributary.fish"}
DOCUMENTS = {"reference.yaml", "sbom.spdx.json", "copyright", "changelog.gz", "README.md", "docs/CONSUMING.md"}


def built(temporary):
    """The .deb of the build that the program under test is of; TRIBUTARY_PACKAGE names one that is there already. Workers
    of one run share it: the first makes it."""
    if given := os.environ.get("TRIBUTARY_PACKAGE"):
        return pathlib.Path(given).resolve()
    base = temporary.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "package"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not list(folder.glob("*.deb")):
            build = PROGRAM.parent
            for command in (["cmake", "--build", build, "--target", "package_files"], ["cpack", "-B", folder]):
                done = subprocess.run([str(word) for word in command], cwd=build, capture_output=True, text=True)
                assert done.returncode == 0, done.stdout + done.stderr
        found = list(folder.glob("*.deb"))
    assert len(found) == 1, found
    return found[0]


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    return built(tmp_path_factory)


@pytest.fixture(scope="module")
def files(package):
    """{path: (mode, owner)}"""
    listed = subprocess.run(["dpkg-deb", "--contents", package], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 5) for line in listed.strip().split("\n")]
    return {row[5].removeprefix("."): (row[0], row[1]) for row in rows}


@pytest.fixture(scope="module")
def unpacked(package, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unpacked")
    subprocess.run(["dpkg-deb", "--raw-extract", package, folder], check=True)
    return folder


def field(package, name):
    return subprocess.run(["dpkg-deb", "--field", package, name], capture_output=True, text=True, check=True).stdout.strip()


def test_it_holds_what_a_service_needs_and_nothing_else(files):
    regular = {path for path, (mode, _) in files.items() if mode.startswith("-")}
    documents = {path for path in regular if path.startswith("/usr/share/doc/tributary/")}
    assert regular - documents == SYSTEM
    assert {f"/usr/share/doc/tributary/{name}" for name in DOCUMENTS} <= documents


@pytest.mark.parametrize("document", FOR_USERS)
def test_every_link_of_the_documents_leads_somewhere(unpacked, document):
    assert broken(unpacked / "usr/share/doc/tributary", document) == []


def test_everything_is_roots_and_writable_by_nobody_else(files):
    for path, (mode, owner) in files.items():
        assert owner == "root/root", path
        assert mode in ("drwxr-xr-x", "-rw-r--r--") or (path, mode) == ("/usr/bin/tributary", "-rwxr-xr-x"), (path, mode)


def test_its_name_version_and_needs(package):
    version = run_once("--version").stdout.split("\n")[0].split()[1]
    architecture = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True).stdout.strip()
    assert package.name == f"tributary_{version}_{architecture}.deb"
    assert (field(package, "Package"), field(package, "Version"), field(package, "Section")) == ("tributary", version, "net")
    needs = field(package, "Depends")
    for library in ("librdkafka1", "libssl3", "libsqlite3-0", "libsystemd0", "libyaml-cpp", "libre2", "ca-certificates", "procps"):
        assert re.search(rf"(^|, ){library}", needs), needs
    assert 50 < len(field(package, "Description")) and "\n ." not in field(package, "Description").split("\n")[0]


def test_the_configuration_is_a_conffile_that_check_accepts(unpacked):
    assert (unpacked / "DEBIAN/conffiles").read_text() == "/etc/tributary/tributary.yaml\n"
    done = run_once("check", "-c", unpacked / "etc/tributary/tributary.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 connectors" in done.stdout


def test_its_scripts_are_sound_and_start_nothing(unpacked):
    for name in ("postinst", "prerm", "postrm"):
        script = unpacked / "DEBIAN" / name
        assert script.stat().st_mode & 0o7777 == 0o755
        assert subprocess.run(["sh", "-n", script]).returncode == 0
        text = script.read_text()
        assert text.startswith("#!/bin/sh\nset -e\n")
        assert not re.search(r"systemctl[^\n]*\b(start|restart|enable)\b", re.sub(r"#.*", "", text)), name


def test_what_is_made_from_the_program_is_that_of_this_program(unpacked):
    share = unpacked / "usr/share"
    for file, command in (("man/man1/tributary.1.gz", ("man", "tributary")), ("man/man5/tributary.yaml.5.gz", ("man", "tributary.yaml"))):
        assert gzip.decompress((share / file).read_bytes()).decode() == run_once(*command).stdout
    for file, command in (("doc/tributary/reference.yaml", ("schema", "reference")),
                          ("bash-completion/completions/tributary", ("completion", "bash")),
                          ("zsh/vendor-completions/_tributary", ("completion", "zsh")),
                          ("fish/vendor_completions.d/tributary.fish", ("completion", "fish"))):
        assert (share / file).read_text() == run_once(*command).stdout


def test_the_list_of_what_it_is_made_of_names_every_linked_library(unpacked):
    bill = json.loads((unpacked / "usr/share/doc/tributary/sbom.spdx.json").read_text())
    assert bill["spdxVersion"] == "SPDX-2.3" and bill["dataLicense"] == "CC0-1.0"
    packages = {package["SPDXID"]: package for package in bill["packages"]}
    assert len(packages) == len(bill["packages"]), "each id once"
    related = {relation["relatedSpdxElement"]: relation["relationshipType"] for relation in bill["relationships"]}
    assert set(related) == set(packages), "each is related, and nothing else is"
    linked = [packages[name] for name, kind in related.items() if kind == "DYNAMIC_LINK"]
    headers = subprocess.run(["objdump", "-p", unpacked / "usr/bin/tributary"], capture_output=True, text=True, check=True).stdout
    for library in re.findall(r"NEEDED\s+(\S+)", headers):
        if library.startswith(("libc.so", "libm.so", "ld-linux")):
            library = "libc6"
        else:
            owner = subprocess.run(["dpkg", "--search", f"*/{library}"], capture_output=True, text=True).stdout.split(":")[0]
            assert owner, library
            library = owner
        assert any(package["name"] == library for package in linked), library
    for package in packages.values():
        assert package["versionInfo"] != "NOASSERTION", package
    for name in ("boost", "websocketpp", "nlohmann/json", "cli11"):
        assert any(package["name"] == name for package in packages.values()), name


def test_the_unit_in_it_is_the_projects(unpacked):
    assert (unpacked / "usr/lib/systemd/system/tributary.service").read_text() == \
        (ROOT / "deploy/systemd/tributary.service").read_text()
