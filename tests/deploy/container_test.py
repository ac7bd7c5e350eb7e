"""deploy/container: what the image is made of, that it runs with nothing else, and what `make image` says and does."""

import os
import pathlib
import re
import subprocess

import pytest

from deploy.tools import BIN, run
from peers.place import PROGRAM, ROOT
from peers.program import Account

FOLDER = ROOT / "deploy" / "container"
CONTAINERFILE = (FOLDER / "Containerfile").read_text()
VERSION = re.search(r"^project\(tributary VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text(), re.MULTILINE)[1]


def instructions(stage):
    """(word, rest) of one stage; lines that go on are joined."""
    text = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", CONTAINERFILE, flags=re.MULTILINE))
    stages = re.split(r"^(?=FROM )", text, flags=re.MULTILINE)[1:]
    return [tuple(line.split(" ", 1)) for line in stages[stage].splitlines() if line]


def test_a_linter_finds_nothing_in_the_containerfile():
    run(BIN / "hadolint", "--failure-threshold", "style", FOLDER / "Containerfile")


def test_the_image_is_small_and_runs_without_rights():
    build, image = instructions(0), instructions(-1)
    assert re.fullmatch(r"debian:12\.\d+ AS build", build[0][1]), "a version of Debian 12, named whole"
    words = dict(image)
    assert image[0] == ("FROM", "scratch") and not {"RUN", "ADD", "VOLUME", "SHELL"} & words.keys()
    assert words["USER"] == "10001:10001" and words["EXPOSE"] == "9464"
    assert words["ENTRYPOINT"] == '["/usr/bin/tributary"]' and words["CMD"].startswith('["run"')
    assert [rest for word, rest in image if word == "COPY"] == ["--from=build /image /"]
    assert not re.search(r"token|password|secret=|ARG \w*(KEY|TOKEN)", CONTAINERFILE, re.IGNORECASE)
    assert (ROOT / ".dockerignore").resolve() == ROOT / ".containerignore"
    ignored = (ROOT / ".containerignore").read_text().splitlines()
    assert {".git", "build", "**/secrets", "**/*.pem", "**/*.jwt"} <= set(ignored)


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    folder = tmp_path_factory.mktemp("image") / "root"
    run(FOLDER / "collect", PROGRAM, folder)
    return folder


def inside(image, *command):
    """A command with the image as its root; as the image's user, where we may be another one than we are."""
    enter = ["/usr/sbin/chroot", "--userspec=10001:10001", image] if os.geteuid() == 0 else \
        ["/usr/bin/unshare", "--map-root-user", f"--root={image}"]
    return subprocess.run([str(word) for word in [*enter, "/usr/bin/tributary", *command]], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=120, env={"PATH": "/usr/bin"})


def test_the_program_runs_with_nothing_but_the_image(image):
    said = inside(image, "--version")
    assert said.returncode == 0 and f"tributary {VERSION}" in said.stdout, said.stderr
    demo = inside(image, "demo", "--for", "2s")
    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert Account.of(demo.stdout).check()["delivered"] > 0
    reference = inside(image, "schema", "reference").stdout
    assert (image / "usr" / "share" / "doc" / "tributary" / "config" / "tributary.yaml").read_text() == reference


def test_the_image_holds_no_shell_and_is_small(image):
    files = [path for path in image.rglob("*") if path.is_file() and not path.is_symlink()]
    programs = [path for path in files if os.access(path, os.X_OK) and ".so" not in path.name]
    assert programs == [image / "usr" / "bin" / "tributary"]
    assert not any((image / path).exists() for path in ("bin", "bin/sh", "usr/bin/sh", "usr/bin/apt", "etc/shadow"))
    assert (image / "etc" / "ssl" / "certs" / "ca-certificates.crt").read_text().count("BEGIN CERTIFICATE") > 50
    assert (image / "usr" / "share" / "doc" / "libc6" / "copyright").is_file(), "licences of what is in it"
    assert "10001:10001" in (image / "etc" / "passwd").read_text()
    assert (image / "var" / "lib" / "tributary").stat().st_mode & 0o777 == 0o700
    if os.geteuid() == 0:
        assert (image / "var" / "lib" / "tributary").stat().st_uid == 10001
    libraries = sum(path.stat().st_size for path in files if path.name != "tributary")
    assert libraries < 40 << 20, f"{libraries >> 20} MiB beside the program"


@pytest.mark.parametrize("arguments, words", [
    (("/nowhere/tributary", "new"), "there is no program /nowhere/tributary: make build"),
    ((PROGRAM, "/tmp"), "/tmp is there already"),
])
def test_collect_says_what_is_missing(arguments, words):
    assert words in run(FOLDER / "collect", *arguments, code=1).stderr


def made_image(path, *tools):
    """`make image` where these programs are on the path, and what they were called with."""
    path.mkdir()
    for name in ("bash", "dirname", "sed", "env"):
        (path / name).symlink_to(next(place for place in (pathlib.Path("/usr/bin"), pathlib.Path("/bin")) if (place / name).exists()) / name)
    for tool in tools:
        (path / tool).write_text(f'#!/bin/bash\nprintf "%s|" {tool} "$@"\n')
        (path / tool).chmod(0o755)
    return subprocess.run(["/usr/bin/make", "--silent", "image"], cwd=ROOT, env={"PATH": str(path)}, capture_output=True, text=True)


@pytest.mark.parametrize("tools, taken", [(["docker", "podman", "buildah"], "podman"), (["docker", "buildah"], "buildah"),
                                          (["docker"], "docker")])
def test_make_image_takes_what_is_there(tmp_path, tools, taken):
    done = made_image(tmp_path / "path", *tools)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == (f"{taken}|build|--file|deploy/container/Containerfile|--tag|tributary:{VERSION}|"
                                            f"--build-arg|VERSION={VERSION}|.|")


def test_make_image_says_so_when_nothing_is_there(tmp_path):
    done = made_image(tmp_path / "path")
    assert done.returncode == 2  # make's own, of a command that failed
    assert "none of podman, buildah and docker is here. Install one of them" in done.stderr
    assert "apt-get install podman" in done.stderr and "build deploy/container/Containerfile" in done.stderr
