"""The service file: systemd's own judgement of it, and what it promises that no judge looks at."""

import configparser
import re
import subprocess

import pytest

from peers.place import PROGRAM, ROOT
from peers.program import Tributary, run_once, write_config

UNIT = ROOT / "deploy" / "systemd" / "tributary.service"


class Repeated(dict):
    """Directives that stand there more than once keep all their values."""

    def __setitem__(self, key, value):
        if isinstance(value, list) and key in self:
            self[key].extend(value)
        else:
            super().__setitem__(key, value)


@pytest.fixture(scope="module")
def unit():
    parser = configparser.RawConfigParser(dict_type=Repeated, strict=False, comment_prefixes="#")
    parser.optionxform = str
    parser.read_string(UNIT.read_text())
    return {section: {key: value.split("\n") for key, value in parser[section].items()} for section in parser.sections()}


def analyze(*arguments):
    return subprocess.run(["systemd-analyze", "--no-pager", *map(str, arguments)], capture_output=True, text=True)


def test_systemd_says_nothing_of_it_so_it_ignores_no_directive(tmp_path):
    """The program that it names is the one under test; nothing is installed here."""
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text().replace("/usr/bin/tributary", str(PROGRAM)))
    done = analyze("verify", "--man=no", copy)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    copy.write_text(copy.read_text().replace("[Service]", "[Service]\nProtectEverything=yes"))
    assert "ProtectEverything" in analyze("verify", "--man=no", copy).stderr, "the judge is awake"


def test_its_exposure_is_at_most_one_and_a_half():
    done = analyze("security", "--offline=true", UNIT)
    found = re.search(r"exposure level for tributary\.service: ([0-9.]+)", done.stdout)
    assert found, done.stdout + done.stderr
    assert float(found[1]) <= 1.5, done.stdout


def test_it_is_told_started_reloaded_and_stopped_as_the_program_wants_it(unit):
    service = unit["Service"]
    assert service["Type"] == ["notify"]
    assert service["ExecReload"] == ["/bin/kill -HUP $MAINPID"]
    assert service["ExecStartPre"] == ["-/usr/bin/tributary check -c /etc/tributary/tributary.yaml"]
    assert service["Restart"] == ["on-failure"] and service["RestartPreventExitStatus"] == ["2"]
    assert unit["Unit"]["StartLimitIntervalSec"] == ["0"]
    assert service["LimitCORE"] == ["0"], "a dump would hold secrets"


def test_it_has_more_time_to_stop_than_the_sinks_have_to_drain(unit):
    reference = run_once("schema", "reference").stdout
    stop = int(re.search(r"^stop_timeout: (\d+)s", reference, re.MULTILINE)[1])
    assert int(unit["Service"]["TimeoutStopSec"][0].removesuffix("s")) >= stop + 10
    assert int(unit["Service"]["WatchdogSec"][0].removesuffix("s")) >= 10, "a sink's thread goes round once a second"


def test_it_is_a_user_of_its_own_with_directories_of_its_own(unit):
    service = unit["Service"]
    assert service["User"] == service["Group"] == ["tributary"] and "DynamicUser" not in service
    assert service["StateDirectory"] == ["tributary"] and service["StateDirectoryMode"] == ["0700"]
    reference = run_once("schema", "reference").stdout
    assert re.search(r"^  directory: /var/lib/tributary\b", reference, re.MULTILINE), "where spools lie by default"
    users = (UNIT.parent / "tributary.sysusers").read_text()
    assert re.search(r"^u tributary - ", users, re.MULTILINE)
    secrets = (UNIT.parent / "tributary.tmpfiles").read_text()
    assert re.search(r"^d /etc/tributary/secrets 0750 root tributary -$", secrets, re.MULTILINE)
    assert re.search(r"^z /etc/tributary/secrets/\* 0640 root tributary -$", secrets, re.MULTILINE)


def test_sysusers_and_tmpfiles_do_what_they_say(tmp_path):
    (tmp_path / "etc/tributary/secrets").mkdir(parents=True)
    (tmp_path / "etc/tributary/secrets/se.jwt").write_text("x")
    for tool, name in (("systemd-sysusers", "tributary.sysusers"), ("systemd-tmpfiles", "tributary.tmpfiles")):
        create = ["--create"] if tool == "systemd-tmpfiles" else []
        done = subprocess.run([tool, *create, f"--root={tmp_path}", UNIT.parent / name], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    name, _, number, group, *_ = (tmp_path / "etc/passwd").read_text().strip().split("\n")[-1].split(":")
    assert name == "tributary"
    folder, secret = tmp_path / "etc/tributary/secrets", tmp_path / "etc/tributary/secrets/se.jwt"
    assert folder.stat().st_mode & 0o7777 == 0o750 and secret.stat().st_mode & 0o7777 == 0o640
    assert (secret.stat().st_uid, secret.stat().st_gid) == (0, int(group))


def test_a_credential_of_systemd_is_read_by_its_name(work):
    (work / "credentials").mkdir()
    (work / "credentials" / "se-jwt").write_text("secret-of-systemd\n")
    write_config(work, {"connectors": {"m": {"type": "streamelements",
                                             "auth": {"method": "jwt", "token": {"credential": "se-jwt"}}}},
                        "sinks": {"out": {"type": "stdout"}}, "routes": [{"to": ["out"]}]})
    done = run_once("check", folder=work, env={"CREDENTIALS_DIRECTORY": str(work / "credentials")})
    assert done.returncode == 0, done.stdout + done.stderr
    (work / "credentials" / "se-jwt").unlink()
    done = run_once("check", folder=work, env={"CREDENTIALS_DIRECTORY": str(work / "credentials")})
    assert done.returncode == 2 and "se-jwt" in done.stdout + done.stderr


def test_the_empty_configuration_of_the_package_is_accepted_and_runs(work):
    text = (ROOT / "deploy" / "package" / "tributary.yaml").read_text()
    with Tributary(work, text) as relay:
        relay.wait_log('"program_started"')
        relay.stop()
    done = run_once("check", folder=work)
    assert done.returncode == 0, done.stdout + done.stderr
