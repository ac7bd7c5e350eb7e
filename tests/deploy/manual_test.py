"""The manual pages: clean for man's formatter, and as complete as `--help` and the reference."""

import re
import subprocess

import pytest
import yaml

from peers.program import run_once


def page(name):
    done = run_once("man", name)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return done.stdout


def shown(folder, name):
    """As a reader sees it; the formatter may not complain."""
    (folder / name).write_text(page(name))
    done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", name], capture_output=True, text=True, cwd=folder,
                          env={"MANWIDTH": "200", "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin", "MANROFFOPT": "-c"})
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return re.sub(".\b", "", done.stdout)  # a letter struck twice is a bold one


@pytest.mark.parametrize("name", ["tributary", "tributary.yaml"])
def test_man_shows_it_without_a_warning(tmp_path, name):
    text = shown(tmp_path, name)
    assert "NAME" in text and "SEE ALSO" in text and len(text.split("\n")) > 100


def test_every_command_and_option_of_help_is_in_tributary_1(tmp_path):
    text = shown(tmp_path, "tributary")
    listed = re.search(r"^Subcommands:\n((?:  .*\n)+)", run_once("--help").stdout, re.MULTILINE)[1]
    names = re.findall(r"^  ([a-z]\S*)", listed, re.MULTILINE)
    assert len(names) >= 8
    for name in names:
        assert f"tributary {name}" in text, name
        section = re.search(rf"^   {name}\n(.*?)^(?:   |)\S", text, re.MULTILINE | re.DOTALL)[1]
        for option in re.findall(r"(?:^  |,)(--?[a-z]+(?:-[a-z]+)*)", run_once(name, "--help").stdout, re.MULTILINE):
            assert option in section, (name, option)
    for words in ("EXIT STATUS", "SIGNALS", "SIGHUP", "2 bad configuration or usage"):
        assert words in text


def paths(value, before=""):
    """Every key of a configuration, by its path without names of connectors and sinks."""
    for key, inner in value.items():
        path = f"{before}{key}"
        if before == "" and key in ("connectors", "sinks"):
            for one in inner.values():
                yield from (where for where in paths(one, f"{key}.NAME.") if where != f"{key}.NAME.type")
            continue
        yield path
        if isinstance(inner, dict) and not {"file", "env", "command"} & set(inner):
            yield from paths(inner, f"{path}.")
        elif isinstance(inner, list):
            for item in inner:
                if isinstance(item, dict):
                    yield from paths(item, f"{path}[].")


def whole_reference():
    """With the keys that stand there as a comment only, with an example: each comment that can be a key is one."""
    known = set(re.findall(r'"([a-z_]+)": ?\{', run_once("schema", "config").stdout))
    lines = run_once("schema", "reference").stdout.split("\n")
    for i, line in enumerate(lines):
        bare = re.sub(r"^( *)# ([a-z_]+:(?: .*)?)$", r"\1\2", line)
        if bare == line or bare.split(":")[0].strip() not in known:
            continue
        try:
            yaml.safe_load("\n".join([*lines[:i], bare, *lines[i + 1:]]))
        except yaml.YAMLError:
            continue
        lines[i] = bare
    return yaml.safe_load("\n".join(lines))


def test_every_key_of_the_reference_is_in_tributary_yaml_5(tmp_path):
    text = shown(tmp_path, "tributary.yaml")
    keys = sorted(set(paths(whole_reference())))
    assert len(keys) > 120
    told = set(re.findall(r"^\s+([a-z_]+(?:\[\])?(?:\.[A-Za-z_]+(?:\[\])?)*)(?::|  |$)", text, re.MULTILINE))
    assert [key for key in keys if key not in told] == []
