"""`tributary init`: a configuration that `check` accepts but for the secrets that it names."""

import re

import pytest
import yaml

from peers.program import run_once

pytestmark = pytest.mark.quick

TYPES = ("streamelements", "dlive", "oha", "stagecast", "users")
WITH_SECRETS = {"streamelements": "secrets/se.jwt", "oha": "secrets/oha-stream"}


def checked(work, *types):
    printed = run_once("init", *types)
    assert printed.returncode == 0 and printed.stderr == "", printed
    (work / "tributary.yaml").write_text(printed.stdout)
    return printed.stdout, run_once("check", folder=work)


@pytest.mark.parametrize("types", [*[(one,) for one in TYPES], (), ("oha", "users")], ids="-".join)
def test_check_wants_its_secrets_and_nothing_else(work, types):
    wanted = {file for name, file in WITH_SECRETS.items() if name in (types or TYPES)}
    text, check = checked(work, *types)
    said = [line for line in check.stdout.splitlines() if not line.startswith("ok ")]
    assert all(line.startswith("fault ") and "cannot be read" in line for line in said), check.stdout
    assert {file for file in WITH_SECRETS.values() if any(file in line for line in said)} == wanted
    assert len(said) == len(wanted) and check.returncode == (2 if wanted else 0), check.stdout
    assert all(f"{{file: {file}}}" in text for file in wanted)
    settings = yaml.safe_load(text)
    assert sorted(one["type"] for one in settings["connectors"].values()) == sorted(types or TYPES)
    assert settings["routes"] == [{"to": ["events"]}] and settings["spool"], settings
    (work / "secrets").mkdir(mode=0o700)
    for file in wanted:
        (work / file).write_text("a-secret-of-nobody\n")
        (work / file).chmod(0o600)
    check = run_once("check", folder=work)
    assert check.returncode == 0 and re.fullmatch(r"ok .*: \d connectors?, 1 sink, 1 route\n", check.stdout), check


def test_it_says_where_each_secret_is_found(work):
    text, _ = checked(work)
    comments = "\n".join(line for line in text.splitlines() if "#" in line)
    for words in ("streamelements.com/dashboard/account/channels", "/streams/KEY/", "No secret is needed to listen",
                  "approvedSocketDomains"):
        assert words in comments, words
    assert max(map(len, text.splitlines())) <= 120


def test_an_upstream_that_there_is_not_is_named(work):
    said = run_once("init", "streamelement", folder=work)
    assert said.returncode == 2 and said.stdout == "" and "streamelement" in said.stderr, said
